"""Cells that would name somebody are not shown, and hide nobody else."""

from __future__ import annotations

import operator

from hypothesis import given
from hypothesis import strategies as st

from flexapp.listening.floor import FLOOR, Cell, Floored, floored

DAYS = st.dictionaries(st.integers(1, 3), st.integers(1, 7), max_size=3)
CELLS = st.dictionaries(st.sampled_from(["", *"ABCDEFGH"]), DAYS, max_size=9).map(
    lambda days: [Cell(name, each, 1 + 10 * sum(each.values())) for name, each in days.items()]
)


def cells(**listeners: int) -> list[Cell[int]]:
    """Of one day, with ten plays a listener; ``_`` is what is not known."""
    return [
        Cell(name.strip("_"), {1: each} if each else {}, each * 10 or 7) for name, each in listeners.items()
    ]


def told(found: Floored[int]) -> tuple[str, int | None, int | None]:
    """Names that are shown, figures of the others, figures that are withheld."""
    return (
        "".join(cell.name or "_" for cell in found.shown),
        found.others and found.others.figures,
        found.withheld and found.withheld.figures,
    )


def test_small_cells_are_shown_together() -> None:
    assert told(floored(cells(A=9, B=3, C=2, D=5), operator.add)) == ("AD", 50, None)


def test_one_small_cell_takes_the_smallest_with_it_while_another_stays() -> None:
    assert told(floored(cells(A=9, B=7, C=2), operator.add)) == ("A", 90, None)
    assert told(floored(cells(A=29, C=1), operator.add)) == ("A", None, 10)


def test_what_is_not_known_hides_the_small_ones_first() -> None:
    assert told(floored(cells(A=9, B=6, _=8, C=2), operator.add)) == ("AB", 100, None)
    assert told(floored(cells(_=8, C=2), operator.add)) == ("", 100, None)


def test_all_there_is_gives_nobody_away() -> None:
    assert told(floored(cells(A=2, B=1), operator.add)) == ("", 30, None)


def test_listens_without_a_key_stay_beside_the_others() -> None:
    assert told(floored(cells(A=29, B=0), operator.add)) == ("A", 7, None)
    assert told(floored(cells(A=0, _=0), operator.add)) == ("", 14, None)


def test_somebody_who_comes_back_every_day_is_one_person() -> None:
    alone = Cell("AD", dict.fromkeys(range(6), 1), 6)
    crowd = Cell("DE", {1: 2, 2: 5}, 7)
    found = floored([alone, crowd], operator.add)
    assert (told(found), alone.people, crowd.people) == (("DE", None, 6), 1, 5)


@given(CELLS, st.randoms(use_true_random=False))
def test_nobody_is_named_or_lost_in_whatever_order(given_cells: list[Cell[int]], chance: object) -> None:
    found = floored(given_cells, operator.add)
    rest = [cell for cell in (found.others, found.withheld) if cell is not None]
    everything = [*found.shown, *rest]
    assert sum(cell.figures for cell in everything) == sum(cell.figures for cell in given_cells)
    assert sum(sum(cell.days.values()) for cell in everything) == sum(
        sum(cell.days.values()) for cell in given_cells
    )
    assert all(cell.people >= FLOOR for cell in found.shown)
    assert len(rest) <= 1
    assert all(not cell.name for cell in rest)
    if found.others is not None and found.shown:
        assert found.others.people >= FLOOR or not found.others.people
    named = [cell.name for cell in given_cells if cell.name and cell.people >= FLOOR]
    shown = [cell.name for cell in found.shown if cell.name]
    assert len(shown) >= len(named) - 1, "at most one is given up"
    assert shown or not named, "and never the last one"
    mixed = list(given_cells)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    again = floored(mixed, operator.add)
    assert {cell.name for cell in again.shown} == {cell.name for cell in found.shown}
    assert (again.others, again.withheld) == (found.others, found.withheld)
