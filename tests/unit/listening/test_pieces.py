"""Which bytes of a preview went out: a union in any order, held against what was heard."""

from __future__ import annotations

from functools import reduce
from operator import or_
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.listening.pieces import PIECE, TOLERANCE, bits_of, bytes_near, packed, pieces_of, unpacked

SIZE = 1_920_123  # two minutes at 128 kbit/s
RANGES = st.lists(st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)).map(sorted), max_size=20)


@given(RANGES, st.randoms(use_true_random=False))
def test_parts_in_any_order_and_any_number_are_the_bytes_that_went(
    ranges: list[list[int]], chance: Random
) -> None:
    parts = [bits_of(pieces_of(start, end, size=SIZE)) for start, end in ranges]
    union = reduce(or_, parts, 0)
    again = parts * 2
    chance.shuffle(again)
    assert reduce(or_, again, 0) == union == unpacked(packed(union))
    for number in range(-(-SIZE // PIECE)):
        first, past = number * PIECE, min(SIZE, (number + 1) * PIECE)
        went = any(start <= first and past <= end for start, end in ranges)
        assert bool(union >> number & 1) is went


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, PIECE, (0, 1)),
        (1, PIECE, (1, 1)),
        (0, PIECE - 1, (0, 0)),
        (5, 9, (1, 1)),
        (0, SIZE, (0, 469)),
        (SIZE - 1, SIZE, (469, 469)),
        (468 * PIECE, SIZE, (468, 469)),
    ],
)
def test_only_whole_pieces_and_the_last_one_count(start: int, end: int, expected: tuple[int, int]) -> None:
    assert pieces_of(start, end, size=SIZE) == expected


@given(RANGES, st.lists(st.tuples(st.integers(0, 130_000), st.integers(0, 130_000)).map(sorted), max_size=8))
def test_bytes_near_what_was_heard_count_once_and_others_never(
    ranges: list[list[int]], heard: list[list[int]]
) -> None:
    bits = reduce(or_, (bits_of(pieces_of(start, end, size=SIZE)) for start, end in ranges), 0)
    near = [(start * 16 - TOLERANCE, end * 16 + TOLERANCE) for start, end in heard]
    expected = sum(
        bits >> number & 1 and any(low < (number + 1) * PIECE and number * PIECE < high for low, high in near)
        for number in range(470)
    )
    assert bytes_near(bits, heard, bytes_per_second=16_000) == expected * PIECE


def test_absurd_claims_cost_nothing() -> None:
    assert bytes_near(bits_of((0, 3)), [[0, 10**15]], bytes_per_second=16_000) == 3 * PIECE
    assert bytes_near(0, [[0, 10**15]], bytes_per_second=16_000) == 0
