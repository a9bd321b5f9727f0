"""Insights: how often your tracks and apps played."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flexapp_sdk.models import Interval, Plays
from flexapp_sdk.resources._base import Resource


class Insights(Resource):
    """Figures of your tracks, apps and placements."""

    def plays(
        self,
        *,
        app_id: str | None = None,
        placement_id: str | None = None,
        track_id: str | None = None,
        channel: str | None = None,
        since: datetime | date | timedelta | None = None,
        until: datetime | date | None = None,
        interval: str = Interval.DAY,
        by: str | None = None,
    ) -> Plays:
        """Plays in your apps and of your tracks, cut by hour or day, or as one total.

        ``since`` is a moment or a span before now (28 days without one). ``by`` (app, placement,
        channel or track) also breaks the totals down into ``groups``.
        """
        return Plays.model_validate(
            self._get(
                "/insights/plays",
                app_id=app_id,
                placement_id=placement_id,
                track_id=track_id,
                channel=channel,
                since=since,
                until=until,
                interval=interval,
                by=by,
            )
        )
