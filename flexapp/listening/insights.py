"""Figures of listening: by app, placement, channel and track, by hour or day, for any span of time.

All come from the roll-ups, so a span costs its hours and nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flexapp.listening import queries, rollup_queries
from flexapp.listening.edges import span_of
from flexapp.listening.models import Decision, Play
from flexapp.listening.rollups import hour_of_number
from flexapp.listening.scopes import Scope
from flexapp.listening.spans import UTC_ZONE, Cut, Interval

__all__ = ["Counts", "Dimension", "Interval", "Plays", "Point", "Scope"]


class Dimension(StrEnum):
    """What figures are broken down by."""

    APP = "app_id"
    PLACEMENT = "placement_id"
    CHANNEL = "channel"
    TRACK = "track_id"

    @property
    def column(self) -> str:
        """Of the totals."""
        return self.value.removesuffix("_id")


@dataclass(frozen=True)
class Counts:
    """Counters of a span; the definitions are in ``counting`` and ``totals``."""

    loads: int = 0
    impressions: int = 0
    starts: int = 0
    plays: int = 0
    replays: int = 0
    completed: int = 0
    listen_ms: int = 0
    checkouts: int = 0
    views: int = 0
    opens: int = 0
    adds: int = 0
    downloads: int = 0
    sales: int = 0
    refunds: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Counts)))

    @property
    def listen_seconds(self) -> float:
        """Listening time, repeats included."""
        return self.listen_ms / 1000

    @property
    def completion(self) -> float | None:
        """The share of plays in which 80 % or more was heard; None without plays."""
        return self.completed / self.plays if self.plays else None

    @property
    def average_listen_ms(self) -> float | None:
        """Listening time per start; None without starts."""
        return self.listen_ms / self.starts if self.starts else None


@dataclass(frozen=True)
class Point:
    """Counters of one hour or day that begins at ``at``."""

    at: datetime
    counts: Counts


@dataclass(frozen=True)
class Plays:
    """A span of time: its totals, and its points in order without gaps; none for TOTAL."""

    since: datetime
    until: datetime
    interval: Interval
    totals: Counts
    points: list[Point]


def plays(
    session: Session,
    *,
    since: datetime,
    until: datetime,
    interval: Interval | str = Interval.DAY,
    person_id: str | None = None,
    app_ids: Collection[str] | None = None,
    track_ids: Collection[str] | None = None,
    placement_id: str | None = None,
    channel: str | None = None,
    zone: ZoneInfo = UTC_ZONE,
) -> Plays:
    """Counters from the hour of ``since`` up to ``until``, all conditions together (see ``Scope``).

    A span of days (weeks, months, years) of ``zone`` begins with the first, maybe partial, one.
    """
    interval = Interval(interval)
    scope = Scope(person_id, app_ids, track_ids, placement_id, channel)
    cut = Cut(since, until, interval, zone)
    if interval is Interval.HOUR or cut.shift is None:
        by_hour = _sums(session, ("hour",), scope, since, until)
        by_start = {hour_of_number(hour): counts for (hour,), counts in by_hour.items()}
    else:
        by_day = _sums(session, ("day",), scope, since, until, shift=cut.shift)
        by_start = {cut.start_of(day): counts for (day,), counts in by_day.items()}
    return Plays(since, until, interval, total_of(by_start.values()), _points(by_start, cut))


def breakdown(
    session: Session, dimension: Dimension, *, scope: Scope, since: datetime, until: datetime
) -> list[tuple[str, Counts]]:
    """Counters by app, placement, channel or track, most plays first; ties by starts, then by name."""
    rows = breakdown_of(session, (dimension,), scope=scope, since=since, until=until)
    return [(values[0], counts) for values, counts in rows]


def breakdown_of(
    session: Session,
    dimensions: tuple[Dimension, ...],
    *,
    scope: Scope,
    since: datetime,
    until: datetime,
) -> list[tuple[tuple[str, ...], Counts]]:
    """The same by several dimensions together."""
    columns = tuple(dimension.column for dimension in dimensions)
    found = list(_named(session, _sums(session, columns, scope, since, until)).items())
    return sorted(found, key=lambda one: (-one[1].plays, -one[1].starts, one[0]))


def series_by_channel(
    session: Session,
    *,
    scope: Scope,
    since: datetime,
    until: datetime,
    interval: Interval,
    zone: ZoneInfo = UTC_ZONE,
) -> dict[str, list[Point]]:
    """For each channel that has plays its points in order without gaps."""
    channels: defaultdict[int, dict[datetime, Counts]] = defaultdict(dict)
    for (channel, hour), counts in _sums(session, ("channel", "hour"), scope, since, until).items():
        channels[channel][hour_of_number(hour)] = counts
    names = queries.names_by_number(session, channels)
    cut = Cut(since, until, interval, zone)
    return {
        names[channel]: _points(by_hour, cut)
        for channel, by_hour in channels.items()
        if any(counts.plays for counts in by_hour.values())
    }


def left_out(
    session: Session,
    *,
    app_ids: Collection[str] | None = None,
    track_ids: Collection[str] | None = None,
    since: datetime,
    until: datetime,
) -> dict[str, int]:
    """Listens long enough for a play that do not count, by reason (``counting.Reason``), most first.

    Raw rows reach back about a month.
    """
    span = span_of(session, since, until)
    query = (
        select(Play.reason, func.count())
        .where(
            Play.started_at >= span.since,
            Play.started_at < span.until,
            Play.is_qualified.is_(True),
            Play.decision != Decision.VALID,
        )
        .group_by(Play.reason)
        .order_by(func.count().desc(), Play.reason)
    )
    if app_ids is not None:
        query = query.where(Play.app_id.in_(list(app_ids)))
    if track_ids is not None:
        query = query.where(Play.track_id.in_(list(track_ids)))
    return {reason: int(count) for reason, count in session.execute(query)}


def total_of(counts: Iterable[Counts]) -> Counts:
    """Their sum."""
    columns = zip(*(tuple(each.__dict__.values()) for each in counts), strict=True)
    return Counts(*(sum(column) for column in columns))


def _points(by_hour: dict[datetime, Counts], cut: Cut) -> list[Point]:
    parts: list[list[Counts]] = [[] for _ in cut.starts]
    if parts:
        for hour, counts in by_hour.items():
            parts[max(0, cut.place_of(hour))].append(counts)
    return [
        Point(at, part[0] if len(part) == 1 else total_of(part))
        for at, part in zip(cut.starts, parts, strict=True)
    ]


def _sums(
    session: Session,
    columns: tuple[str, ...],
    scope: Scope,
    since: datetime,
    until: datetime,
    *,
    shift: int = 0,
) -> dict[tuple[int, ...], Counts]:
    """Counters by columns of the totals, as numbers (``sums_of_totals``)."""
    rows = rollup_queries.sums_of_totals(session, columns, scope, since=since, until=until, shift=shift)
    return {numbers: Counts(*sums) for numbers, sums in rows}


def _named(session: Session, sums: dict[tuple[int, ...], Counts]) -> dict[tuple[str, ...], Counts]:
    names = queries.names_by_number(session, {number for key in sums for number in key})
    return {tuple(names[number] for number in key): counts for key, counts in sums.items()}
