"""Blocks give back the rows they were made of, whatever the numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from flexapp.listening.blocks import (
    DAYS,
    LISTENERS,
    ROLLUPS,
    Block,
    Rollup,
    from_blocks,
    summed,
    to_blocks,
)

NUMBERS = st.one_of(st.integers(0, 40), st.integers(0, 2**31 - 1))
COUNTS = st.one_of(st.just(0), st.integers(-70, 300), st.integers(-(2**63), 2**63 - 1))


@given(st.sampled_from(ROLLUPS), st.data())
def test_rows_come_back_from_blocks(rollup: Rollup, data: st.DataObject) -> None:
    row = st.tuples(*[NUMBERS] * rollup.keys, *[COUNTS] * (len(rollup.columns) - rollup.keys))
    given_rows = data.draw(st.lists(row, max_size=30, unique_by=lambda row: row[: rollup.keys]))
    rows = np.array(sorted(given_rows), np.int64).reshape(-1, len(rollup.columns))
    blocks = list(to_blocks(rollup, rows))
    assert from_blocks(rollup, blocks).tolist() == rows.tolist()
    assert summed(from_blocks(rollup, blocks[::-1]), rollup.keys).tolist() == rows.tolist()
    assert len({block[:3] for block in blocks}) == len(blocks)


def test_older_blocks_count_all_times_from_their_first_day() -> None:
    old = Block(7, 0, 2, bytes([0, 2, 6, 10, 8]))  # (1, 3) and (5, 4), signs in the lowest bit
    new = Block(8, 0, 2, bytes([2, 2, 6, 8, 8]))
    rows = [[7, 33, 3], [7, 37, 4], [8, 33, 3], [8, 37, 4]]
    assert from_blocks(LISTENERS, [old, new]).tolist() == rows
    assert list(to_blocks(LISTENERS, np.array(rows[2:], np.int64))) == [new]


def test_a_block_has_sixteen_days_and_takes_few_bytes() -> None:
    rows = np.array([(7, day, 3) for day in range(DAYS - 1, 3 * DAYS)], np.int64)
    blocks = list(to_blocks(LISTENERS, rows))
    assert [block[:3] for block in blocks] == [(7, 0, 0), (7, 0, 1), (7, 0, 2)]
    assert max(len(block.data) for block in blocks) < 2 * DAYS + 2


def test_sums_are_by_key_and_of_everything_without_one() -> None:
    rows = np.array([(2, 1, 5), (1, 9, 7), (2, 1, -1)], np.int64)
    assert summed(rows, 2).tolist() == [[1, 9, 7], [2, 1, 4]]
    assert summed(rows[:, 2:], 0).tolist() == [[11]]
