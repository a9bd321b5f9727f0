"""Spans of time that the dashboard shows, in the zone of the account, each with the span before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flexapp.errors import Invalid
from flexapp.kernel import zones
from flexapp.listening.insights import Interval

DEFAULT = "28d"
CUSTOM = "custom"
YESTERDAY = "yesterday"
_DAYS = {"today": 1, YESTERDAY: 1, "7d": 7, "28d": 28, "90d": 90, "year": 365}
LABELS = {
    "today": "Today",
    YESTERDAY: "Yesterday",
    "7d": "7 days",
    "28d": "28 days",
    "90d": "90 days",
    "year": "Year",
    "all": "All time",
}
_BEFORE = {
    "today": "yesterday until now",
    YESTERDAY: "the day before",
    "7d": "the 7 days before",
    "28d": "the 28 days before",
    "90d": "the 90 days before",
    "year": "the year before",
}
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MOST_POINTS = 750
_LENGTHS = {Interval.HOUR: _HOUR, Interval.DAY: _DAY, Interval.WEEK: 7 * _DAY, Interval.MONTH: 28 * _DAY}
LONG_DAY = timedelta(hours=25)  #: the day on which clocks go back
_USUAL = ((LONG_DAY, Interval.HOUR), (100 * _DAY, Interval.DAY), (2 * 366 * _DAY, Interval.WEEK))
INTERVALS = {
    Interval.HOUR: "Hourly",
    Interval.DAY: "Daily",
    Interval.WEEK: "Weekly",
    Interval.MONTH: "Monthly",
    Interval.YEAR: "Yearly",
}


class InvalidPeriod(Invalid):
    """A custom period whose dates cannot be read, end before they begin, or lie ahead."""

    code = "invalid_period"


@dataclass(frozen=True)
class Period:
    """A span and the same span before it; moments are UTC, days are those of ``zone``."""

    name: str
    label: str  #: ``28 days``
    before_label: str  #: ``the 28 days before``
    since: datetime
    until: datetime
    before_since: datetime
    before_until: datetime
    interval: Interval
    zone: ZoneInfo
    is_compared: bool = True
    #: the custom span as it was asked for, in local days or hours
    asked: tuple[str, str] = ("", "")
    back: str = ""  #: the period that was zoomed into

    @property
    def zone_note(self) -> str:
        """``Days of Europe/Berlin``, and whether they are rounded to whole hours."""
        rounded = " (rounded to whole hours)" if zones.is_rounded(self.zone, self.until) else ""
        return f"days of {self.zone.key.replace('_', ' ')}{rounded}"

    @property
    def days(self) -> tuple[str, str]:
        """The first and the last local day, for the fields of a custom span."""
        last = self.until - timedelta(seconds=1)
        return as_local(self.since, self.zone, Interval.DAY), as_local(last, self.zone, Interval.DAY)

    def query(self, **changes: str) -> str:
        """The query that asks for this period again, with some values changed; empty ones are left out."""
        asked = {"since": self.asked[0], "until": self.asked[1]} if self.name == CUSTOM else {}
        values = {"period": self.name, **asked, "by": self.interval.value, "from": self.back}
        if not self.is_compared:
            values["compare"] = "off"
        return urlencode({name: value for name, value in {**values, **changes}.items() if value})


def period_of(
    wishes: Mapping[str, str], now: datetime, *, zone: ZoneInfo | None = None, begin: datetime | None = None
) -> Period:
    """The period of a query: ``period``, ``since`` and ``until`` (days, or hours), ``by``, ``compare``.

    Unknown names are 28 days. The last day is the running one, but of yesterday; what came before is cut
    at the same moment of its last day, so that a morning is not compared with a whole day. All time
    begins with the UTC day of ``begin``, which no later folding of hours into days can take in two. Raises
    InvalidPeriod.
    """
    zone = zone or zones.zone_of("UTC")
    name = wishes.get("period", DEFAULT)
    asked, before_label = ("", ""), ""
    if name == CUSTOM:
        asked = (wishes.get("since", ""), wishes.get("until", ""))
        since, until = _asked(asked, now, zone)
        label, before_label = _words(since, until, zone), "the same time before"
        before_since, before_until = since - (until - since), since
    elif name == "all" and begin is not None:
        since, until = zones.start_of_day(begin.astimezone(UTC).date(), zones.zone_of("UTC")), now
        label, before_since, before_until = LABELS[name], since, since
    else:
        name = name if name in _DAYS else DEFAULT
        label, before_label = LABELS[name], _BEFORE[name]
        today, back = zones.today(now, zone), timedelta(days=_DAYS[name])
        if name == YESTERDAY:
            now = zones.start_of_day(today, zone)
            today -= _DAY
        since, until = zones.start_of_day(today - back + _DAY, zone), now
        before_since = zones.start_of_day(today - 2 * back + _DAY, zone)
        passed = now - zones.start_of_day(today, zone)
        cut = zones.start_of_day(today - back, zone) + passed
        before_until = since if name == YESTERDAY else min(cut, since)
    return Period(
        name=name,
        label=label,
        before_label=before_label,
        since=since,
        until=until,
        before_since=before_since,
        before_until=before_until,
        interval=_interval(wishes.get("by", ""), until - since),
        zone=zone,
        is_compared=wishes.get("compare") != "off" and before_since < before_until,
        asked=asked,
        back=wishes.get("from", "") if wishes.get("from", "") in LABELS else "",
    )


def choices(period: Period, path: str) -> list[tuple[str, str, bool]]:
    """The periods as (label, address, is current)."""
    rest = "" if period.is_compared or period.name == "all" else "&compare=off"
    return [(label, f"{path}?period={name}{rest}", name == period.name) for name, label in LABELS.items()]


def intervals(period: Period) -> list[tuple[str, str]]:
    """How this span may be cut, as (value, label): neither one point only nor too many to read."""
    span = period.until - period.since
    return [
        (interval.value, label)
        for interval, label in INTERVALS.items()
        if interval is period.interval or _fits(interval, span)
    ]


def _interval(wish: str, span: timedelta) -> Interval:
    wished = next((each for each in INTERVALS if each.value == wish), None)
    if wished is not None and _fits(wished, span):
        return wished
    return next((interval for longest, interval in _USUAL if span <= longest), Interval.MONTH)


def _fits(interval: Interval, span: timedelta) -> bool:
    length = _LENGTHS.get(interval, 365 * _DAY)
    return span / length <= _MOST_POINTS and (span > length or interval is Interval.HOUR)


def _asked(texts: tuple[str, str], now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the first day or hour to the end of the last, which may not lie ahead of now."""
    first, _ = _edge("since", texts[0], zone)
    _, last = _edge("until", texts[1], zone)
    if first >= last:
        raise _refusal("until", "The last day is before the first.")
    if first >= now:
        raise _refusal("since", "This has not happened yet: choose a day up to today.")
    return first, min(last, now)


def _edge(field: str, text: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Where a local day (``2026-11-20``) or hour (``2026-11-20T08``) begins and ends, in UTC."""
    day_text, _, hour_text = text.partition("T")
    try:
        day = date.fromisoformat(day_text)
        hour = int(hour_text) if hour_text else None
        if hour is not None:
            time(hour)
    except ValueError:
        raise _refusal(field, "Write a day as 2026-11-20.") from None
    if not 2000 <= day.year <= 2100:
        raise _refusal(field, "Choose a day after the year 2000.")
    start = zones.start_of_day(day, zone)
    if hour is None:
        return start, zones.start_of_day(day + _DAY, zone)
    hours = (start + step * _HOUR for step in range(27))
    begins = next(one for one in hours if zones.local_hour(one, zone).hour >= hour)
    return begins, begins + _HOUR


def _words(since: datetime, until: datetime, zone: ZoneInfo) -> str:
    first, last = zones.local_hour(since, zone), zones.local_hour(until - timedelta(seconds=1), zone)
    if first.date() == last.date():
        day = f"{first.day} {first:%b %Y}"
        whole = first.hour == 0 and last.hour == 23
        return day if whole else f"{day}, {first:%H:%M} to {last.hour + 1:02d}:00"
    if first.year == last.year:
        return f"{first.day} {first:%b} to {last.day} {last:%b %Y}"
    return f"{first.day} {first:%b %Y} to {last.day} {last:%b %Y}"


def _refusal(field: str, sentence: str) -> InvalidPeriod:
    return InvalidPeriod(sentence, fields={field: sentence})


def as_local(moment: datetime, zone: ZoneInfo, interval: Interval) -> str:
    """A point's beginning as the query takes it: its local day, or hour."""
    local = zones.local_hour(moment.astimezone(UTC), zone)
    return f"{local:%Y-%m-%dT%H}" if interval is Interval.HOUR else f"{local:%Y-%m-%d}"
