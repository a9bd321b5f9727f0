"""Figures of plays."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from flexapp.api.shapes.base import Moment, Shape, Wish
from flexapp.apps.models import Channel
from flexapp.listening.insights import Counts


class PlaysQuery(Wish):
    """Plays of what, when, and how cut."""

    app_id: str | None = Field(None, max_length=40)
    placement_id: str | None = Field(None, max_length=40)
    track_id: str | None = Field(None, max_length=40)
    channel: Channel | None = None
    since: AwareDatetime | None = Field(None, description="28 days before until without one")
    until: AwareDatetime | None = Field(None, description="Now without one")
    interval: Literal["hour", "day", "total"] = Field("day", description="How points are cut, in UTC")
    by: Literal["app", "placement", "channel", "track"] | None = Field(
        None, description="Also break the totals down by this"
    )


class PlayCounts(Shape):
    """Counters of a span of time."""

    plays: int = Field(description="Listens of 30 s (half of a short track), once per hour and visitor")
    starts: int
    completed: int = Field(description="80 % or more heard")
    replays: int = Field(description="Qualified listens within an hour of a counted play")
    loads: int = Field(description="Players that were loaded")
    listen_seconds: float

    @classmethod
    def of(cls, counts: Counts) -> PlayCounts:
        """The shape of counters."""
        return PlayCounts(
            plays=counts.plays,
            starts=counts.starts,
            completed=counts.completed,
            replays=counts.replays,
            loads=counts.loads,
            listen_seconds=counts.listen_seconds,
        )


class PlayPoint(PlayCounts):
    """Counters of one hour or day (UTC), which begins at ``at``."""

    at: Moment

    @classmethod
    def at_moment(cls, at: datetime, counts: Counts) -> PlayPoint:
        """The shape of a point."""
        return cls(at=at, **PlayCounts.of(counts).model_dump())


class PlayGroup(PlayCounts):
    """Counters of one app, placement, channel or track."""

    key: str = Field(description="The id, or the channel's name; empty where there is none")

    @classmethod
    def of_key(cls, key: str, counts: Counts) -> PlayGroup:
        """The shape of a group."""
        return cls(key=key, **PlayCounts.of(counts).model_dump())


class Plays(Shape):
    """Plays in a span of time."""

    since: Moment
    until: Moment
    interval: str
    totals: PlayCounts
    points: list[PlayPoint] = Field(description="In order, without gaps; empty when the interval is total")
    groups: list[PlayGroup] = Field(description="Most plays first; empty unless by is given")
