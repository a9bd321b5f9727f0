"""What breakdowns are added up from: figures of one value, with its listeners day by day.

The floor asks how many people a value had on one day (``floor``), so days stay apart until it has decided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from flexapp.listening.floor import Days


class Share(NamedTuple):
    """One value of a breakdown, or a part of its figures."""

    name: str
    days: Days
    counters: Sequence[int]


def added(parts: Iterable[Share]) -> list[Share]:
    """One share for each name, in the order in which names first came."""
    days: dict[str, Counter[int]] = {}
    sums: dict[str, list[int]] = {}
    for name, each, counters in parts:
        if name in sums:
            sums[name] = [one + int(other) for one, other in zip(sums[name], counters, strict=True)]
        else:
            sums[name], days[name] = [int(count) for count in counters], Counter()
        for day, listeners in each.items():
            days[name][day] += listeners
    return [Share(name, days[name], counters) for name, counters in sums.items()]
