"""Reading a roll-up: its rows and its blocks together, in one statement, so that packing never shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import (
    CompoundSelect,
    Integer,
    LargeBinary,
    Select,
    and_,
    bindparam,
    cast,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from flexapp.apps.models import FlexApp, Placement
from flexapp.catalog.models import Track
from flexapp.listening.blocks import ROLLUPS, Block, Numbers, Rollup, from_blocks
from flexapp.listening.rollups import ListenName, Played, RollupBlock

_AT_ONCE = 1000
Whose = Mapping[str, Any]
"""Conditions by name (all together) with their values; the first subject is an app where apps are meant.

``names`` of the first subject, ``placement`` in the app, ``tracks``, ``second``: the second subject's number;
and of a person by id ``owner`` of the app, ``either`` of the app or the track, ``elsewhere``: of the track,
but not of the app.
"""


def rows_of(
    session: Session, rollup: Rollup, *, low: int, high: int, whose: Whose, is_played: bool = False
) -> Iterator[Numbers]:
    """The rows from time ``low`` up to ``high``, in parts: whole numbers, (rows, columns of the table).

    Of one key there may be several rows, which are to be summed. With ``is_played`` the conditions are put to
    the apps and tracks of ``Played``, which lead to the rows.
    """
    blocks_of = {"from_block": low // rollup.per_block, "to_block": (high - 1) // rollup.per_block}
    query = _statement(rollup.number, frozenset(whose), is_played)
    found = session.execute(query, {"low": low, "high": high, **blocks_of, **whose})
    width = len(rollup.columns)
    for part in found.partitions(_AT_ONCE):
        blocks = [Block(row[2], row[3], row[1], row[0]) for row in part if row[0] is not None]
        rows = [row[2 : 2 + width] if rollup.subjects == 2 else (row[2], *row[4 : 3 + width])
                for row in part if row[0] is None]  # fmt: skip
        packed = from_blocks(rollup, blocks)
        time = packed[:, rollup.subjects]
        packed = packed[(time >= low) & (time < high)]
        yield np.concatenate((np.array(rows, np.int64).reshape(-1, width), packed))


@lru_cache(maxsize=100)
def _statement(number: int, names: frozenset[str], is_played: bool) -> CompoundSelect[Any]:
    """Made once for each kind of question: that takes as long as asking it.

    PostgreSQL lets each statement see what was committed when it began: two would see rows twice.
    """
    (rollup,) = (each for each in ROLLUPS if each.number == number)
    return union_all(_rows(rollup, names, is_played), _blocks(rollup, names, is_played))


def _rows(rollup: Rollup, names: frozenset[str], is_played: bool) -> Select[Any]:
    columns = rollup.columns
    numbers: list[Any] = [type_coerce(column, Integer) for column in columns]
    first, *others = numbers
    time = others[rollup.subjects - 1]
    between = time >= bindparam("low"), time < bindparam("high")
    if rollup.subjects == 1:
        others.insert(0, type_coerce(literal(0), Integer))
    query: Select[Any] = select(cast(null(), LargeBinary), cast(null(), Integer), first, *others)
    return _narrowed(query.where(*between), rollup.model, columns[0], columns[1], names, is_played)


def _blocks(rollup: Rollup, names: frozenset[str], is_played: bool) -> Select[Any]:
    kept = RollupBlock
    others: list[Any] = [cast(null(), Integer)] * (len(rollup.columns) - rollup.subjects)
    query: Select[Any] = select(kept.data, kept.number, kept.first, kept.second, *others).where(
        kept.rollup == rollup.number,
        kept.number >= bindparam("from_block"),
        kept.number <= bindparam("to_block"),
    )
    if rollup.subjects == 1:
        query = query.where(kept.second == 0)
    return _narrowed(query, kept, kept.first, kept.second, names, is_played)


def _narrowed(
    query: Select[Any], table: Any, first: Any, second: Any, names: frozenset[str], is_played: bool
) -> Select[Any]:
    if is_played:
        query = query.select_from(Played).join(table, and_(first == Played.app, second == Played.track))
        first, second = Played.app, Played.track
    conditions = {
        "names": first.in_(_numbers("names")),
        "placement": first.in_(_numbers_of(Placement.app_id, Placement.id == bindparam("placement"))),
        "tracks": second.in_(_numbers("tracks")),
        "second": second == bindparam("second"),
        "owner": first.in_(_numbers_of(FlexApp.id, FlexApp.owner_id == bindparam("owner"))),
        "either": or_(
            first.in_(_numbers_of(FlexApp.id, FlexApp.owner_id == bindparam("either"))),
            second.in_(_numbers_of(Track.id, Track.producer_id == bindparam("either"))),
        ),
        "elsewhere": and_(
            first.not_in(_numbers_of(FlexApp.id, FlexApp.owner_id == bindparam("elsewhere"))),
            second.in_(_numbers_of(Track.id, Track.producer_id == bindparam("elsewhere"))),
        ),
    }
    return query.where(*(conditions[name] for name in sorted(names)))


def _numbers(parameter: str) -> Select[int]:
    names: Any = bindparam(parameter, expanding=True)
    return select(ListenName.number).where(ListenName.name.in_(names))


def _numbers_of(name: Any, condition: Any) -> Select[int]:
    return (
        select(ListenName.number).join_from(ListenName, name.class_, name == ListenName.name).where(condition)
    )
