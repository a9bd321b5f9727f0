"""Figures of a period and of the one before it, as the dashboard's cards and charts say them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from flexapp.apps.models import Channel, FlexApp, Placement
from flexapp.apps.queries import apps_by_ids
from flexapp.catalog.models import Track
from flexapp.catalog.queries import tracks_by_ids
from flexapp.dashboard.charts import LineChart, Series, line_chart
from flexapp.dashboard.periods import LONG_DAY, Period, as_local
from flexapp.kernel import zones
from flexapp.listening import insights
from flexapp.listening.insights import Counts, Dimension, Interval, Point, Scope
from flexapp.web.filters import percent

CHANNELS = {
    Channel.OWN_SITE: "own sites",
    Channel.AFFILIATE: "affiliates",
    Channel.PLATFORM_PAGE: "Flexapp",
    Channel.SOCIAL_CARD: "cards in feeds",
    Channel.OEMBED_CONSUMER: "unfolded links",
    Channel.DIRECT: "direct",
}
BROUGHT = frozenset({Channel.PLATFORM_PAGE, Channel.AFFILIATE})
"""Channels of what the platform brings: its own pages, and websites of others. The rest is own promotion."""
_LINES_OF_CHANNELS = 3
_MOMENT = timedelta(seconds=1)
_ALONG = {
    Interval.HOUR: "Hour",
    Interval.DAY: "Day",
    Interval.WEEK: "Week",
    Interval.MONTH: "Month",
    Interval.YEAR: "Year",
}


@dataclass(frozen=True)
class Change:
    """How a figure moved against the period before: ``+18 %``; empty when nothing can be said."""

    text: str
    trend: str  #: up, down or even


@dataclass(frozen=True)
class Listening:
    """Listening in a period and before it."""

    now: Counts
    before: Counts
    chart: LineChart
    points: Sequence[Point] = ()

    @property
    def plays_change(self) -> Change:
        """Plays in percent of the period before."""
        return change_of(self.now.plays, self.before.plays)

    def plays_note(self, period: Period) -> str:
        """What plays are compared with; of all time there is nothing before."""
        if not period.before_label:
            return ""
        return f"against {period.before_label}" if self.before.plays else f"none in {period.before_label}"

    @property
    def completion_change(self) -> Change:
        """Completion in points."""
        if self.now.completion is None or self.before.completion is None:
            return Change("", "even")
        points = round(self.now.completion * 100) - round(self.before.completion * 100)
        return Change(f"{_signed(points)} pts", _trend(points))


def listening(session: Session, scope: Scope, period: Period) -> Listening:
    """Counters and the chart of a scope; channels get lines of their own when there are several."""
    now = _plays(session, scope, period.since, period.until, period)
    before = _plays(session, scope, period.before_since, period.before_until, period)
    series = [Series("plays", [point.counts.plays for point in now.points], 1)]
    by_channel = insights.series_by_channel(
        session,
        scope=scope,
        since=period.since,
        until=period.until,
        interval=period.interval,
        zone=period.zone,
    )
    if len(by_channel) > 1:
        largest = sorted(by_channel, key=lambda name: -sum(one.counts.plays for one in by_channel[name]))
        series += [
            Series(CHANNELS[Channel(name)], [one.counts.plays for one in by_channel[name]], kind)
            for kind, name in enumerate(largest[:_LINES_OF_CHANNELS], 2)
        ]
    if before.totals.plays and period.is_compared:
        series.append(Series(period.before_label, _fitted(before.points, len(now.points)), 0))
    return Listening(now.totals, before.totals, chart_of(series, now.points, period), now.points)


def chart_of(
    series: Sequence[Series], points: Sequence[Point], period: Period, unit: str = "plays"
) -> LineChart:
    """A chart over the points of a period; each knows its span, so that it can be zoomed into."""
    starts = [point.at for point in points]
    ends = [*starts[1:], period.until]
    return line_chart(
        series,
        unit=unit,
        labels=[_label(at, period) for at in starts],
        names=[name_of(at, period) for at in starts],
        moments=[
            (
                as_local(at, period.zone, period.interval),
                as_local(end - _MOMENT, period.zone, period.interval),
            )
            for at, end in zip(starts, ends, strict=True)
        ],
        along=f"{_ALONG[period.interval]} ({period.zone.key.replace('_', ' ')})",
    )


def change_of(now: int, before: int) -> Change:
    """``+18 %`` against before; nothing when there was nothing."""
    if not before:
        return Change("", "even")
    return Change(percent((now - before) / before, signed=True), _trend(now - before))


def difference_of(now: int, before: int) -> Change:
    """``−2`` against before, for small numbers."""
    return Change(_signed(now - before) if now or before else "", _trend(now - before))


@dataclass(frozen=True)
class TrackRow:
    """One track of a breakdown; the title is empty when the track is gone."""

    id: str
    title: str
    track: Track | None
    counts: Counts
    sold: int


def track_rows(
    session: Session, scope: Scope, period: Period, *, sold: Mapping[str, int], limit: int
) -> list[TrackRow]:
    """The tracks with the most plays, then those that only sold."""
    rows = insights.breakdown(session, Dimension.TRACK, scope=scope, since=period.since, until=period.until)
    found = {track_id: counts for track_id, counts in rows if track_id and (counts.starts or counts.plays)}
    ordered = [*found, *sorted(sold.keys() - found.keys())][:limit]
    tracks = tracks_by_ids(session, ordered)
    return [
        TrackRow(
            id=track_id,
            title=tracks[track_id].title if track_id in tracks else "A deleted beat",
            track=tracks.get(track_id),
            counts=found.get(track_id, Counts()),
            sold=sold.get(track_id, 0),
        )
        for track_id in ordered
    ]


@dataclass(frozen=True)
class PlaceRow:
    """Where something played: a placement, or an app without one."""

    label: str
    app: FlexApp | None
    counts: Counts

    @property
    def aside(self) -> str:
        """The app, unless the label says it already."""
        return self.app.name if self.app is not None and self.app.name != self.label else ""


def place_rows(
    session: Session, scope: Scope, period: Period, *, placements: Mapping[str, Placement]
) -> list[PlaceRow]:
    """Placements by plays; what played without one is told by its channel."""
    rows = insights.breakdown_of(
        session,
        (Dimension.APP, Dimension.PLACEMENT, Dimension.CHANNEL),
        scope=scope,
        since=period.since,
        until=period.until,
    )
    apps = apps_by_ids(session, {app_id for (app_id, _, _), _ in rows if app_id})
    merged: dict[tuple[str, str], Counts] = {}
    for (app_id, placement_id, channel), counts in rows:
        label = _place(placements.get(placement_id), apps.get(app_id), channel, is_placed=bool(placement_id))
        merged[app_id, label] = merged.get((app_id, label), Counts()) + counts
    found = [PlaceRow(label, apps.get(app_id), counts) for (app_id, label), counts in merged.items()]
    return sorted((row for row in found if row.counts.plays), key=lambda row: (-row.counts.plays, row.label))


def _place(placement: Placement | None, app: FlexApp | None, channel: str, *, is_placed: bool) -> str:
    """The placement's name; of somebody else's, whose names are theirs, the app's."""
    if placement is not None:
        return placement.name
    if is_placed and app is not None:
        return app.name
    words = {Channel.PLATFORM_PAGE.value: "Flexapp's own pages", Channel.DIRECT.value: "Direct link"}
    return words.get(channel, CHANNELS[Channel(channel)].capitalize())


def _plays(
    session: Session, scope: Scope, since: datetime, until: datetime, period: Period
) -> insights.Plays:
    return insights.plays(
        session,
        since=since,
        until=until,
        interval=period.interval,
        zone=period.zone,
        person_id=scope.person_id,
        app_ids=scope.app_ids,
        track_ids=scope.track_ids,
        placement_id=scope.placement_id,
        channel=scope.channel,
    )


def _fitted(points: Sequence[Point], count: int) -> list[float]:
    """Values of the period before, on the places of this one."""
    values = [float(point.counts.plays) for point in points][:count]
    return values + [0.0] * (count - len(values))


def _label(at: datetime, period: Period) -> str:
    local = zones.local_hour(at, period.zone)
    if period.interval is Interval.HOUR:
        is_one_day = period.until - period.since <= LONG_DAY
        return f"{local:%H:%M}" if is_one_day else f"{local.day} {local:%b}"
    if period.interval is Interval.MONTH:
        return f"{local:%b %Y}"
    return f"{local:%Y}" if period.interval is Interval.YEAR else f"{local.day} {local:%b}"


def name_of(at: datetime, period: Period) -> str:
    """A point in words: ``week of 16 Nov``."""
    local, label = zones.local_hour(at, period.zone), _label(at, period)
    if period.interval is Interval.HOUR:
        return f"{local.day} {local:%b}, {local:%H:%M}"
    return f"week of {label}" if period.interval is Interval.WEEK else label


def _signed(value: int) -> str:
    return f"+{value}" if value > 0 else f"−{-value}" if value < 0 else "±0"


def _trend(value: float) -> str:
    return "up" if value > 0 else "down" if value < 0 else "even"
