"""The floor: a cell of a breakdown by place or website is shown from five listeners on (embed-spec 9).

A producer who sees "1 listen from Andorra" knows who that was. Smaller cells are put together into one
that is called *others*, and when even that one is too small, the next smallest cell joins it, so that
nobody can be found by taking the cells from the total.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

FLOOR = 5
"""Listeners that a cell has at least."""
T = TypeVar("T")


@dataclass(frozen=True)
class Cell(Generic[T]):
    """One line of a breakdown: the name that groups it, how many listeners, and its figures."""

    name: str
    listeners: int
    figures: T


@dataclass(frozen=True)
class Floored(Generic[T]):
    """What may be shown."""

    shown: Sequence[Cell[T]]  #: in the order they came in
    others: Cell[T] | None  #: all that were too small, together; None when there are none
    withheld: int = 0  #: listeners that are in no cell at all, since together they are too few


def floored(
    cells: Iterable[Cell[T]], add: Callable[[T, T], T], *, at_least: int = FLOOR, others: str = ""
) -> Floored[T]:
    """The cells with ``at_least`` listeners, and the smaller ones summed by ``add``.

    When the small ones together are still below the floor, the smallest shown cell joins them; when no
    cell is left to join, nothing of them is shown and ``withheld`` says how many listeners that are.
    Cells without any listener are left out. The sum of all listeners is kept.
    """
    known = [cell for cell in cells if cell.listeners > 0]
    small = [cell for cell in known if cell.listeners < at_least]
    shown = [cell for cell in known if cell.listeners >= at_least]
    if not small:
        return Floored(shown, None)
    together = sum(cell.listeners for cell in small)
    if together < at_least and shown:
        joins = min(reversed(shown), key=lambda cell: cell.listeners)
        shown = [cell for cell in shown if cell is not joins]
        small.append(joins)
        together += joins.listeners
    if together < at_least:
        return Floored(shown, None, withheld=together)
    figures = small[0].figures
    for cell in small[1:]:
        figures = add(figures, cell.figures)
    return Floored(shown, Cell(others, together, figures))
