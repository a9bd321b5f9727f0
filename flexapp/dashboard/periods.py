"""Spans of time that the dashboard shows, each with the span before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flexapp.listening.insights import Counts, Interval, Point

DEFAULT = "30d"
_DAYS = {"today": 1, "7d": 7, "30d": 30, "year": 364}
_LABELS = {"today": "Today", "7d": "7 days", "30d": "30 days", "year": "Year"}
_BEFORE = {
    "today": "yesterday until now",
    "7d": "the 7 days before",
    "30d": "the 30 days before",
    "year": "the year before",
}


@dataclass(frozen=True)
class Period:
    """A span that ends now, cut into hours, days or weeks, and the same span before it."""

    name: str
    label: str  #: ``30 days``
    before_label: str  #: ``the 30 days before``
    since: datetime
    until: datetime
    before_since: datetime
    before_until: datetime
    interval: Interval
    points_together: int = 1  #: so many days make one point of a chart


def period_of(name: str | None, now: datetime) -> Period:
    """``today``, ``7d``, ``30d`` or ``year``; anything else is 30 days. Days are UTC days.

    The last day is the running one. What came before is cut at the same moment of its last day, so
    that a morning is not compared with a whole day.
    """
    name = name if name in _DAYS else DEFAULT
    days = _DAYS[name]
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    since = midnight - timedelta(days=days - 1)
    back = timedelta(days=days)
    return Period(
        name=name,
        label=_LABELS[name],
        before_label=_BEFORE[name],
        since=since,
        until=now,
        before_since=since - back,
        before_until=now - back,
        interval=Interval.HOUR if name == "today" else Interval.DAY,
        points_together=7 if name == "year" else 1,
    )


def choices(period: Period, path: str) -> list[tuple[str, str, bool]]:
    """The periods as (label, address, is current)."""
    return [(label, f"{path}?period={name}", name == period.name) for name, label in _LABELS.items()]


def together(points: Sequence[Point], count: int) -> list[Point]:
    """Every ``count`` neighboring points as one; the first group may be smaller."""
    if count == 1 or not points:
        return list(points)
    first = len(points) % count
    starts = [0, *range(first, len(points), count)] if first else list(range(0, len(points), count))
    ends = [*starts[1:], len(points)]
    return [
        Point(points[start].at, sum((point.counts for point in points[start:end]), Counts()))
        for start, end in zip(starts, ends, strict=True)
    ]
