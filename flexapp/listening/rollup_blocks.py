"""Moving rows of a roll-up into blocks and back: what packing and rebuilding read and write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Integer, Table, delete, select, type_coerce
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from flexapp.listening.adding import add_rows
from flexapp.listening.blocks import DAYS, Block, Numbers, Rollup
from flexapp.listening.rollup_rows import rows_of
from flexapp.listening.rollups import RollupBlock


def firsts_before(session: Session, rollup: Rollup, high: int) -> set[int]:
    """First subjects of rows before a time."""
    time = type_coerce(rollup.time, Integer)
    return set(session.scalars(select(rollup.columns[0]).where(time < high).distinct()))


def firsts_of_blocks(session: Session, rollup: Rollup, since: int, until: int) -> set[int]:
    """First subjects of blocks that have days of a span (since 1970)."""
    kept = RollupBlock
    query = select(kept.first).where(
        kept.rollup == rollup.number, kept.number >= since // DAYS, kept.number <= (until - 1) // DAYS
    )
    return set(session.scalars(query.distinct()))


def rows_before(session: Session, rollup: Rollup, first: int, last: int, high: int) -> Numbers:
    """Rows of some first subjects before a time, without those in blocks."""
    columns = rollup.columns
    query = select(*(type_coerce(column, Integer) for column in columns)).where(
        *_between(columns[0], first, last), type_coerce(rollup.time, Integer) < high
    )
    rows = [tuple(row) for row in session.execute(query)]
    return np.array(rows, np.int64).reshape(-1, len(columns))


def blocks_between(
    session: Session, rollup: Rollup, first: int, last: int, low: int, high: int
) -> list[Block]:
    """Blocks of some first subjects, by their numbers, both ends included."""
    kept = RollupBlock
    query = select(kept.first, kept.second, kept.number, kept.data).where(
        kept.rollup == rollup.number, *_between(kept.first, first, last), *_between(kept.number, low, high)
    )
    return [Block(*row) for row in session.execute(query)]


def write_blocks(session: Session, rollup: Rollup, blocks: Sequence[Block]) -> None:
    """Keep blocks, instead of those that were there."""
    if not blocks:
        return
    table = RollupBlock.__table__
    assert isinstance(table, Table)
    insert = (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(table)
    keys = [column.name for column in table.primary_key.columns]
    replacing = insert.on_conflict_do_update(index_elements=keys, set_={"data": insert.excluded.data})
    session.execute(replacing, [{"rollup": rollup.number, **block._asdict()} for block in blocks])


def remove_blocks(session: Session, rollup: Rollup, places: Sequence[tuple[int, ...]]) -> None:
    """Forget blocks by first, second and number."""
    kept = RollupBlock
    for first, second, number in places:
        session.execute(
            delete(kept).where(
                kept.rollup == rollup.number,
                kept.first == first,
                kept.second == second,
                kept.number == number,
            )
        )


def remove_rows(session: Session, rollup: Rollup, first: int, last: int, high: int) -> None:
    """Forget the rows of ``rows_before``."""
    time = type_coerce(rollup.time, Integer)
    session.execute(delete(rollup.model).where(*_between(rollup.columns[0], first, last), time < high))


def clear(session: Session, rollup: Rollup, first_day: int) -> None:
    """Forget rows and blocks from a day on (since 1970); what a block holds of days before stays, as rows."""
    low = first_day // DAYS * DAYS
    since, until = low * rollup.per_day, first_day * rollup.per_day
    before = [part.tolist() for part in rows_of(session, rollup, low=since, high=until, whose={})]
    kept = RollupBlock
    session.execute(delete(kept).where(kept.rollup == rollup.number, kept.number >= first_day // DAYS))
    session.execute(delete(rollup.model).where(type_coerce(rollup.time, Integer) >= since))
    for rows in before:
        add_rows(session, rollup.model, [tuple(row) for row in rows])


def _between(column: Any, low: int, high: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return column >= low, column <= high
