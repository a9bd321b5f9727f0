"""Packing: rows behind the hot tail become blocks; hours that nobody looks at any more become a row a day.

A part of the apps is packed in a transaction of its own, behind the fold's cursor: whoever adds to roll-ups
waits, for some tenths of a second. What comes later for a packed day lies beside its block as rows, which may
be negative, until the next packing adds them up.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from sqlalchemy import update
from sqlalchemy.orm import Session

from flexapp.kernel.steps import step
from flexapp.listening import queries, rollup_blocks
from flexapp.listening.blocks import (
    BY_APP,
    BY_TRACK,
    DAYS,
    LISTENERS,
    ROLLUPS,
    Numbers,
    Rollup,
    from_blocks,
    summed,
    to_blocks,
)
from flexapp.listening.folding import CURSOR
from flexapp.listening.models import FoldCursor
from flexapp.listening.rollups import day_number
from flexapp.listening.sealing import HOT_DAYS
from flexapp.listening.totals import APP_HOURS, TRACK_HOURS
from flexapp.storage.once import insert_once
from flexapp.storage.session import Database

HOUR_DAYS = 90
"""For so many days hours are kept, of apps and tracks alike: their pages say the same of a span."""
HOURS_OF: dict[int, str] = {BY_APP.number: APP_HOURS, BY_TRACK.number: TRACK_HOURS}
"""By roll-up the cursor of its hours."""


def pack(database: Database, *, now: datetime) -> int:
    """Bring every roll-up up to date; returns how many blocks were written."""
    return sum(_pack(database, rollup, now=now) for rollup in ROLLUPS)


def packed_before(now: datetime) -> int:
    """Rows of days before this one (since 1970) are packed: those that are sealed."""
    return day_number(now.astimezone(UTC).date()) - HOT_DAYS


def firsts_at_once(rollup: Rollup) -> int:
    """How many first subjects are worked on together, so that a part takes little time and memory."""
    return 4000 if rollup is LISTENERS else 40


def _pack(database: Database, rollup: Rollup, *, now: datetime) -> int:
    before = packed_before(now)
    with database.reading() as session:
        cursor = HOURS_OF.get(rollup.number, "")
        coarse = queries.position_of(session, cursor) if cursor else 0
        fine_from = max(coarse, day_number(now.astimezone(UTC).date()) - HOUR_DAYS) if cursor else 0
        due = rollup_blocks.firsts_before(session, rollup, before * rollup.per_day)
        if coarse < fine_from:
            due |= rollup_blocks.firsts_of_blocks(session, rollup, coarse, fine_from)
    written, firsts, size = 0, sorted(due), firsts_at_once(rollup)
    for start in range(0, len(firsts), size):
        part = firsts[start : start + size]
        with database.turn, database.writing() as session:
            _lock(session)
            spans = (coarse, fine_from, before)
            written += _pack_part(session, rollup, part[0], part[-1], spans)
        step("rollup.packed", rollup=rollup.number)
    if coarse < fine_from:
        with database.turn, database.writing() as session:
            _lock(session)
            insert_once(session, FoldCursor, name=cursor, position=0)
            session.execute(update(FoldCursor).where(FoldCursor.name == cursor).values(position=fine_from))
    return written


def _pack_part(session: Session, rollup: Rollup, first: int, last: int, spans: tuple[int, int, int]) -> int:
    """Merge the rows of these first subjects into blocks; from day ``coarse`` to ``fine_from`` hours end."""
    coarse, fine_from, before = spans
    high = before * rollup.per_day
    rows = rollup_blocks.rows_before(session, rollup, first, last, high)
    numbers = set((rows[:, rollup.subjects] // rollup.per_block).tolist())
    if coarse < fine_from:
        numbers.update((coarse // DAYS, (fine_from - 1) // DAYS))
    if not numbers:
        return 0
    old = rollup_blocks.blocks_between(session, rollup, first, last, min(numbers), max(numbers))
    merged = summed(_coarse(rollup, np.concatenate((from_blocks(rollup, old), rows)), fine_from), rollup.keys)
    merged = merged[merged[:, rollup.keys :].any(axis=1)]
    gone = {block[:3]: block.data for block in old}
    new = [block for block in to_blocks(rollup, merged) if gone.pop(block[:3], None) != block.data]
    rollup_blocks.write_blocks(session, rollup, new)
    rollup_blocks.remove_blocks(session, rollup, list(gone))
    rollup_blocks.remove_rows(session, rollup, first, last, high)
    return len(new)


def _coarse(rollup: Rollup, rows: Numbers, fine_from: int) -> Numbers:
    """Hours before that day stand at noon."""
    if rollup.per_day == 24:
        days = rows[:, rollup.subjects] // 24
        rows[:, rollup.subjects] = np.where(days < fine_from, days * 24 + 12, rows[:, rollup.subjects])
    return rows


def _lock(session: Session) -> None:
    insert_once(session, FoldCursor, name=CURSOR, position=0)
    queries.cursor_for_update(session, CURSOR)
