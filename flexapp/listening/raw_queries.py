"""Selects of raw listens for the pieces of days at a span's edges, in the shape of the daily roll-ups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from flexapp.listening.counting import TENTHS
from flexapp.listening.models import Decision, OwnerKey, Play
from flexapp.listening.rollup_queries import is_heard, listener, plays_in
from flexapp.listening.rollups import day_number
from flexapp.listening.scopes import Scope
from flexapp.listening.shares import Share
from flexapp.listening.totals import BUCKETS
from flexapp.people.models import Person
from flexapp.storage.columns import utc_day


def retention_of_listens(session: Session, scope: Scope, *, since: datetime, until: datetime) -> list[int]:
    """Listens, percent, five buckets, ten tenths."""
    columns = [
        func.count(),
        func.sum(Play.percent),
        *(_times(Play.percent >= low, Play.percent < high) for low, high in pairwise((0, *BUCKETS, 101))),
        *(_times(Play.tenths.op("&")(1 << tenth) != 0) for tenth in range(TENTHS)),
    ]
    row = session.execute(select(*columns).where(Play.percent >= 0, *_valid(scope, since, until))).one()
    return [int(value or 0) for value in row]


def sites_of_listens(session: Session, scope: Scope, *, since: datetime, until: datetime) -> list[Share]:
    """By site and UTC day: starts, plays, replays, completed and listening time."""
    counted, day = Play.is_counted.is_(True), utc_day(session, Play.started_at)
    query = select(
        Play.host,
        day,
        func.count(listener(session).distinct()),
        func.count(),
        _times(counted),
        _times(Play.is_qualified.is_(True), Play.is_counted.is_(False)),
        _times(counted, Play.is_completed.is_(True)),
        func.sum(Play.listen_ms),
    )
    rows = session.execute(query.where(*_valid(scope, since, until)).group_by(Play.host, day))
    return [
        Share(host, {day_number(date.fromisoformat(day)): listeners}, counts)
        for host, day, listeners, *counts in rows
    ]


def listens_by(
    session: Session, scope: Scope, columns: Sequence[str], *, since: datetime, until: datetime
) -> dict[str, list[Share]]:
    """By each of some columns and UTC day: starts and plays. The rows are read once for all of them."""
    who = case((is_heard(), Play.visitor_key))
    query = select(utc_day(session, Play.started_at), Play.is_counted, who)
    query = query.add_columns(*(getattr(Play, column) for column in columns))
    tables: list[dict[tuple[str, str], tuple[list[int], set[str]]]] = [{} for _ in columns]
    for day, is_counted, key, *values in session.execute(query.where(*_valid(scope, since, until))):
        for table, value in zip(tables, values, strict=True):
            cell = table.get((value, day))
            if cell is None:
                cell = table[value, day] = ([0, 0], set())
            cell[0][0] += 1
            cell[0][1] += is_counted
            if key is not None:
                cell[1].add(key)
    return {
        column: [
            Share(value, {day_number(date.fromisoformat(day)): len(keys)}, counts)
            for (value, day), (counts, keys) in table.items()
        ]
        for column, table in zip(columns, tables, strict=True)
    }


def listeners_named(
    session: Session, scope: Scope, *, since: datetime, until: datetime, limit: int
) -> list[tuple[str, int, int, int]]:
    """People who agreed to be named: name, starts, plays and listening time, most plays first."""
    plays = _times(Play.is_counted.is_(True))
    query = (
        select(Person.name, func.count(), plays, func.sum(Play.listen_ms))
        .join(OwnerKey, OwnerKey.visitor_key == Play.visitor_key)
        .join(Person, Person.id == OwnerKey.person_id)
        .where(Person.shares_listening.is_(True), Person.deleted_at.is_(None))
        .where(*_valid(scope, since, until))
        .group_by(Person.id, Person.name)
        .having(plays > 0)
        .order_by(plays.desc(), func.sum(Play.listen_ms).desc(), Person.name)
        .limit(limit)
    )
    return [
        (name, int(starts), int(count), int(heard)) for name, starts, count, heard in session.execute(query)
    ]


def _valid(scope: Scope, since: datetime, until: datetime) -> Sequence[ColumnElement[bool]]:
    return [
        Play.decision == Decision.VALID,
        Play.started_at >= since,
        Play.started_at < until,
        *plays_in(scope),
    ]


def _times(*conditions: ColumnElement[bool]) -> Any:
    return func.coalesce(func.sum(case((and_(*conditions), 1), else_=0)), 0)
