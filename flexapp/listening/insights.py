"""Figures of listening: by app, placement, channel and track, by hour or day, for any span of time.

All come from the hourly totals, so a span costs its hours and nothing else. Days are UTC days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from flexapp.apps.models import FlexApp
from flexapp.catalog.models import Track
from flexapp.listening.models import Decision, HourlyTotal, Play
from flexapp.listening.totals import hour_of

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class Interval(StrEnum):
    """How a span is cut."""

    HOUR = "hour"  #: into hours
    DAY = "day"  #: into UTC days
    TOTAL = "total"  #: not at all


class Dimension(StrEnum):
    """What figures are broken down by."""

    APP = "app_id"
    PLACEMENT = "placement_id"
    CHANNEL = "channel"
    TRACK = "track_id"


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


@dataclass(frozen=True)
class Scope:
    """Which totals are asked for; None does not narrow.

    ``person_id`` is what one person may see: everything in their apps, and their tracks in
    everybody's. Give it whenever a person asks.
    """

    person_id: str | None = None
    app_ids: Collection[str] | None = None
    track_ids: Collection[str] | None = None
    placement_id: str | None = None
    channel: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same for a select of the totals."""
        found: list[ColumnElement[bool]] = []
        if self.person_id is not None:
            found.append(
                or_(
                    HourlyTotal.app_id.in_(select(FlexApp.id).where(FlexApp.owner_id == self.person_id)),
                    HourlyTotal.track_id.in_(select(Track.id).where(Track.producer_id == self.person_id)),
                )
            )
        if self.app_ids is not None:
            found.append(HourlyTotal.app_id.in_(list(self.app_ids)))
        if self.track_ids is not None:
            found.append(HourlyTotal.track_id.in_(list(self.track_ids)))
        if self.placement_id is not None:
            found.append(HourlyTotal.placement_id == self.placement_id)
        if self.channel is not None:
            found.append(HourlyTotal.channel == str(self.channel))
        return found


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
) -> Plays:
    """Counters from the hour of ``since`` up to ``until``, all conditions together (see ``Scope``).

    A span of days begins with the first, maybe partial, day.
    """
    interval = Interval(interval)
    scope = Scope(person_id, app_ids, track_ids, placement_id, channel)
    by_hour = dict(_by(session, HourlyTotal.hour, scope, since=since, until=until))
    totals = sum(by_hour.values(), Counts())
    cut: defaultdict[datetime, Counts] = defaultdict(Counts)
    for hour, counts in by_hour.items():
        cut[_start(hour, interval)] += counts
    points = [Point(at, cut[at]) for at in _starts(since, until, interval)]
    return Plays(since, until, interval, totals, points)


def breakdown(
    session: Session, dimension: Dimension, *, scope: Scope, since: datetime, until: datetime
) -> list[tuple[str, Counts]]:
    """Counters by app, placement, channel or track, most plays first; ties by starts, then by name."""
    rows = _by(session, getattr(HourlyTotal, dimension.value), scope, since=since, until=until)
    return sorted(rows, key=lambda row: (-row[1].plays, -row[1].starts, str(row[0])))


def breakdown_of(
    session: Session,
    dimensions: tuple[Dimension, ...],
    *,
    scope: Scope,
    since: datetime,
    until: datetime,
) -> list[tuple[tuple[str, ...], Counts]]:
    """The same by several dimensions together."""
    first, *others = (getattr(HourlyTotal, dimension.value) for dimension in dimensions)
    rows = session.execute(_totals(first, scope, since=since, until=until, also=tuple(others)))
    found = []
    for row in rows:
        values = tuple(row)
        found.append((values[: len(dimensions)], Counts(*map(int, values[len(dimensions) :]))))
    return sorted(found, key=lambda one: (-one[1].plays, -one[1].starts, one[0]))


def series_by_channel(
    session: Session, *, scope: Scope, since: datetime, until: datetime, interval: Interval
) -> dict[str, list[Point]]:
    """For each channel that has plays its points in order without gaps."""
    rows = session.execute(
        _totals(HourlyTotal.channel, scope, since=since, until=until, also=(HourlyTotal.hour,))
    )
    cut: defaultdict[str, defaultdict[datetime, Counts]] = defaultdict(lambda: defaultdict(Counts))
    for channel, hour, *sums in rows:
        cut[channel][_start(hour, interval)] += Counts(*map(int, sums))
    starts = list(_starts(since, until, interval))
    return {
        channel: [Point(at, found[at]) for at in starts]
        for channel, found in cut.items()
        if any(counts.plays for counts in found.values())
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
    query = (
        select(Play.reason, func.count())
        .where(
            Play.started_at >= since,
            Play.started_at < until,
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


def listener_days(
    session: Session,
    *,
    app_ids: Collection[str] | None = None,
    track_ids: Collection[str] | None = None,
    since: datetime,
    until: datetime,
) -> int:
    """Distinct visitor-day keys with a valid qualified play: one person on two days counts twice.

    Visitors without a key are not among them. Raw rows reach back about a month.
    """
    query = select(func.count(Play.visitor_key.distinct())).where(
        Play.started_at >= since,
        Play.started_at < until,
        Play.is_qualified.is_(True),
        Play.decision == Decision.VALID,
    )
    if app_ids is not None:
        query = query.where(Play.app_id.in_(list(app_ids)))
    if track_ids is not None:
        query = query.where(Play.track_id.in_(list(track_ids)))
    return session.scalar(query) or 0


def _by(
    session: Session, column: Any, scope: Scope, *, since: datetime, until: datetime
) -> list[tuple[Any, Counts]]:
    rows = session.execute(_totals(column, scope, since=since, until=until))
    return [(value, Counts(*map(int, sums))) for value, *sums in rows]


def _totals(
    column: Any, scope: Scope, *, since: datetime, until: datetime, also: tuple[Any, ...] = ()
) -> Select[Any]:
    sums = [func.sum(getattr(HourlyTotal, each.name)) for each in fields(Counts)]
    query = select(column, *also, *sums).where(HourlyTotal.hour >= hour_of(since), HourlyTotal.hour < until)
    return query.where(*scope.conditions()).group_by(column, *also)


def _start(hour: datetime, interval: Interval) -> datetime:
    return hour if interval is Interval.HOUR else hour.replace(hour=0)


def _starts(since: datetime, until: datetime, interval: Interval) -> Iterator[datetime]:
    if interval is Interval.TOTAL:
        return
    step = _HOUR if interval is Interval.HOUR else _DAY
    at = _start(hour_of(since), interval)
    while at < until:
        yield at
        at += step
