"""What listens are made of: countries, devices, systems, browsers, sites and layouts.

Whole apps are read from the daily roll-ups (pieces of days from the listens); whatever is narrower (a track,
a placement, a channel, a producer's tracks elsewhere) from the listens themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from flexapp.listening import exact, spanning
from flexapp.listening.columns import Mirror
from flexapp.listening.edges import span_of
from flexapp.listening.floor import Cell, floored
from flexapp.listening.rollups import Dimension
from flexapp.listening.scopes import Scope

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
"""Breakdowns that could name somebody: cells of fewer than five listeners are not told apart."""


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
    """A breakdown; the sum of all is told, whatever is withheld."""

    rows: list[Part]  #: most plays first
    others: Part | None  #: beyond the top, and what the floor puts together
    withheld: int  #: listeners in no row, too few to be shown
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
    found = sorted(
        (Part(*row) for row in _rows(session, scope, by, since, until, mirror)),
        key=lambda part: (-part.plays, -part.starts, part.value),
    )
    total = _sum("", found)
    others: list[Part] = []
    withheld = 0
    if by in FLOORED:
        kept = floored((Cell(part.value, part.listeners, part) for part in found), _together)
        rows = [cell.figures for cell in kept.shown]
        if kept.others is not None:
            others.append(kept.others.figures)
        withheld = kept.withheld
    else:
        rows = found
    others += rows[top:]
    return Parts(rows[:top], _sum("", others) if others else None, withheld, total)


def _rows(
    session: Session, scope: Scope, by: By, since: datetime, until: datetime, mirror: Mirror | None
) -> list[tuple[str, int, int, int]]:
    span = span_of(session, since, until)
    if scope.person_id is None and scope.track_ids is None and not (scope.placement_id or scope.channel):
        dimension = None if by is By.HOST else Dimension[by.name]
        return spanning.listens_by(session, scope, dimension, span, mirror=mirror)
    return exact.listens_by(session, scope, by.value, since=span.since, until=span.until, mirror=mirror)


def _together(one: Part, other: Part) -> Part:
    return Part("", one.starts + other.starts, one.plays + other.plays, one.listeners + other.listeners)


def _sum(value: str, rows: list[Part]) -> Part:
    return Part(
        value,
        sum(part.starts for part in rows),
        sum(part.plays for part in rows),
        sum(part.listeners for part in rows),
    )
