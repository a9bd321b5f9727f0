"""FlexApp, Source, Placement, RefusedOrigin, CustomDomain."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, Float, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from flexapp.storage.base import Base
from flexapp.storage.columns import EnumText, Json, Moment, UtcDateTime, public_id, refers_to


class Layout(StrEnum):
    """The shape of the player."""

    BAR = "bar"  #: one line, 80 px
    COMPACT = "compact"  #: artwork and waveform, 166 px
    LIST = "list"  #: the lineup below, 352 px and more
    CARD = "card"  #: square artwork


class ThemeMode(StrEnum):
    """The player's colors."""

    AUTO = "auto"  #: as the visitor's system
    LIGHT = "light"  #: paper
    DARK = "dark"  #: night


class SourceKind(StrEnum):
    """Where tracks of a lineup come from."""

    RULE = "rule"  #: the owner's own published tracks that match
    PICK = "pick"  #: one chosen track


class Channel(StrEnum):
    """A placement's reporting bucket (embed-spec 8.4)."""

    OWN_SITE = "own_site"  #: a website of the app's owner
    AFFILIATE = "affiliate"  #: somebody else's website
    PLATFORM_PAGE = "platform_page"  #: our own pages
    SOCIAL_CARD = "social_card"  #: a card in a feed
    OEMBED_CONSUMER = "oembed_consumer"  #: a tool that unfolds links
    DIRECT = "direct"  #: none of these


class FlexApp(Base):
    """A configured storefront: own catalog by rule, picks from others, one theme."""

    __tablename__ = "flex_app"

    id: Mapped[str] = public_id("app")
    owner_id: Mapped[str] = refers_to("person")
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    layout: Mapped[Layout] = mapped_column(EnumText(Layout), default=Layout.LIST)
    theme: Mapped[ThemeMode] = mapped_column(EnumText(ThemeMode), default=ThemeMode.AUTO)
    accent: Mapped[str | None] = mapped_column(String(7))  #: #rrggbb; None is the product's ember
    allowed_origins: Mapped[list[str]] = mapped_column(Json, default=list)  #: empty: everywhere
    consent_required: Mapped[bool] = mapped_column(
        Boolean, default=False
    )  #: visitor keys only after the page said that the visitor agreed
    revision: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[Moment]
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class Source(Base):
    """A rule over the owner's catalog, or one picked track."""

    __tablename__ = "source"
    __table_args__ = (UniqueConstraint("app_id", "track_id"),)

    id: Mapped[str] = public_id("src")
    app_id: Mapped[str] = refers_to("flex_app", ondelete="CASCADE")
    kind: Mapped[SourceKind] = mapped_column(EnumText(SourceKind))
    position: Mapped[int] = mapped_column(Integer, default=0)
    track_id: Mapped[str | None] = refers_to("track", nullable=True)  #: of a pick
    genre: Mapped[str | None] = mapped_column(String(60))
    tag: Mapped[str | None] = mapped_column(String(60))
    bpm_min: Mapped[float | None] = mapped_column(Float)
    bpm_max: Mapped[float | None] = mapped_column(Float)
    newest: Mapped[int | None] = mapped_column(Integer)  #: only so many, the newest first
    created_at: Mapped[Moment]


class Placement(Base):
    """One deployed spot of an app: public key, channel and allowed origins."""

    __tablename__ = "placement"

    id: Mapped[str] = public_id("plc")
    app_id: Mapped[str] = refers_to("flex_app", ondelete="CASCADE")
    name: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(300), unique=True)  #: the signed placement token ``k``
    channel: Mapped[Channel] = mapped_column(EnumText(Channel), default=Channel.OWN_SITE)
    allowed_origins: Mapped[list[str]] = mapped_column(Json, default=list)  #: narrows the app's
    created_at: Mapped[Moment]
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class RefusedOrigin(Base):
    """A website that wanted to show an app and may not: the owner allows or dismisses it with one tap."""

    __tablename__ = "refused_origin"
    __table_args__ = (UniqueConstraint("app_id", "origin"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    app_id: Mapped[str] = refers_to("flex_app", ondelete="CASCADE")
    origin: Mapped[str] = mapped_column(String(300))
    placement_id: Mapped[str] = mapped_column(String(30), default="")  #: that it showed last
    times: Mapped[int] = mapped_column(Integer, default=1)
    last_at: Mapped[Moment]
    dismissed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class CustomDomain(Base):
    """A host name that an app's owner named for its page; the app answers there once control is proven.

    Several apps may name the same host; one of them proves it.
    """

    __tablename__ = "custom_domain"
    __table_args__ = (
        Index(
            "uq_custom_domain_proven_host",
            "host",
            unique=True,
            sqlite_where=text("proven_at IS NOT NULL"),
            postgresql_where=text("proven_at IS NOT NULL"),
        ),
    )

    app_id: Mapped[str] = refers_to("flex_app", ondelete="CASCADE", index=False, primary_key=True)
    host: Mapped[str] = mapped_column(String(253), index=True)  #: lower case, IDNA, without a port
    proof: Mapped[str] = mapped_column(String(64))  #: what the host's TXT record says
    created_at: Mapped[Moment]
    proven_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    @property
    def is_live(self) -> bool:
        """The app answers at this host."""
        return self.proven_at is not None

    @property
    def record_name(self) -> str:
        """Where the TXT record belongs."""
        return f"_flexapp.{self.host}"

    @property
    def record_value(self) -> str:
        """What the TXT record says."""
        return f"flexapp-app={self.proof}"
