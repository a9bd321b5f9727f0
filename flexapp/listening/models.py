"""Listen events as they arrived, play instances, delivered bytes, salts; roll-ups are in ``rollups``."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from flexapp.listening.pieces import Packed
from flexapp.storage.base import Base
from flexapp.storage.columns import EnumText, Json, Moment

BigId = BigInteger().with_variant(Integer(), "sqlite")


class Kind(StrEnum):
    """What an event of the log says."""

    START = "s"  #: a play instance began
    HEARTBEAT = "h"  #: more was heard
    END = "e"  #: the instance is over
    IMPRESSION = "i"  #: half of the player was visible for a second
    CHECKOUT = "c"  #: a buy link of a track was opened
    LOAD = "l"  #: the server handed out the document
    DELIVERY = "d"  #: the server sent bytes of a preview
    OWNER = "o"  #: a visitor key belongs to a signed-in person: their own plays do not count
    OPEN = "open"  #: the licenses of a track were shown in a player; players say "o"
    ADD = "add"  #: a license was put in a cart; players say "a"
    VIEW = "view"  #: the server handed out a page of ours: an app's, a track's or a producer's
    DOWNLOAD = "download"  #: a bought file was handed over
    SALE = "sale"  #: an order item was paid
    REFUND = "refund"  #: an order item's price went back in full or in part


class Decision(StrEnum):
    """What became of a play instance."""

    VALID = "valid"  #: counts
    SUSPECT = "suspect"  #: waits: the evidence is incomplete
    REJECTED = "rejected"  #: never counts; the reason is kept


class ListenEvent(Base):
    """One line of the log, stored before its 204; unique per (session, play, seq).

    Ids rise in the order of storing and are never given twice, also after old rows are deleted:
    the fold's cursor relies on it.
    """

    __tablename__ = "listen_event"
    __table_args__ = (
        UniqueConstraint("session_id", "play_id", "seq"),
        Index(
            "ix_listen_event_viewer",
            "visitor_key",
            sqlite_where=text("kind = 'view'"),
            postgresql_where=text("kind = 'view'"),
        ),
        Index(
            "ix_listen_event_step",
            "visitor_key",
            sqlite_where=text("kind IN ('c', 'open', 'add')"),
            postgresql_where=text("kind IN ('c', 'open', 'add')"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    session_id: Mapped[str] = mapped_column(String(40))
    play_id: Mapped[str] = mapped_column(String(40))
    seq: Mapped[int] = mapped_column(Integer)
    kind: Mapped[Kind] = mapped_column(EnumText(Kind))
    app_id: Mapped[str] = mapped_column(String(30), default="")
    placement_id: Mapped[str] = mapped_column(String(30), default="")
    channel: Mapped[str] = mapped_column(String(20), default="")
    host: Mapped[str] = mapped_column(String(100), default="")  #: of the page around the player
    track_id: Mapped[str] = mapped_column(String(30), default="")
    intervals: Mapped[list[list[int]]] = mapped_column(
        Json, default=list
    )  #: ms of media heard since the last
    media_ms: Mapped[int | None] = mapped_column(Integer)  #: the length that the page saw
    at_ms: Mapped[int] = mapped_column(BigInteger, default=0)  #: the page's clock since the session began
    minted_at: Mapped[Moment]  #: of the session
    received_at: Mapped[Moment]
    visitor_key: Mapped[str | None] = mapped_column(String(16))
    network_key: Mapped[str | None] = mapped_column(String(16))  #: the /24 or /64 under the day's salt
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  #: flags, and what its kind needs
    country: Mapped[str] = mapped_column(String(2), default="")  #: ISO 3166-1, empty when unknown
    device: Mapped[str] = mapped_column(String(10), default="")  #: a Device
    os: Mapped[str] = mapped_column(String(20), default="")  #: family: Windows, Android, iOS
    browser: Mapped[str] = mapped_column(String(20), default="")  #: family: Chrome, Firefox, Safari
    layout: Mapped[str] = mapped_column(String(10), default="")  #: of the player


class Play(Base):
    """One play instance, merged from its events."""

    __tablename__ = "play"
    __table_args__ = (
        UniqueConstraint("session_id", "play_id", "track_id"),
        Index(None, "track_id", "visitor_key", "started_at"),
        Index("ix_play_visitor_key", "visitor_key"),
        Index(None, "app_id", "started_at"),
        Index(
            "ix_play_qualified",
            "started_at",
            sqlite_where=text("is_qualified"),
            postgresql_where=text("is_qualified"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    session_id: Mapped[str] = mapped_column(String(40))
    play_id: Mapped[str] = mapped_column(String(40))
    track_id: Mapped[str] = mapped_column(String(30))
    app_id: Mapped[str] = mapped_column(String(30), default="")
    placement_id: Mapped[str] = mapped_column(String(30), default="")
    channel: Mapped[str] = mapped_column(String(20))
    host: Mapped[str] = mapped_column(String(100), default="")
    visitor_key: Mapped[str | None] = mapped_column(String(16))
    network_key: Mapped[str | None] = mapped_column(String(16))  #: the /24 or /64 under the day's salt
    flags: Mapped[str] = mapped_column(String(60), default="")  #: of any of its events, comma-separated
    started_at: Mapped[Moment]
    updated_at: Mapped[Moment]
    first_at_ms: Mapped[int] = mapped_column(BigInteger)
    last_at_ms: Mapped[int] = mapped_column(BigInteger)
    intervals: Mapped[list[list[int]]] = mapped_column(Json)  #: the union of what was heard, ms
    listen_ms: Mapped[int] = mapped_column(BigInteger, default=0)  #: with repeats
    media_ms: Mapped[int] = mapped_column(Integer, default=0)
    is_qualified: Mapped[bool] = mapped_column(Boolean, default=False)
    is_completed: Mapped[bool] = mapped_column(Boolean, default=False)
    percent: Mapped[int] = mapped_column(
        SmallInteger, default=-1
    )  #: of the media heard; -1: not in daily roll-ups
    tenths: Mapped[int] = mapped_column(SmallInteger, default=0)  #: a bit for each tenth of it that was heard
    is_counted: Mapped[bool] = mapped_column(Boolean, default=False)  #: qualified, valid, and no replay
    decision: Mapped[Decision] = mapped_column(EnumText(Decision), default=Decision.SUSPECT)
    reason: Mapped[str] = mapped_column(String(40), default="")  #: a Reason, empty when valid
    country: Mapped[str] = mapped_column(String(2), default="")  #: ISO 3166-1, empty when unknown
    device: Mapped[str] = mapped_column(String(10), default="")  #: a Device
    os: Mapped[str] = mapped_column(String(20), default="")  #: family: Windows, Android, iOS
    browser: Mapped[str] = mapped_column(String(20), default="")  #: family: Chrome, Firefox, Safari
    layout: Mapped[str] = mapped_column(String(10), default="")  #: of the player


class ListenSession(Base):
    """What the fold knows of a session: how much was claimed in how much time."""

    __tablename__ = "listen_session"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    minted_at: Mapped[Moment]
    newest_at: Mapped[Moment]  #: when the newest of its reports came in
    listen_ms: Mapped[int] = mapped_column(BigInteger, default=0)  #: claimed by all of its events
    minute: Mapped[int] = mapped_column(BigInteger, default=0)  #: since 1970, of the newest event
    minute_events: Mapped[int] = mapped_column(Integer, default=0)
    outran_time: Mapped[bool] = mapped_column(Boolean, default=False)  #: claimed more than had passed
    is_flooding: Mapped[bool] = mapped_column(Boolean, default=False)  #: more events than a player sends


class Delivery(Base):
    """Bytes of a preview that were sent to a session."""

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("session_id", "track_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    session_id: Mapped[str] = mapped_column(String(40))
    track_id: Mapped[str] = mapped_column(String(30))
    bytes: Mapped[int] = mapped_column(BigInteger)  #: the same ones several times
    unplaced: Mapped[int] = mapped_column(BigInteger, default=0)  #: of those: nobody noted which they were
    pieces: Mapped[Packed] = mapped_column(LargeBinary, default=b"")  #: those that surely went (``pieces``)
    first_at: Mapped[Moment]
    last_at: Mapped[Moment]


class OwnerKey(Base):
    """A visitor key of a signed-in person on one site for one day: their own plays are known by it."""

    __tablename__ = "owner_key"

    visitor_key: Mapped[str] = mapped_column(String(16), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(30), primary_key=True)
    noted_at: Mapped[Moment]


class Suspicion(Base):
    """A rule over many plays doubts this one: it waits until somebody looks, or the rule lets go."""

    __tablename__ = "suspicion"

    play: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)  #: ``Play.id``
    rule: Mapped[str] = mapped_column(String(40), primary_key=True)  #: a counting.Reason
    found_at: Mapped[Moment]


class Judgment(Base):
    """What somebody of the platform decided about suspects that started before it; the newest holds."""

    __tablename__ = "judgment"
    __table_args__ = (Index(None, "app_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(40))  #: a counting.Reason
    app_id: Mapped[str] = mapped_column(String(30), default="")
    placement_id: Mapped[str] = mapped_column(String(30), default="")
    host: Mapped[str] = mapped_column(String(100), default="")
    decision: Mapped[Decision] = mapped_column(EnumText(Decision))  #: valid or rejected
    plays: Mapped[int] = mapped_column(Integer, default=0)  #: that it was about
    person_id: Mapped[str] = mapped_column(String(30))  #: who decided
    made_at: Mapped[Moment]


class RulesOfDay(Base):
    """Under which rules and which list of crawlers the listens of a day were judged last."""

    __tablename__ = "rules_of_day"

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    rules: Mapped[str] = mapped_column(String(20))  #: the rules' version
    limits: Mapped[str] = mapped_column(String(16))  #: the thresholds' digest
    crawlers: Mapped[str] = mapped_column(String(20))  #: the version of crawler-user-agents
    judged_at: Mapped[Moment]


class FoldCursor(Base):
    """How far the log is folded; moved in the transaction of the totals."""

    __tablename__ = "fold_cursor"

    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, default=0)


class DailySalt(Base):
    """The day's secret for visitor keys; gone after 48 hours."""

    __tablename__ = "daily_salt"

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    salt: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[Moment]
