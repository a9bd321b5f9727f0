"""Selects of the roll-ups, and of raw listens where no roll-up is fine enough."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from flexapp.apps.models import FlexApp
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
from flexapp.listening.edges import Span, span_of
from flexapp.listening.models import Decision, Play
from flexapp.listening.rollup_rows import Whose, rows_of
from flexapp.listening.rollups import (
    DaySketch,
    Dimension,
    ListenName,
    day_of_number,
)
from flexapp.listening.scopes import Scope
from flexapp.listening.shares import Share
from flexapp.storage.columns import utc_day

_DAY_BITS = 20  # more than any day since 1970 takes


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
    else:
        sources.append((BY_APP, _apps_in(scope)))
        if scope.person_id is not None:
            rest = _apps_in(replace(scope, person_id=None))
            sources.append((BY_TRACK, {**rest, "elsewhere": scope.person_id}))
    span = span_of(session, since, until)
    places = {name: _number_of(session, value) for name, value in _narrower(scope)}
    found = []
    for rollup, whose in sources:
        names = [column.name for column in rollup.columns]
        is_played = rollup is BY_TRACK
        for rows in rows_of(session, rollup, low=span.low, high=span.high, whose=whose, is_played=is_played):
            for name, number in places.items():
                rows = rows[rows[:, names.index(name)] == number]
            hours = rows[:, rollup.subjects]
            keys = [
                (hours - shift) // 24 if name == "day" else rows[:, names.index(name)] for name in columns
            ]
            found.append(summed(np.column_stack((*keys, rows[:, rollup.keys :])), len(columns)))
    wide = len(columns)
    return [(tuple(row[:wide]), tuple(row[wide:])) for row in _together(found, wide)]


def retention_sums(session: Session, scope: Scope, span: Span) -> list[int]:
    """Over the whole days of a span: listens, percent, five buckets, ten tenths."""
    rows = rows_of(
        session, RETENTION, low=span.first, high=span.last, whose=_played_in(scope), is_played=True
    )
    sums = _together([summed(part[:, RETENTION.keys :], 0) for part in rows], 0)
    return sums[0] if sums else [0] * (len(RETENTION.columns) - RETENTION.keys)


def sites_of(session: Session, scope: Scope, span: Span) -> list[Share]:
    """By site around the players of whole apps, on whole days: ``COUNTERS``."""
    rows = rows_of(session, SITES, low=span.first, high=span.last, whose=_apps_in(scope))
    return _shares(session, [part[:, [2, 0, 1, *range(3, part.shape[1])]] for part in rows])


def dimension_rows(session: Session, scope: Scope, dimension: Dimension, span: Span) -> list[Share]:
    """Of whole apps on whole days by one dimension: starts and plays."""
    whose = {**_apps_in(scope), "second": int(dimension)}
    rows = rows_of(session, DIMENSIONS, low=span.first, high=span.last, whose=whose)
    return _shares(session, [part[:, [3, 0, 2, 6, 4, 5]] for part in rows])


def listener_days(session: Session, scope: Scope, *, since: datetime, until: datetime) -> int:
    """Distinct keys of raw listens, day by day."""
    query = (
        select(func.count(listener(session).distinct()))
        .where(Play.decision == Decision.VALID, Play.started_at >= since, Play.started_at < until)
        .where(*plays_in(scope))
    )
    return session.scalar(query) or 0


def listeners_of_subject(session: Session, subject: str, span: Span) -> int:
    """Listener-days of an app, a track or a person on whole days, as the fold counted them."""
    rows = rows_of(session, LISTENERS, low=span.first, high=span.last, whose={"names": [subject]})
    return sum(int(part[:, -1].sum()) for part in rows)


def sketches_of(session: Session, app_ids: Collection[str], span: Span) -> list[tuple[date, bytes]]:
    """Day and sketch of each app, of the whole and sealed days of a span."""
    query = select(DaySketch.day, DaySketch.sketch).where(
        DaySketch.app.in_(_numbers(app_ids)),
        DaySketch.day >= day_of_number(span.first),
        DaySketch.day < day_of_number(span.last),
    )
    return [(day, sketch) for day, sketch in session.execute(query)]


def listener(session: Session) -> Any:
    """The visitor key and UTC day of a qualified listen; nothing else counts as a listener."""
    return case((is_heard(), Play.visitor_key + "/" + utc_day(session, Play.started_at)))


def is_heard() -> ColumnElement[bool]:
    """Whether a raw listen makes its visitor a listener."""
    return and_(Play.visitor_key.is_not(None), Play.is_qualified.is_(True), Play.percent >= 0)


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


def _shares(session: Session, parts: list[Numbers]) -> list[Share]:
    """Rows of value, app, day, listeners and counters by value.

    A key may be in several apps on one site, so those of two apps are not added up for a day.
    """
    filled = [part for part in parts if len(part)]
    if not filled:
        return []
    rows = np.concatenate(filled)
    rows = summed(np.column_stack((rows[:, 0], rows[:, 1] << _DAY_BITS | rows[:, 2], rows[:, 3:])), 2)
    starts = np.flatnonzero(np.diff(rows[:, 0], prepend=rows[0, 0] - 1))
    sums = np.add.reduceat(rows[:, 3:], starts).tolist()
    values, starts_of, ends = rows[starts, 0].tolist(), starts.tolist(), [*starts[1:].tolist(), len(rows)]
    slots, listeners = rows[:, 1].tolist(), rows[:, 2].tolist()
    names = queries.names_by_number(session, values)
    return [
        Share(names[value], dict(zip(slots[start:end], listeners[start:end], strict=True)), counters)
        for value, start, end, counters in zip(values, starts_of, ends, sums, strict=True)
    ]


def _together(parts: list[Numbers], keys: int) -> list[list[int]]:
    """The sums of parts that are sums, as plain numbers."""
    filled = [part for part in parts if len(part)]
    together: list[list[int]] = summed(np.concatenate(filled), keys).tolist() if filled else []
    return together


def _apps_in(scope: Scope) -> dict[str, Any]:
    """The apps of a scope; a placement leads to its own."""
    found: dict[str, Any] = {}
    if scope.app_ids is not None:
        found["names"] = list(scope.app_ids)
    elif scope.placement_id is not None:
        found["placement"] = scope.placement_id
    if scope.person_id is not None:
        found["owner"] = scope.person_id
    return found


def _played_in(scope: Scope) -> dict[str, Any]:
    """The apps and tracks of a scope; of a person their apps, and their tracks anywhere."""
    found = _apps_in(replace(scope, person_id=None))
    if scope.track_ids is not None:
        found["tracks"] = list(scope.track_ids)
    if scope.person_id is not None:
        found["either"] = scope.person_id
    return found


def _narrower(scope: Scope) -> list[tuple[str, str]]:
    """What narrows the rows of an app: columns of the totals and names."""
    given = (("placement", scope.placement_id), ("channel", scope.channel))
    return [(name, str(value)) for name, value in given if value is not None]


def _number_of(session: Session, name: str) -> int:
    """-1 of a name that nothing was counted under."""
    return queries.numbers_by_name(session, [name]).get(name, -1)


def _numbers(names: Collection[str]) -> Select[int]:
    return select(ListenName.number).where(ListenName.name.in_(list(names)))
