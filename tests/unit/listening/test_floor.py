"""Cells that would name somebody are not shown."""

from __future__ import annotations

import operator

from hypothesis import given
from hypothesis import strategies as st

from flexapp.listening.floor import FLOOR, Cell, floored

SIZES = st.lists(st.integers(0, 12), max_size=12)


def cells(*sizes: int) -> list[Cell[int]]:
    return [Cell(f"c{place}", size, size * 10) for place, size in enumerate(sizes)]


def test_small_cells_are_shown_together() -> None:
    found = floored(cells(9, 3, 2, 5), operator.add)
    assert [cell.listeners for cell in found.shown] == [9, 5]
    assert found.others == Cell("", 5, 50)


def test_one_small_cell_takes_the_next_smallest_with_it() -> None:
    found = floored(cells(9, 7, 2), operator.add)
    assert [cell.listeners for cell in found.shown] == [9]
    assert found.others == Cell("", 9, 90)


def test_too_few_in_all_are_not_shown_at_all() -> None:
    found = floored(cells(2, 1), operator.add)
    assert (list(found.shown), found.others, found.withheld) == ([], None, 3)


@given(SIZES)
def test_no_cell_is_below_the_floor_and_nobody_is_lost(sizes: list[int]) -> None:
    found = floored(cells(*sizes), operator.add)
    shown = [*found.shown, *([found.others] if found.others else [])]
    assert all(cell.listeners >= FLOOR for cell in shown)
    assert sum(cell.listeners for cell in shown) + found.withheld == sum(sizes)
    assert sum(cell.figures for cell in shown) + 10 * found.withheld == 10 * sum(sizes)
