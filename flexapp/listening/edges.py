"""Edges of a span: one rule for all panels, so that figures of one span agree.

A span is whole UTC hours, from the hour of its beginning to the end of its last. Days inside it come from
the daily roll-ups; the pieces of days at its edges are counted from the listens. Where hours or listens are
not kept any more, a UTC day belongs to a span as a whole when its noon does: that is where its totals stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from flexapp.listening import queries
from flexapp.listening.rollups import hour_number, hour_of_number
from flexapp.listening.sealing import EVIDENCE
from flexapp.listening.totals import APP_HOURS, NEWEST, TRACK_HOURS

_NOON = 12


@dataclass(frozen=True)
class Span:
    """From hour ``low`` up to ``high``, whole days from ``first`` up to ``last``: all numbers since 1970."""

    low: int
    high: int
    first: int
    last: int

    @property
    def since(self) -> datetime:
        """Its first moment."""
        return hour_of_number(self.low)

    @property
    def until(self) -> datetime:
        """The first moment behind it."""
        return hour_of_number(self.high)

    @property
    def pieces(self) -> list[tuple[datetime, datetime]]:
        """What lies in it and in none of its whole days: nothing, or a part of its first and of its last."""
        if self.first > self.last:
            return [(self.since, self.until)]
        found = []
        if self.low < 24 * self.first:
            found.append((self.since, hour_of_number(24 * self.first)))
        if 24 * self.last < self.high:
            found.append((hour_of_number(24 * self.last), self.until))
        return found


def span_of(session: Session, since: datetime, until: datetime) -> Span:
    """The span as panels count it; a day that nothing is counted of behind the span is a whole one."""
    at = queries.positions_of(session, (APP_HOURS, TRACK_HOURS, EVIDENCE, NEWEST))
    low, high = settled(since, until, fine_from=max(at[APP_HOURS], at[TRACK_HOURS], at[EVIDENCE]))
    is_over = high % 24 == 0 or 0 < at[NEWEST] < high
    return Span(low, high, -(-low // 24), -(-high // 24) if is_over else high // 24)


def settled(since: datetime, until: datetime, *, fine_from: int) -> tuple[int, int]:
    """Its hours since 1970, the last not included; edges before day ``fine_from`` move to a midnight."""
    whole = hour_number(until)
    high = whole if hour_of_number(whole) == until else whole + 1
    return _settled(hour_number(since), fine_from), _settled(high, fine_from)


def _settled(edge: int, fine_from: int) -> int:
    """The hour itself, or the midnight that leaves its day's noon on the same side of the edge."""
    day, hour = divmod(edge, 24)
    return edge if day >= fine_from else 24 * (day + (hour > _NOON))
