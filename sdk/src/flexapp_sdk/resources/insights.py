"""Insights: how often your tracks and apps played, by whom, how far, and what came of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flexapp_sdk.figures import Activity, Breakdown, Engagement, Funnel, Plays
from flexapp_sdk.models import Interval
from flexapp_sdk.resources._base import Resource

Since = datetime | date | timedelta | None
Until = datetime | date | None


class Insights(Resource):
    """Figures of your tracks, apps and placements; ``since`` is a moment or a span before now (28 days)."""

    def plays(
        self,
        *,
        app_id: str | None = None,
        placement_id: str | None = None,
        track_id: str | None = None,
        album_id: str | None = None,
        channel: str | None = None,
        since: Since = None,
        until: Until = None,
        interval: str = Interval.DAY,
        zone: str = "UTC",
        by: str | None = None,
    ) -> Plays:
        """Plays in your apps and of your tracks, cut by hour, day, week, month or year, or as one total.

        Days and longer begin in ``zone``. ``by`` (app, placement, channel or track) also breaks the
        totals down into ``groups``.
        """
        return Plays.model_validate(
            self._get(
                "/insights/plays",
                app_id=app_id,
                placement_id=placement_id,
                track_id=track_id,
                album_id=album_id,
                channel=channel,
                since=since,
                until=until,
                interval=interval,
                zone=zone,
                by=by,
            )
        )

    def breakdown(
        self,
        by: str,
        *,
        app_id: str | None = None,
        placement_id: str | None = None,
        track_id: str | None = None,
        album_id: str | None = None,
        channel: str | None = None,
        since: Since = None,
        until: Until = None,
        limit: int | None = None,
    ) -> Breakdown:
        """Listens by country, device, os, browser, host or layout; the ``limit`` (10) largest in rows."""
        return Breakdown.model_validate(
            self._get(
                "/insights/breakdown",
                by=by,
                app_id=app_id,
                placement_id=placement_id,
                track_id=track_id,
                album_id=album_id,
                channel=channel,
                since=since,
                until=until,
                limit=limit,
            )
        )

    def engagement(
        self,
        *,
        app_id: str | None = None,
        placement_id: str | None = None,
        track_id: str | None = None,
        album_id: str | None = None,
        channel: str | None = None,
        since: Since = None,
        until: Until = None,
    ) -> Engagement:
        """How far people listened, the quality score and badge, growth and trend."""
        return Engagement.model_validate(
            self._get(
                "/insights/engagement",
                app_id=app_id,
                placement_id=placement_id,
                track_id=track_id,
                album_id=album_id,
                channel=channel,
                since=since,
                until=until,
            )
        )

    def funnel(
        self,
        *,
        by: str = "placement",
        app_id: str | None = None,
        placement_id: str | None = None,
        track_id: str | None = None,
        album_id: str | None = None,
        channel: str | None = None,
        since: Since = None,
        until: Until = None,
    ) -> Funnel:
        """Loaded, seen, played, license opened, added, bought, refunded; by placement, or host of apps."""
        return Funnel.model_validate(
            self._get(
                "/insights/funnel",
                by=by,
                app_id=app_id,
                placement_id=placement_id,
                track_id=track_id,
                album_id=album_id,
                channel=channel,
                since=since,
                until=until,
            )
        )

    def activity(self, *, since: Since = None, until: Until = None) -> Activity:
        """Page views, visits, visitors, plays, downloads and tracks sold, in all and by channel."""
        return Activity.model_validate(self._get("/insights/activity", since=since, until=until))
