"""Selects of the roll-ups, and of raw listens where no roll-up is fine enough."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from flexapp.apps.models import FlexApp, Placement
from flexapp.catalog.models import Track
from flexapp.listening import queries
from flexapp.listening.models import Decision, Play
from flexapp.listening.rollups import (
    COUNTERS,
    DailyDimension,
    DailyListeners,
    DailyRetention,
    DailySite,
    DaySketch,
    Dimension,
    HourlyTotal,
    ListenName,
    Played,
    TrackTotal,
)
from flexapp.listening.scopes import Scope


def selects_of_totals(
    columns: Sequence[str],
    counters: Sequence[str],
    scope: Scope,
    *,
    since: datetime,
    until: datetime,
    shift: int = 0,
) -> list[Select[Any]]:
    """Selects whose rows together are the counters of a scope by columns of the totals.

    The column ``day`` stands for days since 1970 that begin at the UTC hour ``shift``.

    What concerns no track is read from the totals by app. Of a person these are their apps' and, beside
    them, those of their tracks in apps of others. ``Played`` leads from tracks to their rows.
    """
    by_track = scope.track_ids is not None or "track" in columns
    if scope.person_id is None or by_track:
        table: Any = TrackTotal if by_track else HourlyTotal
        return [_sums_of(table, columns, counters, scope, since, until, _whose(scope, table), shift)]
    theirs = HourlyTotal.app.in_(_apps_of(scope.person_id))
    elsewhere = and_(
        Played.track.in_(_tracks_of(scope.person_id)), Played.app.not_in(_apps_of(scope.person_id))
    )
    return [
        _sums_of(HourlyTotal, columns, counters, scope, since, until, [theirs], shift),
        _sums_of(TrackTotal, columns, counters, scope, since, until, [elsewhere], shift),
    ]


def select_retention(scope: Scope, *, since: datetime, until: datetime) -> Select[Any]:
    """One row of sums over the days of a span: listens, percent, five buckets, ten tenths."""
    names = [column.name for column in DailyRetention.__table__.columns if not column.primary_key]
    query = (
        select(*(func.sum(getattr(DailyRetention, name)) for name in names))
        .select_from(Played)
        .join(DailyRetention, and_(DailyRetention.app == Played.app, DailyRetention.track == Played.track))
        .where(*_days(DailyRetention.day, since, until), *_whose(scope, TrackTotal))
    )
    if scope.app_ids is not None:
        query = query.where(Played.app.in_(_numbers(scope.app_ids)))
    if scope.track_ids is not None:
        query = query.where(Played.track.in_(_numbers(scope.track_ids)))
    return query


def sites_of(
    session: Session, scope: Scope, *, since: datetime, until: datetime
) -> list[tuple[str, tuple[int, ...], int]]:
    """By site around the players of whole apps: its name, the counters and the listeners."""
    sums = [func.sum(getattr(DailySite, name)) for name in COUNTERS]
    query = (
        select(DailySite.host, func.sum(DailySite.listeners), *sums)
        .where(*_days(DailySite.day, since, until), *_whole_apps(DailySite.app, scope))
        .group_by(DailySite.host)
    )
    rows = session.execute(query).all()
    names = queries.names_by_number(session, {row[0] for row in rows})
    return [(names[host], tuple(map(int, counters)), int(listeners)) for host, listeners, *counters in rows]


def dimension_rows(
    session: Session, scope: Scope, dimension: Dimension, *, since: datetime, until: datetime
) -> list[tuple[str, int, int, int]]:
    """Of whole apps by one dimension: value, starts, plays, listeners."""
    kept = DailyDimension
    query = (
        select(kept.value, func.sum(kept.starts), func.sum(kept.plays), func.sum(kept.listeners))
        .where(
            *_whole_apps(kept.app, scope),
            kept.dimension == int(dimension),
            *_days(kept.day, since, until),
        )
        .group_by(kept.value)
    )
    rows = session.execute(query).all()
    names = queries.names_by_number(session, {row[0] for row in rows})
    return [
        (names[value], int(starts), int(plays), int(listeners)) for value, starts, plays, listeners in rows
    ]


def listens_by(
    session: Session, scope: Scope, column: str, *, since: datetime, until: datetime
) -> list[tuple[str, int, int, int]]:
    """Of the raw listens by one of their columns: value, starts, plays, listeners by UTC day."""
    value = getattr(Play, column)
    query = (
        select(
            value,
            func.count(),
            func.sum(case((Play.is_counted.is_(True), 1), else_=0)),
            func.count(_listener(session).distinct()),
        )
        .where(Play.decision == Decision.VALID, Play.started_at >= since, Play.started_at < until)
        .where(*plays_in(scope))
        .group_by(value)
    )
    return [
        (str(name), int(starts), int(plays), int(listeners))
        for name, starts, plays, listeners in session.execute(query)
    ]


def listener_days(session: Session, scope: Scope, *, since: datetime, until: datetime) -> int:
    """Distinct keys of raw listens, day by day."""
    query = (
        select(func.count(_listener(session).distinct()))
        .where(Play.decision == Decision.VALID, Play.started_at >= since, Play.started_at < until)
        .where(*plays_in(scope))
    )
    return session.scalar(query) or 0


def listeners_of_subject(session: Session, subject: str, *, since: datetime, until: datetime) -> int:
    """Listener-days of an app, a track or a person, as the fold counted them."""
    query = (
        select(func.sum(DailyListeners.listeners))
        .join(ListenName, ListenName.number == DailyListeners.subject)
        .where(ListenName.name == subject, *_days(DailyListeners.day, since, until))
    )
    return int(session.scalar(query) or 0)


def sketches_of(
    session: Session, app_ids: Collection[str], *, since: datetime, until: datetime
) -> list[tuple[date, bytes]]:
    """Day and sketch of each app, of the sealed days of a span."""
    query = select(DaySketch.day, DaySketch.sketch).where(
        DaySketch.app.in_(_numbers(app_ids)), *_days(DaySketch.day, since, until)
    )
    return [(day, sketch) for day, sketch in session.execute(query)]


def rows_between(session: Session, table: Any, after: datetime, before: datetime) -> list[tuple[Any, ...]]:
    """Rows of totals by the hour, whole."""
    query = select(*table.__table__.columns).where(table.hour >= after, table.hour < before)
    return [tuple(row) for row in session.execute(query)]


def _listener(session: Session) -> Any:
    """The visitor key and UTC day of a qualified listen; nothing else counts as a listener."""
    day: ColumnElement[Any] = func.date(Play.started_at, type_=String)
    if session.get_bind().dialect.name != "sqlite":
        day = cast(func.timezone("UTC", Play.started_at), Date)
    return case(
        (
            and_(Play.visitor_key.is_not(None), Play.is_qualified.is_(True), Play.percent >= 0),
            Play.visitor_key + "/" + cast(day, String),
        )
    )


def plays_in(scope: Scope) -> list[ColumnElement[bool]]:
    """The scope as conditions of raw listens."""
    found: list[ColumnElement[bool]] = []
    if scope.person_id is not None:
        found.append(
            or_(
                Play.app_id.in_(select(FlexApp.id).where(FlexApp.owner_id == scope.person_id)),
                Play.track_id.in_(select(Track.id).where(Track.producer_id == scope.person_id)),
            )
        )
    if scope.app_ids is not None:
        found.append(Play.app_id.in_(list(scope.app_ids)))
    if scope.track_ids is not None:
        found.append(Play.track_id.in_(list(scope.track_ids)))
    if scope.placement_id is not None:
        found.append(Play.placement_id == scope.placement_id)
    if scope.channel is not None:
        found.append(Play.channel == str(scope.channel))
    return found


def _whole_apps(column: Any, scope: Scope) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if scope.app_ids is not None:
        found.append(column.in_(_numbers(scope.app_ids)))
    if scope.person_id is not None:
        found.append(column.in_(_apps_of(scope.person_id)))
    return found


def _days(column: Any, since: datetime, until: datetime) -> list[ColumnElement[bool]]:
    """UTC days that belong to a span: their noon is not before it and they begin in it; at least its last."""
    first = (since + timedelta(hours=12) - timedelta(microseconds=1)).astimezone(UTC).date()
    last = (until - timedelta(microseconds=1)).astimezone(UTC).date()
    return [column >= min(first, last), column <= last]


def _whose(scope: Scope, table: Any) -> list[ColumnElement[bool]]:
    if scope.person_id is None:
        return []
    apps, tracks = _apps_of(scope.person_id), _tracks_of(scope.person_id)
    return [or_(Played.app.in_(apps), Played.track.in_(tracks))]


def _sums_of(
    table: Any,
    columns: Sequence[str],
    counters: Sequence[str],
    scope: Scope,
    since: datetime,
    until: datetime,
    conditions: list[ColumnElement[bool]],
    shift: int,
) -> Select[Any]:
    day = (type_coerce(table.hour, Integer) - shift) // 24
    keys = [day if name == "day" else getattr(table, name) for name in columns]
    query = select(*keys, *(func.sum(getattr(table, name)) for name in counters)).group_by(*keys)
    place = table
    if table is TrackTotal:
        place = Played
        query = query.select_from(Played).join(
            TrackTotal, and_(TrackTotal.app == Played.app, TrackTotal.track == Played.track)
        )
    query = query.where(table.hour >= since, table.hour < _next_hour(until), *conditions)
    if scope.app_ids is not None:
        query = query.where(place.app.in_(_numbers(scope.app_ids)))
    elif scope.placement_id is not None:
        apps = select(Placement.app_id).where(Placement.id == scope.placement_id)
        query = query.where(place.app.in_(select(ListenName.number).where(ListenName.name.in_(apps))))
    if scope.track_ids is not None:
        query = query.where(Played.track.in_(_numbers(scope.track_ids)))
    if scope.placement_id is not None:
        query = query.where(table.placement.in_(_numbers([scope.placement_id])))
    if scope.channel is not None:
        query = query.where(table.channel.in_(_numbers([str(scope.channel)])))
    return query


def _numbers(names: Collection[str]) -> Select[int]:
    return select(ListenName.number).where(ListenName.name.in_(list(names)))


def _apps_of(person_id: str) -> Select[int]:
    return (
        select(ListenName.number)
        .join(FlexApp, FlexApp.id == ListenName.name)
        .where(FlexApp.owner_id == person_id)
    )


def _tracks_of(person_id: str) -> Select[int]:
    return (
        select(ListenName.number)
        .join(Track, Track.id == ListenName.name)
        .where(Track.producer_id == person_id)
    )


def _next_hour(until: datetime) -> datetime:
    """Hours that begin before ``until``."""
    return until + timedelta(hours=1) - timedelta(microseconds=1)
