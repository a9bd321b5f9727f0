"""Flex apps, sources, placements."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, RootModel

from flexapp.api.shapes.base import Listed, Moment, PageQuery, Shape, Whole, Wish
from flexapp.apps.hosting import origin_at
from flexapp.apps.models import Channel, CustomDomain, FlexApp, Layout, ThemeMode
from flexapp.apps.models import Placement as StoredPlacement
from flexapp.apps.models import RefusedOrigin as StoredRefused
from flexapp.apps.models import Source as StoredSource

_CONSENT = "Visitors get a key only after the page said that they agreed: BeatPlayer.consent(true)"
_ORIGINS = "Websites such as https://blog.example or https://*.example.com; none: everywhere"


class AppIn(Wish):
    """A new flex app."""

    name: str = Field(min_length=1, max_length=80, examples=["Late hours"])
    layout: Layout = Field(Layout.LIST, description="The shape of the player")
    theme: ThemeMode = Field(ThemeMode.AUTO, description="Its colors; auto follows the visitor")
    accent: str | None = Field(
        None, max_length=20, description="#rrggbb; null is the product's own", examples=["#1b7f4d"]
    )
    allowed_origins: list[str] = Field(
        [], max_length=50, description=_ORIGINS, examples=[["https://blog.example"]]
    )
    consent_required: bool = Field(False, description=_CONSENT)


class AppPatch(Wish):
    """What to change of an app; what is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=80)
    layout: Layout | None = None
    theme: ThemeMode | None = None
    accent: str | None = Field(None, max_length=20, description="#rrggbb; null is the product's own")
    allowed_origins: list[str] | None = Field(None, max_length=50, description=_ORIGINS)
    consent_required: bool | None = Field(None, description=_CONSENT)
    domain: str | None = Field(
        None,
        max_length=253,
        description="A host name of its own; null or empty takes it back",
        examples=["beats.kaito.example"],
    )


class Domain(Shape):
    """The host name that an app's page shall answer at; it does once the TXT record was seen."""

    host: str
    is_live: bool = Field(description="The app answers there")
    url: str
    record_name: str = Field(description="Where to put the TXT record that proves control")
    record_value: str = Field(description="What the TXT record says")

    @classmethod
    def of(cls, domain: CustomDomain, base_url: str) -> Domain:
        """The shape of a host name."""
        return cls(
            host=domain.host,
            is_live=domain.is_live,
            url=f"{origin_at(domain.host, base_url)}/",
            record_name=domain.record_name,
            record_value=domain.record_value,
        )


class App(Shape):
    """A configured storefront."""

    id: str = Field(examples=["app_01k9zxcv3h8e4t2m6n0p5q7r9s"])
    name: str
    slug: str
    layout: Layout
    theme: ThemeMode
    accent: str | None
    allowed_origins: list[str]
    consent_required: bool = Field(description=_CONSENT)
    revision: int
    url: str
    domain: Domain | None
    created_at: Moment

    @classmethod
    def of(cls, app: FlexApp, base_url: str, domain: CustomDomain | None) -> App:
        """The shape of an app."""
        return cls(
            id=app.id,
            name=app.name,
            slug=app.slug,
            layout=app.layout,
            theme=app.theme,
            accent=app.accent,
            allowed_origins=list(app.allowed_origins),
            consent_required=app.consent_required,
            revision=app.revision,
            url=f"{base_url}/a/{app.slug}",
            domain=Domain.of(domain, base_url) if domain is not None else None,
            created_at=app.created_at,
        )


class AppPage(Listed[App]):
    """The caller's apps."""


class PickIn(Wish):
    """One track: an own one, or one whose producer allows affiliate sales."""

    kind: Literal["pick"]
    track_id: str = Field(description="Of a pick", examples=["trk_01k9zxcv3h8e4t2m6n0p5q7r9s"])


class RuleIn(Wish):
    """The caller's own published tracks that match; without conditions, all of them."""

    kind: Literal["rule"]
    genre: str | None = Field(None, max_length=60, description="Only this genre", examples=["Trap"])
    tag: str | None = Field(None, max_length=60, description="Only with this tag")
    bpm_min: float | None = Field(None, gt=0, le=1000, description="This fast or faster")
    bpm_max: float | None = Field(None, gt=0, le=1000, description="This fast or slower")
    newest: int | None = Field(None, ge=1, le=100, description="Only so many, the newest first")


class SourceIn(RootModel[Annotated[PickIn | RuleIn, Field(discriminator="kind")]]):
    """A rule or a pick."""


class Source(Shape):
    """Where tracks of a lineup come from."""

    id: str
    kind: str = Field(description="rule or pick")
    position: int
    track_id: str | None
    genre: str | None
    tag: str | None
    bpm_min: float | None
    bpm_max: float | None
    newest: int | None
    created_at: Moment

    @classmethod
    def of(cls, source: StoredSource) -> Source:
        """The shape of a source."""
        return cls(
            id=source.id,
            kind=source.kind.value,
            position=source.position,
            track_id=source.track_id,
            genre=source.genre,
            tag=source.tag,
            bpm_min=source.bpm_min,
            bpm_max=source.bpm_max,
            newest=source.newest,
            created_at=source.created_at,
        )


class RefusedOrigin(Shape):
    """A website that wanted to show the app and may not."""

    origin: str = Field(examples=["https://blog.example"])
    times: int
    last_at: Moment
    placement_id: str | None = Field(description="The placement that it showed last")

    @classmethod
    def of(cls, refused: StoredRefused) -> RefusedOrigin:
        """The shape of a refused website."""
        return cls(
            origin=refused.origin,
            times=refused.times,
            last_at=refused.last_at,
            placement_id=refused.placement_id or None,
        )


class RefusedOrigins(Whole[RefusedOrigin]):
    """Websites that were refused, the latest first; those that were dismissed are left out."""


class Sources(Whole[Source]):
    """All sources of an app, in lineup order."""


class PlacementQuery(PageQuery):
    """Which placements."""

    app_id: str | None = Field(None, max_length=40)


class PlacementIn(Wish):
    """A new spot of an app."""

    app_id: str = Field(examples=["app_01k9zxcv3h8e4t2m6n0p5q7r9s"])
    name: str = Field(min_length=1, max_length=80, examples=["Blog"])
    channel: Channel = Field(Channel.OWN_SITE, description="The reporting bucket of its plays")
    allowed_origins: list[str] = Field(
        [], max_length=50, description=_ORIGINS, examples=[["https://blog.example"]]
    )


class PlacementPatch(Wish):
    """What to change of a placement; the key stays, so pasted snippets go on working."""

    name: str | None = Field(None, min_length=1, max_length=80)
    allowed_origins: list[str] | None = Field(None, max_length=50, description=_ORIGINS)


class SnippetQuery(Wish):
    """What the player of a snippet does instead of what the app says; what is left out stays the app's."""

    layout: Layout | None = None
    theme: ThemeMode | None = None
    color: str | None = Field(None, max_length=7, description="#rrggbb")
    bg: str | None = Field(None, max_length=7, description="#rrggbb")
    art: bool = Field(True, description="Show the artwork")
    list: bool = Field(True, description="Show the lineup")
    buy: bool = Field(True, description="Show prices and licenses")
    keys: bool = Field(True, description="Take single-letter keys")
    single: bool = Field(True, description="Pause other players, and be paused by them")
    start_track: str | None = Field(None, max_length=40, description="A track of the lineup")
    t: str | None = Field(None, max_length=8, description="Where it begins: seconds, or 1:05")
    lang: str | None = Field(None, max_length=5, description="en, es, fr, de, pt or ja")
    autoplay: bool = False
    loop: bool = False
    width: str | None = Field(None, max_length=5, description="200 to 1200 pixels, or 100%")
    height: str | None = Field(None, max_length=4, description="80 to 1000 pixels")

    def options(self) -> dict[str, str]:
        """As an address writes them."""
        given = self.model_dump(mode="json", exclude_unset=True, exclude_none=True)
        return {
            name: str(int(value)) if isinstance(value, bool) else str(value) for name, value in given.items()
        }


class Snippets(Shape):
    """What to paste, in four forms."""

    oembed: str = Field(description="A link that tools unfold")
    iframe: str = Field(description="HTML without script")
    script: str = Field(description="HTML with the loader and a container")
    element: str = Field(description="HTML with <beat-player>")


class Placement(Shape):
    """One deployed spot of an app."""

    id: str = Field(examples=["plc_01k9zxcv3h8e4t2m6n0p5q7r9s"])
    app_id: str
    name: str
    key: str = Field(description="The public key k that snippets carry")
    channel: Channel
    allowed_origins: list[str]
    snippets: Snippets
    created_at: Moment
    revoked_at: Moment | None

    @classmethod
    def of(cls, placement: StoredPlacement, snippets: dict[str, str]) -> Placement:
        """The shape of a placement."""
        return cls(
            id=placement.id,
            app_id=placement.app_id,
            name=placement.name,
            key=placement.key,
            channel=placement.channel,
            allowed_origins=list(placement.allowed_origins),
            snippets=Snippets(**snippets),
            created_at=placement.created_at,
            revoked_at=placement.revoked_at,
        )


class PlacementPage(Listed[Placement]):
    """The placements of the caller's apps that are not revoked."""
