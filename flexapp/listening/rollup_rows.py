"""Rows and blocks of a roll-up: read together in one statement, so that packing never shows; moved by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Integer,
    LargeBinary,
    Select,
    Table,
    and_,
    cast,
    delete,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from flexapp.listening.adding import add_rows
from flexapp.listening.blocks import DAYS, Block, Numbers, Rollup, from_blocks
from flexapp.listening.rollups import Played, RollupBlock

_AT_ONCE = 1000
Whose = Callable[[Any, Any], Sequence[ColumnElement[bool]]]
"""Conditions on the columns of the first and second subject."""


def rows_of(
    session: Session,
    rollup: Rollup,
    *,
    low: int,
    high: int,
    whose: Whose,
    is_played: bool = False,
) -> Iterator[Numbers]:
    """The rows from time ``low`` up to ``high``, in parts: whole numbers, (rows, columns of the table).

    Of one key there may be several rows, which are to be summed. With ``is_played`` the conditions are put to
    the apps and tracks of ``Played``, which lead to the rows.
    """
    # PostgreSQL lets each statement see what was committed when it began: two would see rows twice.
    query = union_all(
        _rows(rollup, low, high, whose, is_played), _blocks(rollup, low, high, whose, is_played)
    )
    width = len(rollup.columns)
    for part in session.execute(query).partitions(_AT_ONCE):
        blocks = [Block(row[2], row[3], row[1], row[0]) for row in part if row[0] is not None]
        rows = [row[2 : 2 + width] if rollup.subjects == 2 else (row[2], *row[4 : 3 + width])
                for row in part if row[0] is None]  # fmt: skip
        found = from_blocks(rollup, blocks)
        time = found[:, rollup.subjects]
        found = found[(time >= low) & (time < high)]
        yield np.concatenate((np.array(rows, np.int64).reshape(-1, width), found))


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
    query = select(*_numbers(rollup)).where(
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
    before = [part.tolist() for part in rows_of(session, rollup, low=since, high=until, whose=_everybody)]
    kept = RollupBlock
    session.execute(delete(kept).where(kept.rollup == rollup.number, kept.number >= first_day // DAYS))
    session.execute(delete(rollup.model).where(type_coerce(rollup.time, Integer) >= since))
    for rows in before:
        add_rows(session, rollup.model, [tuple(row) for row in rows])


def _everybody(_: Any, __: Any) -> list[ColumnElement[bool]]:
    return []


def _between(column: Any, low: int, high: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return column >= low, column <= high


def _rows(rollup: Rollup, low: int, high: int, whose: Whose, is_played: bool) -> Select[Any]:
    first, *others = _numbers(rollup)
    if rollup.subjects == 1:
        others.insert(0, literal(0))
    time = type_coerce(rollup.time, Integer)
    query: Select[Any] = select(cast(null(), LargeBinary), cast(null(), Integer), first, *others)
    query = query.where(time >= low, time < high)
    columns = rollup.columns
    return _narrowed(query, rollup.model, columns[0], columns[1], whose, is_played)


def _blocks(rollup: Rollup, low: int, high: int, whose: Whose, is_played: bool) -> Select[Any]:
    kept = RollupBlock
    others: list[Any] = [cast(null(), Integer)] * (len(rollup.columns) - rollup.subjects)
    query: Select[Any] = select(kept.data, kept.number, kept.first, kept.second, *others).where(
        kept.rollup == rollup.number,
        kept.number >= low // rollup.per_block,
        kept.number <= (high - 1) // rollup.per_block,
    )
    if rollup.subjects == 1:
        query = query.where(kept.second == 0)
    return _narrowed(query, kept, kept.first, kept.second, whose, is_played)


def _numbers(rollup: Rollup) -> list[Any]:
    """Its columns, hours and days as numbers."""
    return [type_coerce(column, Integer) for column in rollup.columns]


def _narrowed(
    query: Select[Any], table: Any, first: Any, second: Any, whose: Whose, is_played: bool
) -> Select[Any]:
    if not is_played:
        return query.where(*whose(first, second))
    query = query.select_from(Played).join(table, and_(first == Played.app, second == Played.track))
    return query.where(*whose(Played.app, Played.track))
