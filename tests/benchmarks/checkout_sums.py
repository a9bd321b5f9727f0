"""Dividing proceeds: cheap enough to do again for every check of the books."""

from __future__ import annotations

from pathlib import Path

from flexapp.config import DEFAULT_SCHEDULE
from flexapp.kernel.money import allocate
from flexapp.orders.proceeds import divide
from tests.benchmarks.setting import Table, per_second


def run(_folder: Path) -> Table:
    """Items a second on one core, against the bare largest-remainder division."""
    bare = per_second(lambda: allocate(2999, (7100, 1000, 1900)))
    whole = per_second(
        lambda: divide(2999, schedule=DEFAULT_SCHEDULE, producer_is_affiliate=False, has_affiliate=True)
    )
    return Table(
        "Proceeds of an item",
        ("", "per second", "of bare"),
        [
            ("largest remainder alone", f"{bare:,.0f}", "100 %"),
            ("by the commission schedule", f"{whole:,.0f}", f"{whole / bare:.0%}"),
        ],
    )
