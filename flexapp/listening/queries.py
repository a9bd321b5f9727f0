"""Every select of the log, the plays and what decisions look at."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import String, func, or_, select, text, tuple_, type_coerce
from sqlalchemy.orm import Session

from flexapp.apps.models import FlexApp
from flexapp.catalog.models import Track
from flexapp.listening.dimensions import Dimensions
from flexapp.listening.ingest import LOG_LOCK
from flexapp.listening.models import (
    DailySalt,
    Delivery,
    FoldCursor,
    Judgment,
    Kind,
    ListenEvent,
    ListenSession,
    OwnerKey,
    Play,
    Suspicion,
)
from flexapp.listening.pieces import Packed
from flexapp.listening.rollups import ListenName, SealedDay, hour_of_number
from flexapp.people.models import Person

T = TypeVar("T")
FORGOTTEN = "forgotten"
"""Cursor: days before this one (since 1970) change no more, and their raw rows go."""
_CHUNK = 300


@dataclass(frozen=True)
class TrackFacts:
    """What decisions need of a track."""

    producer_id: str
    media_ms: int | None
    preview_bytes: int | None


def salt_of(session: Session, day: str) -> str | None:
    """The day's salt, if it was made and not yet deleted."""
    return session.scalar(select(DailySalt.salt).where(DailySalt.day == day))


def cursor_for_update(session: Session, name: str) -> FoldCursor:
    """The cursor's row, locked: one fold at a time."""
    query = select(FoldCursor).where(FoldCursor.name == name).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def position_of(session: Session, name: str) -> int:
    """How far the log is folded."""
    return session.scalar(select(FoldCursor.position).where(FoldCursor.name == name)) or 0


def positions_of(session: Session, names: Collection[str]) -> dict[str, int]:
    """The positions of several cursors; 0 of those that there are not."""
    query = select(FoldCursor.name, FoldCursor.position).where(FoldCursor.name.in_(sorted(names)))
    found = dict.fromkeys(names, 0)
    found.update((name, position) for name, position in session.execute(query))
    return found


def newest_event(session: Session) -> int:
    """The highest id of the log, 0 when it is empty."""
    return session.scalar(select(func.max(ListenEvent.id))) or 0


def end_of_log(session: Session) -> int:
    """The id up to which the log is complete: nothing below it can still be committed.

    PostgreSQL hands out ids before the commit, so a later id may become visible first. Writers hold
    a shared lock while they write; taking it exclusively for a moment waits for all of them.
    """
    if session.get_bind().dialect.name == "sqlite":
        return newest_event(session)
    moment = session.begin_nested()
    try:
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOG_LOCK})
        return newest_event(session)
    finally:
        moment.rollback()  # lets go of the lock


class LoggedEvent(NamedTuple):
    """An event of the log, as the fold reads it."""

    intervals: list[list[int]]
    facts: dict[str, Any]
    id: int
    session_id: str
    play_id: str
    kind: Kind
    app_id: str
    placement_id: str
    channel: str
    host: str
    track_id: str
    media_ms: int | None
    at_ms: int
    minted_at: datetime
    received_at: datetime
    visitor_key: str | None
    network_key: str | None
    country: str
    device: str
    os: str
    browser: str
    layout: str


_LOGGED = LoggedEvent._fields
_AS_TEXT = frozenset({"intervals", "facts"})


def events_after(session: Session, position: int, *, until: int, limit: int) -> list[LoggedEvent]:
    """The next events of the log."""
    columns = ListenEvent.__table__.c
    query = select(
        *(type_coerce(columns[name], String) if name in _AS_TEXT else columns[name] for name in _LOGGED)
    )
    query = query.where(columns.id > position, columns.id <= until).order_by(columns.id).limit(limit)
    rows = session.execute(query).all()
    return [LoggedEvent(_decoded(row[0]), _decoded(row[1]), *row[2:]) for row in rows]


@lru_cache(maxsize=8192)
def _decoded_text(text: str) -> Any:
    """Most lines of the log say the same few things; nobody changes what comes from here."""
    return json.loads(text)


def _decoded(value: Any) -> Any:
    return _decoded_text(value) if isinstance(value, str) else value


def origin_of(session: Session, session_id: str) -> tuple[str, Dimensions] | None:
    """The site around a listening session and who looked, by its newest event; None without raw rows."""
    query = select(
        ListenEvent.host,
        ListenEvent.country,
        ListenEvent.device,
        ListenEvent.os,
        ListenEvent.browser,
        ListenEvent.layout,
    ).where(ListenEvent.session_id == session_id)
    found = session.execute(query.order_by(ListenEvent.id.desc()).limit(1)).first()
    return None if found is None else (found[0], Dimensions(*found[1:]))


def events_of_placement(
    session: Session, placement_id: str, *, after: int, limit: int
) -> Sequence[ListenEvent]:
    """What was stored of one placement after that id, in the log's order."""
    query = select(ListenEvent).where(ListenEvent.id > after, ListenEvent.placement_id == placement_id)
    return session.scalars(query.order_by(ListenEvent.id).limit(limit)).all()


def plays_by_ids(session: Session, ids: Collection[int]) -> list[Play]:
    """Play instances by ``Play.id``; those that are gone are missing."""
    return [play for part in _chunks(ids) for play in session.scalars(select(Play).where(Play.id.in_(part)))]


def plays_of_sessions(session: Session, session_ids: Collection[str]) -> list[Play]:
    """Every play instance of the sessions."""
    return [
        play
        for part in _chunks(session_ids)
        for play in session.scalars(select(Play).where(Play.session_id.in_(part)))
    ]


def plays_of_visitors(session: Session, visitor_keys: Collection[str]) -> list[Play]:
    """Every play instance of the visitors."""
    return [
        play
        for part in _chunks(visitor_keys)
        for play in session.scalars(select(Play).where(Play.visitor_key.in_(part)))
    ]


def sessions_by_id(session: Session, session_ids: Collection[str]) -> dict[str, ListenSession]:
    """What the fold knows of the sessions."""
    return {
        row.id: row
        for part in _chunks(session_ids)
        for row in session.scalars(select(ListenSession).where(ListenSession.id.in_(part)))
    }


def deliveries_of(session: Session, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Delivery]:
    """Delivered bytes by (session, track)."""
    columns = tuple_(Delivery.session_id, Delivery.track_id)
    return {
        (row.session_id, row.track_id): row
        for part in _chunks(keys)
        for row in session.scalars(select(Delivery).where(columns.in_(part)))
    }


def pieces_sent(session: Session, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Packed]:
    """The packed pieces by (session, track), of those that something is known of."""
    columns = tuple_(Delivery.session_id, Delivery.track_id)
    query = select(Delivery.session_id, Delivery.track_id, Delivery.pieces)
    return {
        (session_id, track_id): pieces
        for part in _chunks(keys)
        for session_id, track_id, pieces in session.execute(query.where(columns.in_(part)))
    }


def track_facts(session: Session, track_ids: Collection[str]) -> dict[str, TrackFacts]:
    """What decisions need of the tracks, deleted ones included."""
    found = {}
    for part in _chunks(track_ids):
        query = select(Track.id, Track.producer_id, Track.duration_ms, Track.preview_bytes)
        for track_id, producer_id, media_ms, preview_bytes in session.execute(
            query.where(Track.id.in_(part))
        ):
            found[track_id] = TrackFacts(producer_id, media_ms, preview_bytes)
    return found


def owners_of_apps(session: Session, app_ids: Collection[str]) -> dict[str, str]:
    """The owner of each app, deleted ones included."""
    found: dict[str, str] = {}
    for part in _chunks(app_ids):
        rows = session.execute(select(FlexApp.id, FlexApp.owner_id).where(FlexApp.id.in_(part)))
        found.update((app_id, owner_id) for app_id, owner_id in rows)
    return found


def people_behind(session: Session, visitor_keys: Collection[str]) -> dict[str, set[str]]:
    """Signed-in people by visitor key."""
    found: dict[str, set[str]] = {}
    for part in _chunks(visitor_keys):
        for row in session.scalars(select(OwnerKey).where(OwnerKey.visitor_key.in_(part))):
            found.setdefault(row.visitor_key, set()).add(row.person_id)
    return found


def staff_among(session: Session, person_ids: Collection[str]) -> set[str]:
    """Those of the people who look after the platform."""
    return {
        found
        for part in _chunks(person_ids)
        for found in session.scalars(select(Person.id).where(Person.id.in_(part), Person.is_admin.is_(True)))
    }


def shares_listening(session: Session, person_id: str) -> bool:
    """Whether the person agreed to be named as a listener."""
    query = select(Person.id).where(Person.id == person_id, Person.shares_listening.is_(True))
    return session.scalar(query) is not None


def suspicions_of(session: Session, plays: Collection[int]) -> dict[int, set[str]]:
    """What rules over many plays found, by ``Play.id``."""
    found: dict[int, set[str]] = {}
    for part in _chunks(plays):
        for row in session.scalars(select(Suspicion).where(Suspicion.play.in_(part))):
            found.setdefault(row.play, set()).add(row.rule)
    return found


def judgments_since(session: Session, app_ids: Collection[str], *, since: datetime | None) -> list[Judgment]:
    """What was decided about suspects in the apps, not before that moment."""
    if since is None:
        return []
    return [
        row
        for part in _chunks(app_ids)
        for row in session.scalars(
            select(Judgment).where(Judgment.app_id.in_(part), Judgment.made_at >= since)
        )
    ]


def numbers_by_name(session: Session, names: Collection[str]) -> dict[str, int]:
    """The numbers of those texts that have one."""
    found: dict[str, int] = {}
    for part in _chunks(names):
        rows = session.execute(select(ListenName.name, ListenName.number).where(ListenName.name.in_(part)))
        found.update((name, number) for name, number in rows)
    return found


def names_by_number(session: Session, numbers: Collection[int]) -> dict[int, str]:
    """The texts of numbers."""
    found: dict[int, str] = {}
    for part in _chunks(numbers):
        rows = session.execute(select(ListenName.number, ListenName.name).where(ListenName.number.in_(part)))
        found.update((number, name) for number, name in rows)
    return found


def first_beginning(session: Session) -> datetime | None:
    """When the oldest session that is kept began; looks at the whole log."""
    return session.scalar(select(func.min(ListenEvent.minted_at)))


def days_listed(session: Session) -> Sequence[SealedDay]:
    """Days behind the hot tail, oldest first."""
    return session.scalars(select(SealedDay).order_by(SealedDay.day)).all()


def forgotten_until(session: Session) -> datetime | None:
    """The first moment of which raw rows are kept; None until something was forgotten."""
    first = position_of(session, FORGOTTEN)
    return hour_of_number(first * 24) if first else None


def oldest_session(session: Session, *, after: int, kind: Kind | None = None) -> datetime | None:
    """When the oldest session began that the log behind ``after`` tells of, by events of that kind or any."""
    query = select(func.min(ListenEvent.minted_at)).where(ListenEvent.id > after)
    return session.scalar(query if kind is None else query.where(ListenEvent.kind == kind))


def day_listed(session: Session, day: date) -> SealedDay:
    """A day of the manifest; it is there since sealing began."""
    query = select(SealedDay).where(SealedDay.day == day)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def things_of(session: Session, person_id: str) -> tuple[list[str], list[str]]:
    """The person's apps and tracks, deleted ones included."""
    apps = session.scalars(select(FlexApp.id).where(FlexApp.owner_id == person_id))
    tracks = session.scalars(select(Track.id).where(Track.producer_id == person_id))
    return list(apps), list(tracks)


def hosts_of(session: Session, person_id: str, *, since: datetime, limit: int = 200) -> list[str]:
    """Sites on which the person's apps or tracks played lately, where they may be their own; newest first."""
    query = (
        select(Play.host)
        .where(
            Play.started_at >= since,
            or_(
                Play.app_id.in_(select(FlexApp.id).where(FlexApp.owner_id == person_id)),
                Play.track_id.in_(select(Track.id).where(Track.producer_id == person_id)),
            ),
        )
        .group_by(Play.host)
        .order_by(func.max(Play.id).desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def _chunks(values: Iterable[T]) -> Iterable[list[T]]:
    """SQLite takes only so many variables in one statement."""
    everything = sorted(set(values))  # type: ignore[type-var]
    for start in range(0, len(everything), _CHUNK):
        yield everything[start : start + _CHUNK]
