"""The panels of insights: series, the period before, engagement, growth, trend, funnel, listeners.

Days, weeks, months and years are those of a zone, made of UTC hours (``kernel.zones`` says which are
rounded). ``edges`` says what belongs to a span: the same hours for every panel.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from flexapp.listening import exact, insights, quality, raw_queries, rollup_queries, spanning
from flexapp.listening.columns import Mirror
from flexapp.listening.edges import span_of
from flexapp.listening.floor import Cell, floored
from flexapp.listening.insights import Counts, Dimension, Interval, Plays, Point
from flexapp.listening.quality import Growth, Retention
from flexapp.listening.scopes import Scope
from flexapp.listening.sketches import united
from flexapp.listening.spans import UTC_ZONE

__all__ = ["Counts", "Interval", "Plays", "Point", "Scope"]
TOP_LISTENERS = 10
_GROWTH = timedelta(days=quality.GROWTH_DAYS)


class Step(StrEnum):
    """What a funnel is told by."""

    PLACEMENT = "placement"  #: a deployed spot
    HOST = "host"  #: the site around the player; of whole apps only


@dataclass(frozen=True)
class Comparison:
    """A span and the one before it, equally long and cut alike."""

    now: Plays
    before: Plays

    def change(self, counter: str) -> float | None:
        """How much more or less of a counter (or ``completion``, ``average_listen_ms``); None from zero."""
        return quality.change(getattr(self.now.totals, counter), getattr(self.before.totals, counter))


@dataclass(frozen=True)
class Engagement:
    """How well a span was listened to."""

    counts: Counts  #: ``average_listen_ms`` and ``completion`` (of counted plays) are among them
    retention: Retention  #: score, bands, badge, buckets and curve


@dataclass(frozen=True)
class Trend:
    """Plays of the second half of a span against those of the first."""

    first: int
    second: int
    change: float | None  #: None from zero


@dataclass(frozen=True)
class FunnelRow:
    """One placement or site: loaded → visible → played → license opened → added → bought → refunded."""

    name: str  #: the placement's id or the site; empty when there is none
    counts: Counts

    @property
    def plays(self) -> int:
        """Counted plays among its steps."""
        return self.counts.plays

    @property
    def steps(self) -> tuple[int, ...]:
        """The counters of the way, in order."""
        counts = self.counts
        return (
            counts.loads,
            counts.impressions,
            counts.plays,
            counts.opens,
            counts.adds,
            counts.sales,
            counts.refunds,
        )


@dataclass(frozen=True)
class Funnel:
    """Rows, others and what is withheld are everything; of placements there are rows only."""

    rows: list[FunnelRow]
    others: FunnelRow | None = None  #: websites that the floor puts together
    withheld: FunnelRow | None = None  #: the same, too few for a row beside the only one

    @property
    def everything(self) -> list[FunnelRow]:
        """What adds up to all that happened."""
        return [row for row in (*self.rows, self.others, self.withheld) if row is not None]


@dataclass(frozen=True)
class TopListeners:
    """Signed-in people who agreed to be named as listeners, most plays first; without any, the reason."""

    rows: Sequence[tuple[str, Counts]] = ()  #: name, and its starts, plays and listening time
    reason: str = ""


def series(
    session: Session,
    scope: Scope,
    *,
    since: datetime,
    until: datetime,
    interval: Interval,
    zone: ZoneInfo = UTC_ZONE,
) -> Plays:
    """Points without gaps, and their totals."""
    return insights.plays(
        session,
        since=since,
        until=until,
        interval=interval,
        person_id=scope.person_id,
        app_ids=scope.app_ids,
        track_ids=scope.track_ids,
        placement_id=scope.placement_id,
        channel=scope.channel,
        zone=zone,
    )


def compare(
    session: Session,
    scope: Scope,
    *,
    since: datetime,
    until: datetime,
    interval: Interval,
    zone: ZoneInfo = UTC_ZONE,
    before: tuple[datetime, datetime] | None = None,
) -> Comparison:
    """The span and the one of the same length that ends where it begins, or the given one."""
    start, end = before or (since - (until - since), since)
    return Comparison(
        series(session, scope, since=since, until=until, interval=interval, zone=zone),
        series(session, scope, since=start, until=end, interval=interval, zone=zone),
    )


def engagement(
    session: Session, scope: Scope, *, since: datetime, until: datetime, mirror: Mirror | None = None
) -> Engagement:
    """Average, completion, retention, quality score and badge.

    Retention knows apps and tracks; a placement or channel does not narrow it.
    """
    totals = series(session, scope, since=since, until=until, interval=Interval.TOTAL).totals
    return Engagement(totals, retention(session, scope, since=since, until=until, mirror=mirror))


def retention(
    session: Session, scope: Scope, *, since: datetime, until: datetime, mirror: Mirror | None = None
) -> Retention:
    """How far listens went; a placement or channel does not narrow it.

    With ``mirror`` the pieces of days at the span's edges reach behind the raw rows.
    """
    wide = replace(scope, placement_id=None, channel=None)
    span = span_of(session, since, until)
    listens, percent, *rest = spanning.retention_sums(session, wide, span, mirror=mirror)
    return Retention(listens, percent, tuple(rest[:5]), tuple(rest[5:]))


def growth(session: Session, scope: Scope, *, now: datetime) -> Growth:
    """Plays of the last 28 days against the 28 before."""
    points = series(session, scope, since=now - 2 * _GROWTH, until=now, interval=Interval.HOUR).points
    middle = now - _GROWTH
    last = sum(point.counts.plays for point in points if point.at >= middle)
    before = sum(point.counts.plays for point in points if point.at < middle)
    first_at = next((point.at for point in points if point.counts.starts), None)
    return quality.growth_of(last, before, first_at=first_at, now=now)


def trend(session: Session, scope: Scope, *, since: datetime, until: datetime) -> Trend:
    """The second half of the span against the first."""
    points = series(session, scope, since=since, until=until, interval=Interval.HOUR).points
    middle = since + (until - since) / 2
    first = sum(point.counts.plays for point in points if point.at < middle)
    second = sum(point.counts.plays for point in points if point.at >= middle)
    return Trend(first, second, quality.change(second, first))


def funnel(
    session: Session,
    scope: Scope,
    *,
    by: Step = Step.PLACEMENT,
    since: datetime,
    until: datetime,
    mirror: Mirror | None = None,
) -> Funnel:
    """The way from a load to a sale by placement or site, most loads first; nothing without any step.

    Sites are kept by app: ``by=HOST`` takes apps (``app_ids``, or a person's own), and names the sites that
    the breakdown of their listens names. Its pieces of days reach behind the raw rows with ``mirror``.
    """
    if by is Step.PLACEMENT:
        parts = insights.breakdown(session, Dimension.PLACEMENT, scope=scope, since=since, until=until)
        return Funnel(_in_order(FunnelRow(name, counts) for name, counts in parts))
    sites = spanning.sites_of(session, scope, span_of(session, since, until), mirror=mirror)
    cells = [Cell(name, days, FunnelRow(name, Counts(*sums))) for name, days, sums in sites]
    kept = floored(cells, lambda one, other: FunnelRow("", one.counts + other.counts))
    others, withheld = (
        replace(cell.figures, name="") if cell and any(cell.figures.steps) else None
        for cell in (kept.others, kept.withheld)
    )
    return Funnel(_in_order(cell.figures for cell in kept.shown), others, withheld)


def _in_order(rows: Iterable[FunnelRow]) -> list[FunnelRow]:
    found = [row for row in rows if any(row.steps)]
    return sorted(found, key=lambda row: (-row.counts.loads, -row.counts.plays, row.name))


@dataclass(frozen=True)
class Listeners:
    """Listener-days: distinct visitor keys with a qualified listen, day by day."""

    days: int
    is_exact: bool  #: else by sketches, 1.6 % off as a rule


def listener_days(
    session: Session,
    scope: Scope,
    *,
    since: datetime,
    until: datetime,
    mirror: Mirror | None = None,
    is_exact: bool = False,
) -> Listeners:
    """Of one app, one track or one person from the roll-ups, always exact; of several apps by sketches.

    Anything narrower, or ``is_exact``, is counted from the listens: with ``mirror`` those of sealed days,
    too, else as far as raw rows reach (30 days).
    """
    subject, span = _subject(scope), span_of(session, since, until)
    if subject is not None:
        return Listeners(spanning.listener_days(session, subject, scope, span, mirror=mirror), True)
    since, until = span.since, span.until
    is_apps = scope.app_ids is not None and scope == Scope(app_ids=scope.app_ids)
    if is_exact or not is_apps or scope.app_ids is None:
        return Listeners(exact.listener_days(session, scope, since=since, until=until, mirror=mirror), True)
    by_day: defaultdict[date, list[bytes]] = defaultdict(list)
    for day, sketch in rollup_queries.sketches_of(session, scope.app_ids, span):
        by_day[day].append(sketch)
    open_days = exact.days_without(set(by_day), since=since, until=until)
    days = sum(
        exact.listener_days(session, scope, since=start, until=end, mirror=mirror) for start, end in open_days
    )
    return Listeners(days + sum(map(united, by_day.values())), not by_day)


def _subject(scope: Scope) -> str | None:
    """The one app, track or person that the scope is about, if nothing else narrows it."""
    apps, tracks = list(scope.app_ids or ()), list(scope.track_ids or ())
    if scope == Scope(person_id=scope.person_id):
        return scope.person_id
    if len(apps) == 1 and scope == Scope(app_ids=scope.app_ids):
        return apps[0]
    return tracks[0] if len(tracks) == 1 and scope == Scope(track_ids=scope.track_ids) else None


def top_listeners(session: Session, scope: Scope, *, since: datetime, until: datetime) -> TopListeners:
    """Who listened most, of those who are signed in with us and agreed to be named.

    A player knows nobody: names come from the visitor keys of people who opened our pages that day
    (``own_plays``), so far back as raw rows reach. Own plays are no plays, so owners are not among them.
    """
    found = raw_queries.listeners_named(session, scope, since=since, until=until, limit=TOP_LISTENERS)
    rows = [
        (name, Counts(starts=starts, plays=plays, listen_ms=heard)) for name, starts, plays, heard in found
    ]
    return TopListeners(rows, "" if rows else "Nobody who agreed to be named listened in this time.")
