"""The floor: a cell of a breakdown by place or website has a name from five people on (embed-spec 9).

A producer who reads "1 listen from Andorra" knows who that was. What is known of people are visitor keys,
which live for a day: somebody who listens on six days has six. So a cell counts as many people as it had keys
on the one day (and in the one app) that had most, however many days it adds up.

Smaller cells are put together into one without a name, the *others*. When these are too few as well, the cell
of what is not known joins them, or the smallest one that is shown as long as another stays. When only one is
shown, it stays, and the small ones are *withheld*: they are in no line, and told as one figure. So nobody
hides from the producer where everybody else is, and nobody is named.

Whoever takes the cells from the total always learns how much the rest is, also where a page did not say so;
never where it was, since the rest has no name. Listens without a visitor key (GPC, DNT, no consent) are of
people nobody counted: by themselves they name no cell, and are among the others.

What this cannot prevent: figures of a cell that is shown are exact. Two answers that both show it (an app
and one of its tracks, a week and its first six days) may differ by one listen, whose country then is known.
Whoever knows that a player is on two websites only knows which one the rest is. And a person with five
addresses or browsers on one day is five.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Generic, TypeVar

FLOOR = 5
"""People that a cell with a name has at least."""
Days = Mapping[int, int]
"""Distinct visitor keys by day, or by app and day: nobody has two keys under one number."""
T = TypeVar("T")


@dataclass(frozen=True)
class Cell(Generic[T]):
    """One line of a breakdown: the name that groups it (empty when it is not known), and its figures."""

    name: str
    days: Days
    figures: T

    @property
    def people(self) -> int:
        """As many as there were at least: the keys of the day that had most."""
        return max(self.days.values(), default=0)


@dataclass(frozen=True)
class Floored(Generic[T]):
    """What may be shown; the figures of all cells add up to those that came in."""

    shown: Sequence[Cell[T]]  #: in the order they came in
    others: Cell[T] | None = None  #: all that were too small, together; None when there are none
    withheld: Cell[T] | None = None  #: the same, where they are too few for a line beside the only other one


def floored(cells: Iterable[Cell[T]], add: Callable[[T, T], T], *, at_least: int = FLOOR) -> Floored[T]:
    """The cells with ``at_least`` people, and the smaller ones summed by ``add``, as told above.

    Others have ``at_least`` people, unless they have none that is known, or are all there is. Which cells are
    shown does not depend on the order.
    """
    known = list(cells)
    shown = [cell for cell in known if cell.people >= at_least]
    small = [cell for cell in known if cell.people < at_least]
    if not small:
        return Floored(shown)
    rest = _together(small, add)
    if 0 < rest.people < at_least:
        joins = _joining(shown)
        if joins is not None:
            shown = [cell for cell in shown if cell is not joins]
            rest = _together([*small, joins], add)
    if 0 < rest.people < at_least and shown:
        return Floored(shown, withheld=rest)
    return Floored(shown, others=rest)


def _joining(shown: Sequence[Cell[T]]) -> Cell[T] | None:
    """What hides too few others: it costs least where nothing is known, else while another stays."""
    nameless = next((cell for cell in shown if not cell.name), None)
    if nameless is not None or len(shown) < 2:
        return nameless
    return min(shown, key=lambda cell: (cell.people, sum(cell.days.values()), cell.name))


def _together(cells: Sequence[Cell[T]], add: Callable[[T, T], T]) -> Cell[T]:
    days: Counter[int] = Counter()
    for cell in cells:
        days.update(cell.days)
    return Cell("", days, reduce(add, (cell.figures for cell in cells)))
