"""Sketches: the listeners of an app on a sealed day as a HyperLogLog, so that several apps can be united.

One app, track or person needs none: their listener-days are counted exactly (``DailyListeners``), and days
add up because keys live for a day. But somebody who heard two of an account's apps is one listener of the
day. HLL with 2^11 registers has a standard error of 1.6 % above a few hundred keys; below it is exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LG_REGISTERS = 11


def sketches_of(columns: DuckDBPyConnection, table: str) -> dict[str, bytes]:
    """By app the sketch of the keys with a qualified listen in a table of one day."""
    rows = columns.execute(
        f"SELECT app, listener FROM {table} "
        "WHERE listener IS NOT NULL AND state & 1 = 1 AND percent >= 0 GROUP BY ALL"
    ).fetchall()
    keys: defaultdict[str, list[str]] = defaultdict(list)
    for app, listener in rows:
        keys[app].append(str(listener))
    return {app: sketch(found) for app, found in keys.items()}


def sketch(keys: Iterable[str]) -> bytes:
    """The sketch of keys, compact: a few bytes for each of the first, then about 1 KB."""
    import datasketches

    made = datasketches.hll_sketch(LG_REGISTERS, datasketches.tgt_hll_type.HLL_4)
    for key in keys:
        made.update(key)
    return bytes(made.serialize_compact())


def united(sketches: Iterable[bytes]) -> int:
    """About how many keys are in any of them."""
    import datasketches

    union = datasketches.hll_union(LG_REGISTERS)
    for each in sketches:
        union.update(datasketches.hll_sketch.deserialize(each))
    estimate: float = union.get_estimate()
    return round(estimate)
