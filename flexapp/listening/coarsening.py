"""Coarsening: hours that nobody looks at any more become one row a day, at noon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from flexapp.listening import queries, rollup_queries
from flexapp.listening.adding import add_rows
from flexapp.listening.folding import CURSOR
from flexapp.listening.models import FoldCursor
from flexapp.listening.rollups import HourlyTotal, TrackTotal, day_number, hour_number
from flexapp.listening.totals import APP_HOURS, TRACK_HOURS
from flexapp.storage.once import insert_once
from flexapp.storage.session import Database

HOURS_OF: list[tuple[str, Any, int]] = [(APP_HOURS, HourlyTotal, 90), (TRACK_HOURS, TrackTotal, 8)]
"""Cursor, table, and for how many days hours are kept."""


def coarsen(database: Database, *, now: datetime) -> int:
    """Bring the hours of each table up to date, in a transaction each; returns how many rows became one."""
    done = 0
    for name, table, days in HOURS_OF:
        fine_from = day_number(now.astimezone(UTC).date()) - days
        with database.reading() as session:
            is_due = queries.position_of(session, name) < fine_from
        if is_due:
            with database.writing() as session:
                done += _coarsen(session, name, table, fine_from)
    return done


def _coarsen(session: Session, name: str, table: Any, fine_from: int) -> int:
    insert_once(session, FoldCursor, name=CURSOR, position=0)
    queries.cursor_for_update(session, CURSOR)
    insert_once(session, FoldCursor, name=name, position=0)
    before = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=fine_from)
    after = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=queries.position_of(session, name))
    sums: dict[tuple[int, ...], list[int]] = {}
    fine = rollup_queries.rows_between(session, table, after, before)
    keys = [column.name for column in table.__table__.primary_key.columns]
    place = keys.index("hour")
    for row in fine:
        key, counters = list(row[: len(keys)]), row[len(keys) :]
        key[place] = hour_number(key[place]) // 24 * 24 + 12
        kept = sums.setdefault(tuple(key), [0] * len(counters))
        for number, value in enumerate(counters):
            kept[number] += value
    session.execute(delete(table).where(table.hour >= after, table.hour < before))
    add_rows(session, table, [(*key, *counters) for key, counters in sorted(sums.items())])
    session.execute(update(FoldCursor).where(FoldCursor.name == name).values(position=fine_from))
    return len(fine) - len(sums)
