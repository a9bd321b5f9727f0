"""Insights: plays of the caller's tracks, and in the caller's apps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flexapp.api.apps import own_app
from flexapp.api.placements import own_placement
from flexapp.api.room import room
from flexapp.api.shapes.insights import (
    Activity,
    ActivityCounts,
    ActivityQuery,
    Breakdown,
    Buckets,
    ChannelActivity,
    Engagement,
    Funnel,
    FunnelQuery,
    FunnelStep,
    GrowthRate,
    HalfTrend,
    ListenPart,
    NamedListener,
    PartsQuery,
    PlayCounts,
    PlayGroup,
    PlayPoint,
    Plays,
    PlaysQuery,
    SpanQuery,
)
from flexapp.catalog.queries import own_album, own_track, tracks_of_album
from flexapp.errors import Invalid
from flexapp.kernel import zones
from flexapp.listening import panels
from flexapp.listening.activity import by_channels, total_of
from flexapp.listening.insights import Dimension, Interval, Scope, breakdown, plays
from flexapp.listening.parts import parts
from flexapp.listening.upkeep import mirror_of
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person

insights = room("insights", "Insights", "How often tracks and apps played, where and when.")

USUAL = timedelta(days=28)
_YEARS = range(2000, 2101)
_EVER = timedelta(days=366 * len(_YEARS))
LONGEST = {
    Interval.HOUR: timedelta(days=92),
    Interval.DAY: timedelta(days=1830),
    Interval.WEEK: timedelta(days=7 * 1830),
    Interval.MONTH: _EVER,
    Interval.YEAR: _EVER,
    Interval.TOTAL: _EVER,
}
_DIMENSIONS = {
    "app": Dimension.APP,
    "placement": Dimension.PLACEMENT,
    "channel": Dimension.CHANNEL,
    "track": Dimension.TRACK,
}


class InvalidSpan(Invalid):
    """The span of time ends before it begins, or has more points than one answer takes."""

    code = "invalid_span"


@insights.get("/insights/plays", responses={200: Plays})
@allow(Access.TOKEN)
def get_plays(query: PlaysQuery) -> Plays:
    """Plays of the caller's tracks anywhere and of any track in the caller's apps; conditions narrow.

    A track of another producer is told in an own app or placement only.
    """
    interval = Interval(query.interval)
    since, until = _span(query, interval)
    scope = _scope(query)
    found = plays(
        db(),
        since=since,
        until=until,
        interval=interval,
        person_id=scope.person_id,
        app_ids=scope.app_ids,
        track_ids=scope.track_ids,
        placement_id=scope.placement_id,
        channel=scope.channel,
        zone=_zone(query.zone),
    )
    groups = breakdown(db(), _DIMENSIONS[query.by], scope=scope, since=since, until=until) if query.by else []
    return Plays(
        since=since,
        until=until,
        interval=interval.value,
        totals=PlayCounts.of(found.totals),
        points=[PlayPoint.at_moment(point.at, point.counts) for point in found.points],
        groups=[PlayGroup.of_key(str(key), counts) for key, counts in groups],
    )


@insights.get("/insights/breakdown", responses={200: Breakdown})
@allow(Access.TOKEN)
def get_breakdown(query: PartsQuery) -> Breakdown:
    """Listens by country, device, system, browser, website or layout of the player."""
    since, until = _span(query)
    found = parts(
        db(),
        _scope(query),
        query.by,
        since=since,
        until=until,
        top=query.limit,
        mirror=mirror_of(services()),
    )
    return Breakdown(
        since=since,
        until=until,
        by=query.by,
        rows=[ListenPart.of(row) for row in found.rows],
        others=None if found.others is None else ListenPart.of(found.others),
        withheld=None if found.withheld is None else ListenPart.of(found.withheld),
        total=ListenPart.of(found.total),
    )


@insights.get("/insights/engagement", responses={200: Engagement})
@allow(Access.TOKEN)
def get_engagement(query: SpanQuery) -> Engagement:
    """How far people listened, the quality score, growth and trend.

    A placement or a channel does not narrow how far they listened.
    """
    since, until = _span(query)
    scope = _scope(query)
    mirror = mirror_of(services())
    found = panels.engagement(db(), scope, since=since, until=until, mirror=mirror)
    kept = found.retention
    growth = panels.growth(db(), scope, now=services().clock.now())
    trend = panels.trend(db(), scope, since=since, until=until)
    average = found.counts.average_listen_ms
    return Engagement(
        since=since,
        until=until,
        listens=kept.listens,
        average_listen_seconds=None if average is None else average / 1000,
        completion=found.counts.completion,
        average_heard=kept.average,
        quality_score=kept.score,
        quality=kept.band,
        badge=kept.badge,
        buckets=Buckets(**dict(zip(Buckets.model_fields, kept.buckets, strict=True))),
        retention=list(kept.curve or ()),
        listener_days=panels.listener_days(db(), scope, since=since, until=until, mirror=mirror).days,
        top_listeners=[
            NamedListener(name=name, plays=counts.plays, listen_seconds=counts.listen_seconds)
            for name, counts in panels.top_listeners(db(), scope, since=since, until=until).rows
        ],
        growth=GrowthRate(
            rate=growth.rate,
            plays=growth.plays,
            before=growth.before,
            status=growth.status,
            reason=growth.reason,
        ),
        trend=HalfTrend(first=trend.first, second=trend.second, change=trend.change),
    )


@insights.get("/insights/funnel", responses={200: Funnel})
@allow(Access.TOKEN)
def get_funnel(query: FunnelQuery) -> Funnel:
    """Loaded, seen, played, license opened, added, bought and refunded, by placement or website.

    Websites have the names that the breakdown by host gives; the rest of them is put together.
    """
    since, until = _span(query)
    scope = _scope(query)
    narrower = (scope.track_ids, scope.placement_id, scope.channel)
    if query.by is panels.Step.HOST and narrower != (None, None, None):
        raise _refusal(
            "by", "Websites are known of whole apps: leave track, album, placement and channel out."
        )
    found = panels.funnel(db(), scope, by=query.by, since=since, until=until, mirror=mirror_of(services()))
    return Funnel(
        since=since,
        until=until,
        by=query.by,
        rows=[FunnelStep.of(row) for row in found.rows],
        others=None if found.others is None else FunnelStep.of(found.others),
        withheld=None if found.withheld is None else FunnelStep.of(found.withheld),
    )


@insights.get("/insights/activity", responses={200: Activity})
@allow(Access.TOKEN)
def get_activity(query: ActivityQuery) -> Activity:
    """Page views, visits, visitors, plays, downloads and sales around the caller's work, by channel.

    A visitor is one of a UTC day, told in the hour of the first view.
    """
    since, until = _between(query.since, query.until)
    channels = by_channels(db(), require_person().id, since=since, until=until)
    return Activity(
        since=since,
        until=until,
        totals=ActivityCounts.of(total_of(channels.values())),
        channels=[
            ChannelActivity(channel=channel.value, **ActivityCounts.of(figures).model_dump())
            for channel, figures in sorted(channels.items(), key=lambda row: (-row[1].plays, row[0].value))
        ],
    )


def _scope(query: SpanQuery) -> Scope:
    """The conditions, each about a thing of the caller's; raises NotFound for anybody else's.

    Who asks for an own app, placement or track sees all of it; without any, everything that is theirs.
    """
    person = require_person()
    if query.app_id is not None:
        own_app(query.app_id)
    if query.placement_id is not None:
        own_placement(query.placement_id)
    tracks = None if query.track_id is None else [query.track_id]
    if query.album_id is not None:
        if tracks is not None:
            raise _refusal("album_id", "Name a track or an album, not both.")
        album = own_album(db(), person, query.album_id)
        tracks = [track.id for track in tracks_of_album(db(), album)]
    elif query.track_id is not None and query.app_id is None and query.placement_id is None:
        own_track(db(), person, query.track_id)
    named = (query.app_id, query.placement_id, tracks)
    return Scope(
        person_id=person.id if named == (None, None, None) else None,
        app_ids=None if query.app_id is None else [query.app_id],
        track_ids=tracks,
        placement_id=query.placement_id,
        channel=None if query.channel is None else query.channel.value,
    )


def _zone(name: str) -> ZoneInfo:
    if not zones.is_known(name):
        raise _refusal("zone", "Name a zone of the tz database, such as Europe/Berlin.")
    return zones.zone_of(name)


def _span(query: SpanQuery, interval: Interval = Interval.TOTAL) -> tuple[datetime, datetime]:
    return _between(query.since, query.until, interval)


def _between(
    since: datetime | None, until: datetime | None, interval: Interval = Interval.TOTAL
) -> tuple[datetime, datetime]:
    for field, moment in (("since", since), ("until", until)):
        if moment is not None and moment.year not in _YEARS:
            raise _refusal(field, f"Choose a moment from {_YEARS[0]} to {_YEARS[-1]}.")
    until = (until or services().clock.now()).astimezone(UTC)
    since = (since or until - USUAL).astimezone(UTC)
    if since >= until:
        raise _refusal("since", "The span ends before it begins.")
    if until - since > LONGEST[interval]:
        raise _refusal("interval", f"By the {interval.value}, ask for {LONGEST[interval].days} days at most.")
    return since, until


def _refusal(field: str, sentence: str) -> InvalidSpan:
    return InvalidSpan(sentence, fields={field: sentence})
