"""Selects of the roll-ups, and of raw listens where no roll-up is fine enough."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from flexapp.apps.models import FlexApp, Placement
from flexapp.catalog.models import Track
from flexapp.listening import queries
from flexapp.listening.blocks import (
    BY_APP,
    BY_TRACK,
    DIMENSIONS,
    LISTENERS,
    RETENTION,
    SITES,
    Numbers,
    Rollup,
    summed,
)
from flexapp.listening.models import Decision, Play
from flexapp.listening.rollup_rows import Whose, rows_of
from flexapp.listening.rollups import (
    DaySketch,
    Dimension,
    ListenName,
    day_number,
    day_of_number,
    hour_number,
)
from flexapp.listening.scopes import Scope


def sums_of_totals(
    session: Session,
    columns: Sequence[str],
    scope: Scope,
    *,
    since: datetime,
    until: datetime,
    shift: int = 0,
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The counters of a scope by columns of the totals, as (numbers, ``COUNTERS``).

    The column ``hour`` is hours since 1970, ``day`` stands for days since 1970 that begin at the UTC hour
    ``shift``, the others are numbers of names.

    What concerns no track is read from the totals by app. Of a person these are their apps' and, beside
    them, those of their tracks in apps of others. ``Played`` leads from tracks to their rows.
    """
    sources: list[tuple[Rollup, Whose]] = []
    if scope.track_ids is not None or "track" in columns:
        sources.append((BY_TRACK, _played_in(scope)))
    elif scope.person_id is None:
        sources.append((BY_APP, _apps_in(scope)))
    else:
        apps, tracks = _apps_of(scope.person_id), _tracks_of(scope.person_id)
        narrow = _apps_in(replace(scope, person_id=None))
        sources.append((BY_APP, lambda app, other: [app.in_(apps), *narrow(app, other)]))
        sources.append(
            (BY_TRACK, lambda app, track: [track.in_(tracks), app.not_in(apps), *narrow(app, track)])
        )
    low, high = hour_number(since), hour_number(_next_hour(until))
    places = {name: _number_of(session, value) for name, value in _narrower(scope)}
    found = []
    for rollup, whose in sources:
        names = [column.name for column in rollup.columns]
        is_played = rollup is BY_TRACK
        for rows in rows_of(session, rollup, low=low, high=high, whose=whose, is_played=is_played):
            for name, number in places.items():
                rows = rows[rows[:, names.index(name)] == number]
            hours = rows[:, rollup.subjects]
            keys = [
                (hours - shift) // 24 if name == "day" else rows[:, names.index(name)] for name in columns
            ]
            found.append(summed(np.column_stack((*keys, rows[:, rollup.keys :])), len(columns)))
    wide = len(columns)
    return [(tuple(row[:wide]), tuple(row[wide:])) for row in _together(found, wide)]


def retention_sums(session: Session, scope: Scope, *, since: datetime, until: datetime) -> list[int]:
    """Over the days of a span: listens, percent, five buckets, ten tenths; nothing without rows."""
    low, high = _days(since, until)
    rows = rows_of(session, RETENTION, low=low, high=high, whose=_played_in(scope), is_played=True)
    sums = _together([summed(part[:, RETENTION.keys :], 0) for part in rows], 0)
    return sums[0] if sums else []


def sites_of(
    session: Session, scope: Scope, *, since: datetime, until: datetime
) -> list[tuple[str, tuple[int, ...], int]]:
    """By site around the players of whole apps: its name, the counters and the listeners."""
    low, high = _days(since, until)
    rows = rows_of(session, SITES, low=low, high=high, whose=_apps_in(scope))
    found = _together([summed(part[:, 2:], 1) for part in rows], 1)
    names = queries.names_by_number(session, [row[0] for row in found])
    return [(names[host], tuple(counters), listeners) for host, listeners, *counters in found]


def dimension_rows(
    session: Session, scope: Scope, dimension: Dimension, *, since: datetime, until: datetime
) -> list[tuple[str, int, int, int]]:
    """Of whole apps by one dimension: value, starts, plays, listeners."""
    low, high = _days(since, until)
    narrow = _apps_in(scope)
    rows = rows_of(
        session,
        DIMENSIONS,
        low=low,
        high=high,
        whose=lambda app, kept: [kept == int(dimension), *narrow(app, kept)],
    )
    found = _together([summed(part[:, 3:], 1) for part in rows], 1)
    names = queries.names_by_number(session, [row[0] for row in found])
    return [(names[value], starts, plays, listeners) for value, starts, plays, listeners in found]


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
    low, high = _days(since, until)
    rows = rows_of(
        session, LISTENERS, low=low, high=high, whose=lambda first, _: [first.in_(_numbers([subject]))]
    )
    return sum(int(part[:, -1].sum()) for part in rows)


def sketches_of(
    session: Session, app_ids: Collection[str], *, since: datetime, until: datetime
) -> list[tuple[date, bytes]]:
    """Day and sketch of each app, of the sealed days of a span."""
    low, high = _days(since, until)
    query = select(DaySketch.day, DaySketch.sketch).where(
        DaySketch.app.in_(_numbers(app_ids)),
        DaySketch.day >= day_of_number(low),
        DaySketch.day < day_of_number(high),
    )
    return [(day, sketch) for day, sketch in session.execute(query)]


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


def _together(parts: list[Numbers], keys: int) -> list[list[int]]:
    """The sums of parts that are sums, as plain numbers."""
    filled = [part for part in parts if len(part)]
    together: list[list[int]] = summed(np.concatenate(filled), keys).tolist() if filled else []
    return together


def _days(since: datetime, until: datetime) -> tuple[int, int]:
    """UTC days that belong to a span, since 1970, the last not included.

    Their noon is not before it and they begin in it; at least its last.
    """
    first = (since + timedelta(hours=12) - timedelta(microseconds=1)).astimezone(UTC).date()
    last = (until - timedelta(microseconds=1)).astimezone(UTC).date()
    return day_number(min(first, last)), day_number(last) + 1


def _apps_in(scope: Scope) -> Whose:
    """The apps of a scope; a placement leads to its own."""

    def whose(app: Any, _: Any) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if scope.app_ids is not None:
            found.append(app.in_(_numbers(scope.app_ids)))
        elif scope.placement_id is not None:
            apps = select(Placement.app_id).where(Placement.id == scope.placement_id)
            found.append(app.in_(select(ListenName.number).where(ListenName.name.in_(apps))))
        if scope.person_id is not None:
            found.append(app.in_(_apps_of(scope.person_id)))
        return found

    return whose


def _played_in(scope: Scope) -> Whose:
    """The apps and tracks of a scope; of a person their apps, and their tracks anywhere."""
    person_id = scope.person_id
    narrow = _apps_in(replace(scope, person_id=None))

    def whose(app: Any, track: Any) -> list[ColumnElement[bool]]:
        found = list(narrow(app, track))
        if scope.track_ids is not None:
            found.append(track.in_(_numbers(scope.track_ids)))
        if person_id is not None:
            found.append(or_(app.in_(_apps_of(person_id)), track.in_(_tracks_of(person_id))))
        return found

    return whose


def _narrower(scope: Scope) -> list[tuple[str, str]]:
    """What narrows the rows of an app: columns of the totals and names."""
    given = (("placement", scope.placement_id), ("channel", scope.channel))
    return [(name, str(value)) for name, value in given if value is not None]


def _number_of(session: Session, name: str) -> int:
    """-1 of a name that nothing was counted under."""
    return queries.numbers_by_name(session, [name]).get(name, -1)


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
