"""Insights: plays of the caller's tracks, and in the caller's apps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flexapp.api.apps import own_app
from flexapp.api.placements import own_placement
from flexapp.api.room import room
from flexapp.api.shapes.insights import PlayCounts, PlayGroup, PlayPoint, Plays, PlaysQuery
from flexapp.catalog.queries import own_track
from flexapp.errors import Invalid
from flexapp.listening.insights import Dimension, Interval, Scope, breakdown, plays
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person

insights = room("insights", "Insights", "How often tracks and apps played, where and when.")

USUAL = timedelta(days=28)
LONGEST = {
    Interval.HOUR: timedelta(days=92),
    Interval.DAY: timedelta(days=1830),
    Interval.TOTAL: timedelta(days=36_500),
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


def _scope(query: PlaysQuery) -> Scope:
    """The conditions, each about a thing of the caller's; raises NotFound for anybody else's."""
    person = require_person()
    if query.app_id is not None:
        own_app(query.app_id)
    if query.placement_id is not None:
        own_placement(query.placement_id)
    if query.track_id is not None and query.app_id is None and query.placement_id is None:
        own_track(db(), person, query.track_id)
    return Scope(
        person_id=person.id,
        app_ids=None if query.app_id is None else [query.app_id],
        track_ids=None if query.track_id is None else [query.track_id],
        placement_id=query.placement_id,
        channel=None if query.channel is None else query.channel.value,
    )


def _span(query: PlaysQuery, interval: Interval) -> tuple[datetime, datetime]:
    until = (query.until or services().clock.now()).astimezone(UTC)
    since = (query.since or until - USUAL).astimezone(UTC)
    if since >= until:
        raise _refusal("since", "The span ends before it begins.")
    if until - since > LONGEST[interval]:
        raise _refusal("interval", f"By the {interval.value}, ask for {LONGEST[interval].days} days at most.")
    return since, until


def _refusal(field: str, sentence: str) -> InvalidSpan:
    return InvalidSpan(sentence, fields={field: sentence})
