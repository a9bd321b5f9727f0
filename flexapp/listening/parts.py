"""What listens are made of: countries, devices, systems, browsers, sites and layouts.

Whole apps are read from the daily roll-ups (pieces of days from the listens); whatever is narrower (a track,
a placement, a channel, a producer's tracks elsewhere) from the listens themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import reduce

from sqlalchemy.orm import Session

from flexapp.listening import exact, spanning
from flexapp.listening.columns import Mirror
from flexapp.listening.edges import span_of
from flexapp.listening.floor import Cell, Floored, floored
from flexapp.listening.scopes import Scope
from flexapp.listening.shares import Share

TOP = 10


class By(StrEnum):
    """What to break down by."""

    COUNTRY = "country"  #: ISO 3166-1, empty when unknown; floor of five
    DEVICE = "device"  #: empty when unknown
    OS = "os"  #: empty when unknown
    BROWSER = "browser"  #: empty when unknown
    HOST = "host"  #: the site around the player; floor of five
    LAYOUT = "layout"  #: empty when unknown


FLOORED = frozenset({By.COUNTRY, By.HOST})
"""Breakdowns that could name somebody: cells of fewer than five people are not told apart."""


@dataclass(frozen=True)
class Part:
    """One value: listens that began, plays, and listener-days."""

    value: str
    starts: int
    plays: int
    listeners: int

    def share_of(self, total: int) -> float:
        """Of that many plays; 0 of none."""
        return self.plays / total if total else 0.0


@dataclass(frozen=True)
class Parts:
    """A breakdown: rows, others and what is withheld are the total."""

    rows: list[Part]  #: most plays first
    others: Part | None  #: beyond the top, and what the floor puts together
    withheld: Part | None  #: too few for a row beside the only one that is shown
    total: Part


def parts(
    session: Session,
    scope: Scope,
    by: By,
    *,
    since: datetime,
    until: datetime,
    top: int = TOP,
    mirror: Mirror | None = None,
) -> Parts:
    """The values with the most plays, the others together.

    With ``mirror`` narrower scopes, and the pieces of days at the span's edges, reach behind the raw rows.
    """
    return all_parts(session, scope, [by], since=since, until=until, top=top, mirror=mirror)[by]


def all_parts(
    session: Session,
    scope: Scope,
    bys: Sequence[By] = tuple(By),
    *,
    since: datetime,
    until: datetime,
    top: int = TOP,
    mirror: Mirror | None = None,
) -> dict[By, Parts]:
    """Several breakdowns of one span; where listens are read, they are read once."""
    span, names = span_of(session, since, until), [by.value for by in bys]
    if scope.person_id is None and scope.track_ids is None and not (scope.placement_id or scope.channel):
        found = spanning.listens_by(session, scope, names, span, mirror=mirror)
    else:
        found = exact.listens_by(session, scope, names, since=span.since, until=span.until, mirror=mirror)
    return {by: _parts(found[by.value], by, top) for by in bys}


def _parts(shares: Iterable[Share], by: By, top: int) -> Parts:
    found = [
        Cell(name, days, Part(name, starts, plays, sum(days.values())))
        for name, days, (starts, plays) in shares
    ]
    found.sort(key=lambda cell: (-cell.figures.plays, -cell.figures.starts, cell.name))
    kept = floored(found, _together) if by in FLOORED else Floored(found)
    rows = [cell.figures for cell in kept.shown]
    others = ([kept.others.figures] if kept.others else []) + rows[top:]
    return Parts(
        rows[:top],
        _sum(others) if others else None,
        _sum([kept.withheld.figures]) if kept.withheld else None,
        _sum(cell.figures for cell in found),
    )


def _together(one: Part, other: Part) -> Part:
    return Part("", one.starts + other.starts, one.plays + other.plays, one.listeners + other.listeners)


def _sum(parts: Iterable[Part]) -> Part:
    return reduce(_together, parts, Part("", 0, 0, 0))
