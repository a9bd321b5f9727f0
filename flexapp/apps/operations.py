"""What an owner does with flex apps: make, name, theme, fill and place them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from flexapp.apps import queries
from flexapp.apps.hosting import set_domain as set_domain
from flexapp.apps.models import (
    Channel,
    FlexApp,
    Layout,
    Placement,
    Source,
    SourceKind,
    ThemeMode,
)
from flexapp.apps.origins import InvalidOrigin, narrow, parse_origins
from flexapp.apps.theme import parse_color
from flexapp.apps.tokens import placement_token
from flexapp.catalog.models import Track
from flexapp.errors import Conflict, Invalid
from flexapp.kernel.ids import new_id
from flexapp.kernel.signing import Signer
from flexapp.kernel.slugs import free_slug, slugify
from flexapp.people.models import OldSlug, Person

MAX_NAME = 80
MAX_SOURCES = 100
MAX_PLACEMENTS = 100
BPM_RANGE = (1.0, 400.0)


class InvalidApp(Invalid):
    """A name, rule or order that an app cannot have."""

    code = "invalid_app"


class AlreadyPicked(Conflict):
    """The track is a pick of this app already; a lineup never repeats a track."""

    code = "already_picked"


class PickRefused(Conflict):
    """The track cannot be shown in somebody else's app."""

    code = "pick_refused"


class AppIsFull(Conflict):
    """The app has as many sources or placements as an app can have."""

    code = "app_is_full"


def create_app(
    session: Session,
    owner: Person,
    *,
    name: str,
    now: datetime,
    layout: Layout | str = Layout.LIST,
    theme: ThemeMode | str = ThemeMode.AUTO,
    accent: str | None = None,
    allowed_origins: Iterable[str] = (),
) -> FlexApp:
    """A new app without sources; its slug is made from the name."""
    name = _name(name)
    app = FlexApp(
        id=new_id("app"),
        owner_id=owner.id,
        name=name,
        slug=free_slug(slugify(name, fallback="app"), lambda slug: queries.slug_is_taken(session, slug)),
        layout=_layout(layout),
        theme=_theme(theme),
        accent=parse_color(accent) if accent else None,
        allowed_origins=parse_origins(allowed_origins),
        revision=1,
        created_at=now,
    )
    session.add(app)
    session.flush()
    return app


def rename(session: Session, app: FlexApp, *, name: str, now: datetime) -> FlexApp:
    """Another name, and with it another slug; the old address redirects."""
    name = _name(name)
    if name == app.name:
        return app
    app.name = name
    wanted = slugify(name, fallback="app")
    if wanted != app.slug:
        session.add(OldSlug(kind="app", slug=app.slug, target_id=app.id, created_at=now))
        session.flush()
        app.slug = free_slug(wanted, lambda slug: queries.slug_is_taken(session, slug))
    return _changed(session, app)


def update_theme(
    session: Session,
    app: FlexApp,
    *,
    layout: Layout | str | None = None,
    theme: ThemeMode | str | None = None,
    accent: str | None = None,
) -> FlexApp:
    """Change what is given; an empty accent is the product's own ember again."""
    if layout is not None:
        app.layout = _layout(layout)
    if theme is not None:
        app.theme = _theme(theme)
    if accent is not None:
        app.accent = parse_color(accent) if accent else None
    return _changed(session, app)


def set_allowed_origins(session: Session, app: FlexApp, origins: Iterable[str]) -> FlexApp:
    """Which websites may show the app; none means all. Raises InvalidOrigin."""
    app.allowed_origins = parse_origins(origins)
    return _changed(session, app)


def require_consent(session: Session, app: FlexApp, is_required: bool) -> FlexApp:
    """Whether visitors get a key only after the page around the player said that they agreed."""
    app.consent_required = is_required
    return _changed(session, app)


def delete_app(session: Session, app: FlexApp, *, now: datetime) -> None:
    """Take the app off every page; its sales and listens stay."""
    app.deleted_at = now
    for placement in queries.placements_of(session, app.id):
        placement.revoked_at = now
    domain = queries.domain_of(session, app.id)
    if domain is not None:
        session.delete(domain)
    _changed(session, app)


def add_rule(
    session: Session,
    app: FlexApp,
    *,
    now: datetime,
    genre: str | None = None,
    tag: str | None = None,
    bpm_min: float | None = None,
    bpm_max: float | None = None,
    newest: int | None = None,
) -> Source:
    """Tracks of the owner's own catalog that match; without conditions, all of them."""
    low, high = BPM_RANGE
    for field, value in (("bpm_min", bpm_min), ("bpm_max", bpm_max)):
        if value is not None and not low <= value <= high:
            raise _invalid(field, f"A tempo lies between {low:g} and {high:g} BPM.")
    if bpm_min is not None and bpm_max is not None and bpm_min > bpm_max:
        raise _invalid("bpm_max", "The highest tempo is below the lowest.")
    if newest is not None and newest < 1:
        raise _invalid("newest", "Show at least the one newest track, or leave it empty for all.")
    source = _new_source(session, app, SourceKind.RULE, now)
    source.genre = (genre or "").strip()[:60] or None
    source.tag = (tag or "").strip().lower()[:60] or None
    source.bpm_min, source.bpm_max, source.newest = bpm_min, bpm_max, newest
    return _added(session, app, source)


def add_pick(session: Session, app: FlexApp, track: Track, *, now: datetime) -> Source:
    """One chosen track. Raises AlreadyPicked, and PickRefused when it may not be shown in this app."""
    if queries.pick_of(session, app.id, track.id) is not None:
        raise AlreadyPicked(f"“{track.title}” is in this app already.")
    if not queries.picked_tracks(session, [track.id], owner_id=app.owner_id):
        raise PickRefused(_why_not(session, app, track))
    source = _new_source(session, app, SourceKind.PICK, now)
    source.track_id = track.id
    return _added(session, app, source)


def remove_source(session: Session, app: FlexApp, source: Source) -> None:
    """Take a rule or a pick out of the app."""
    session.delete(source)
    session.flush()
    _changed(session, app)


def reorder(session: Session, app: FlexApp, source_ids: Sequence[str]) -> Sequence[Source]:
    """Put the sources in that order; the list names each of them exactly once."""
    sources = {source.id: source for source in queries.sources_of(session, app.id)}
    if len(source_ids) != len(sources) or set(source_ids) != set(sources):
        raise _invalid("source_ids", "Name every source of the app exactly once.")
    for position, source_id in enumerate(source_ids):
        sources[source_id].position = position
    _changed(session, app)
    return queries.sources_of(session, app.id)


def create_placement(
    session: Session,
    app: FlexApp,
    *,
    name: str,
    signer: Signer,
    now: datetime,
    channel: Channel | str = Channel.OWN_SITE,
    allowed_origins: Iterable[str] = (),
) -> Placement:
    """A named spot with its own key ``k``; its websites are some of the app's."""
    if len(queries.placements_of(session, app.id)) >= MAX_PLACEMENTS:
        raise AppIsFull(f"An app has at most {MAX_PLACEMENTS} placements: revoke one that is not used.")
    placement_id = new_id("plc")
    placement = Placement(
        id=placement_id,
        app_id=app.id,
        name=_name(name),
        channel=_channel(channel),
        allowed_origins=_within(app, parse_origins(allowed_origins)),
        key=placement_token(
            signer, placement_id=placement_id, app_id=app.id, owner_id=app.owner_id, issued_at=now
        ),
        created_at=now,
    )
    session.add(placement)
    session.flush()
    return placement


def update_placement(
    session: Session,
    app: FlexApp,
    placement: Placement,
    *,
    name: str | None = None,
    channel: Channel | str | None = None,
    allowed_origins: Iterable[str] | None = None,
) -> Placement:
    """Change what is given; the key stays, so pasted snippets go on working."""
    if name is not None:
        placement.name = _name(name)
    if channel is not None:
        placement.channel = _channel(channel)
    if allowed_origins is not None:
        placement.allowed_origins = _within(app, parse_origins(allowed_origins))
    session.flush()
    return placement


def revoke_placement(session: Session, placement: Placement, *, now: datetime) -> None:
    """Its key credits nobody from now on, and its players show that they are gone."""
    if placement.revoked_at is None:
        placement.revoked_at = now
        session.flush()


def _new_source(session: Session, app: FlexApp, kind: SourceKind, now: datetime) -> Source:
    sources = queries.sources_of(session, app.id)
    if len(sources) >= MAX_SOURCES:
        raise AppIsFull(f"An app has at most {MAX_SOURCES} sources.")
    position = max((source.position for source in sources), default=-1) + 1
    return Source(id=new_id("src"), app_id=app.id, kind=kind, position=position, created_at=now)


def _added(session: Session, app: FlexApp, source: Source) -> Source:
    session.add(source)
    _changed(session, app)
    return source


def _changed(session: Session, app: FlexApp) -> FlexApp:
    app.revision += 1
    session.flush()
    return app


def _why_not(session: Session, app: FlexApp, track: Track) -> str:
    if track.sold_exclusively_at is not None:
        return f"“{track.title}” was sold exclusively."
    producer = session.get(Person, track.producer_id)
    if track.producer_id != app.owner_id and producer is not None and not producer.allows_affiliate_sales:
        return f"{producer.name} does not allow affiliate sales."
    return f"“{track.title}” is not published."


def _within(app: FlexApp, origins: list[str]) -> list[str]:
    for origin in origins:
        if narrow(app.allowed_origins, [origin]) is None:
            message = f"The app does not allow {origin}: add it to the app's websites first."
            raise InvalidOrigin(message, fields={"allowed_origins": message})
    return origins


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > MAX_NAME:
        raise _invalid("name", f"Give it a name of 1 to {MAX_NAME} characters.")
    return name


def _layout(value: Layout | str) -> Layout:
    try:
        return Layout(value)
    except ValueError:
        raise _invalid("layout", f"The layouts are {', '.join(Layout)}.") from None


def _theme(value: ThemeMode | str) -> ThemeMode:
    try:
        return ThemeMode(value)
    except ValueError:
        raise _invalid("theme", f"The themes are {', '.join(ThemeMode)}.") from None


def _channel(value: Channel | str) -> Channel:
    try:
        return Channel(value)
    except ValueError:
        raise _invalid("channel", f"The channels are {', '.join(Channel)}.") from None


def _invalid(field: str, message: str) -> InvalidApp:
    return InvalidApp(message, fields={field: message})
