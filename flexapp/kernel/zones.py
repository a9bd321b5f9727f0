"""Time zones: which ones there are, and where days begin in them when only whole UTC hours are known.

Totals are kept by UTC hour. A zone that is off by 30 or 45 minutes is rounded to the next whole hour
(halves go east), and ``is_rounded`` lets a page say so.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

_HOUR = timedelta(hours=1)


@lru_cache
def names() -> tuple[str, ...]:
    """To choose from: ``UTC``, then every zone of the tz database that people live in, by name."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return ("UTC", *sorted({row[2] for row in rows}))


def is_known(name: str) -> bool:
    """Whether the tz database has it; browsers also tell old names, such as Asia/Calcutta."""
    return name in _known()


@lru_cache
def zone_of(name: str) -> ZoneInfo:
    """The zone of that name; one that does not exist (any more) is UTC."""
    return ZoneInfo(name if is_known(name) else "UTC")


@lru_cache
def _known() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def is_rounded(zone: ZoneInfo, moment: datetime) -> bool:
    """Whether the zone's clock does not differ from UTC by whole hours then."""
    return bool(_offset(zone, moment) % _HOUR)


def local_hour(moment: datetime, zone: ZoneInfo) -> datetime:
    """The hour on the zone's wall clock, without a zone: what days, weeks and months are cut by."""
    offset = (_offset(zone, moment) + _HOUR / 2) // _HOUR * _HOUR
    wall = moment.astimezone(UTC).replace(tzinfo=None) + offset
    return wall.replace(minute=0, second=0, microsecond=0)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first UTC hour that belongs to the zone's day; a day of changed clocks has 23 or 25 hours.

    Places that moved across the date line left a day out: it begins where the next one does.
    """
    guess = datetime.combine(day, time(), UTC)
    hours = (guess + _HOUR * step for step in range(-15, 16))
    return next(hour for hour in hours if local_hour(hour, zone).date() >= day)


def today(moment: datetime, zone: ZoneInfo) -> date:
    """The zone's day at that moment."""
    return local_hour(moment, zone).date()


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()
