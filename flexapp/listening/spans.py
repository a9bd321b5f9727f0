"""Cutting a span of time: hours, or days, weeks, months and years of a zone, all made of UTC hours."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from flexapp.kernel import zones
from flexapp.listening.totals import hour_of

UTC_ZONE = ZoneInfo("UTC")
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


class Interval(StrEnum):
    """How a span is cut; all but hours in the zone that is asked for."""

    HOUR = "hour"  #: into hours
    DAY = "day"  #: into days
    WEEK = "week"  #: into weeks, from Monday
    MONTH = "month"  #: into months
    YEAR = "year"  #: into years
    TOTAL = "total"  #: not at all


class Cut:
    """The parts of a span, and which of them an hour lies in. The first and last may reach beyond it."""

    def __init__(self, since: datetime, until: datetime, interval: Interval, zone: ZoneInfo) -> None:
        self.starts: list[datetime] = list(_starts(since, until, interval, zone))
        hours = {start.hour for start in self.starts}
        #: the UTC hour at which each part begins; None when it differs, as where clocks change
        self.shift = next(iter(hours or {0})) if len(hours) < 2 else None

    def start_of(self, day: int) -> datetime:
        """When a day since 1970 begins that is cut at ``shift``."""
        return _BEGIN + timedelta(days=day, hours=self.shift or 0)

    def place_of(self, hour: datetime) -> int:
        """The place of the part in ``starts``; -1 when it is before the first."""
        return bisect_right(self.starts, hour) - 1


def _starts(since: datetime, until: datetime, interval: Interval, zone: ZoneInfo) -> Iterator[datetime]:
    if interval is Interval.TOTAL or since >= until:
        return
    at = hour_of(since.astimezone(UTC))
    if interval is Interval.HOUR:
        while at < until:
            yield at
            at += _HOUR
        return
    day = first_day(zones.today(at, zone), interval)
    while (start := _start_of_day(day, zone)) < until:
        yield start
        day = next_first_day(day, interval)


def first_day(day: date, interval: Interval) -> date:
    """The first day of the week, month or year of a day."""
    if interval is Interval.WEEK:
        return day - timedelta(days=day.weekday())
    if interval is Interval.MONTH:
        return day.replace(day=1)
    return day.replace(month=1, day=1) if interval is Interval.YEAR else day


def next_first_day(day: date, interval: Interval) -> date:
    """The first day of the next one."""
    reach = {Interval.WEEK: 7, Interval.MONTH: 31, Interval.YEAR: 366}.get(interval, 1)
    return first_day(day + reach * _DAY, interval)


@lru_cache(maxsize=4096)
def _start_of_day(day: date, zone: ZoneInfo) -> datetime:
    return (
        datetime(day.year, day.month, day.day, tzinfo=UTC)
        if zone.key == "UTC"
        else zones.start_of_day(day, zone)
    )
