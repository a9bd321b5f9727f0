"""A map of the world with the countries that listened, in four steps of color."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from flexapp.assets import read_built
from flexapp.kernel import countries

_STEPS = 4


@dataclass(frozen=True)
class Place:
    """One country: ``step`` 1 to 4 by its plays; ``is_drawn`` unless it is too small for the map."""

    code: str
    name: str
    plays: int
    step: int
    is_drawn: bool


@dataclass(frozen=True)
class WorldMap:
    """What the macro draws; the same figures stand in a list beside it."""

    places: Sequence[Place]
    steps: Sequence[tuple[int, str]]  #: step and ``10 to 99`` in words, the palest first
    summary: str

    @property
    def drawn(self) -> list[Place]:
        """Those that the map has outlines of."""
        return [place for place in self.places if place.is_drawn]


def world_map(rows: Sequence[tuple[str, int]]) -> WorldMap:
    """The map of (country code, plays); unknown countries are not on it.

    The steps are equal in ratio, since a few countries hold most listeners: with the fewest plays L and the
    most M, step n begins at L times (M / L) to the power of (n - 1) / 4. Where there are fewer than four,
    the palest are left out.
    """
    known = [(code, plays) for code, plays in rows if code and plays > 0]
    most = max((plays for _, plays in known), default=0)
    least = min((plays for _, plays in known), default=1)
    edges = (
        sorted({round(least * (most / least) ** (step / _STEPS)) for step in range(_STEPS)}) if most else []
    )
    palest = _STEPS - len(edges)
    outlines = _outlines()
    places = [
        Place(
            code=code,
            name=countries.name_of(code),
            plays=plays,
            step=palest + sum(plays >= edge for edge in edges),
            is_drawn=code in outlines,
        )
        for code, plays in sorted(known, key=lambda row: (-row[1], row[0]))
    ]
    first = ", ".join(f"{place.name} {place.plays:,}" for place in places[:3])
    summary = f"plays from {len(places)} {'country' if len(places) == 1 else 'countries'}" + (
        f", most from {first}" if first else ""
    )
    return WorldMap(places, list(enumerate(_ranges(edges, most), palest + 1)), summary)


def _ranges(edges: Sequence[int], most: int) -> list[str]:
    ends = [*(edge - 1 for edge in edges[1:]), most] if edges else []
    return [
        f"{start:,}" if start == end else f"{start:,} to {end:,}"
        for start, end in zip(edges, ends, strict=True)
    ]


@lru_cache
def _outlines() -> frozenset[str]:
    """The codes that ``world.svg`` has a symbol of."""
    text = read_built("world.svg")
    return frozenset(re.findall(r'id="([A-Z]{2})"', text))
