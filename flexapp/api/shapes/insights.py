"""Figures of plays."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from flexapp.api.shapes.base import Moment, Shape, Wish
from flexapp.apps.models import Channel
from flexapp.listening.activity import Activity as Happened
from flexapp.listening.insights import Counts
from flexapp.listening.panels import FunnelRow, Step
from flexapp.listening.parts import By, Part


class SpanQuery(Wish):
    """Listens of what, and when."""

    app_id: str | None = Field(None, max_length=40)
    placement_id: str | None = Field(None, max_length=40)
    track_id: str | None = Field(None, max_length=40)
    album_id: str | None = Field(None, max_length=40, description="All of its tracks together")
    channel: Channel | None = None
    since: AwareDatetime | None = Field(None, description="28 days before until without one")
    until: AwareDatetime | None = Field(None, description="Now without one")


class PlaysQuery(SpanQuery):
    """Plays of what, when, and how cut."""

    interval: Literal["hour", "day", "week", "month", "year", "total"] = Field(
        "day", description="How points are cut; weeks begin on Monday"
    )
    zone: str = Field(
        "UTC",
        max_length=40,
        description="Time zone in which days and longer begin, such as Europe/Berlin; cut from whole hours",
    )
    by: Literal["app", "placement", "channel", "track"] | None = Field(
        None, description="Also break the totals down by this"
    )


class PartsQuery(SpanQuery):
    """Listens of what and when, broken down by what."""

    by: By = Field(description="country is ISO 3166, host the website around the player")
    limit: int = Field(10, ge=1, le=100, description="Rows; what is beyond goes to others")


class FunnelQuery(SpanQuery):
    """From a load to a sale, of what and when; websites are known of whole apps only."""

    by: Step = Step.PLACEMENT


class ActivityQuery(Wish):
    """When."""

    since: AwareDatetime | None = Field(None, description="28 days before until without one")
    until: AwareDatetime | None = Field(None, description="Now without one")


class PlayCounts(Shape):
    """Counters of a span of time."""

    plays: int = Field(description="Listens of 30 s (half of a short track), once per hour and visitor")
    starts: int
    completed: int = Field(description="80 % or more heard")
    replays: int = Field(description="Qualified listens within an hour of a counted play")
    loads: int = Field(description="Players that were loaded")
    impressions: int = Field(description="Players that were seen: half of it for a second")
    opens: int = Field(description="Licenses that were opened in a player")
    adds: int = Field(description="Licenses put in a cart")
    checkouts: int = Field(description="Buy links that were opened")
    sales: int
    refunds: int
    downloads: int = Field(description="Bought files that were fetched")
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
            impressions=counts.impressions,
            opens=counts.opens,
            adds=counts.adds,
            checkouts=counts.checkouts,
            sales=counts.sales,
            refunds=counts.refunds,
            downloads=counts.downloads,
            listen_seconds=counts.listen_seconds,
        )


class PlayPoint(PlayCounts):
    """Counters of one hour, day, week, month or year, which begins at ``at``."""

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


class ListenPart(Shape):
    """One value of a breakdown."""

    value: str = Field(description="Empty when it is not known")
    starts: int
    plays: int
    listener_days: int

    @classmethod
    def of(cls, part: Part) -> ListenPart:
        """The shape of a part."""
        return cls(value=part.value, starts=part.starts, plays=part.plays, listener_days=part.listeners)


class Breakdown(Shape):
    """What listens are made of: rows, others and withheld are the total.

    Countries and websites are named once five listeners were there on one day; what others and withheld are
    made of is not told. Listens without a known visitor (no consent, GPC, DNT) name nothing by themselves.
    """

    since: Moment
    until: Moment
    by: By
    rows: list[ListenPart] = Field(description="Most plays first")
    others: ListenPart | None = Field(description="Beyond the limit, and what is too small to be named")
    withheld: ListenPart | None = Field(description="Too few to be a line beside the only one that is named")
    total: ListenPart


class Buckets(Shape):
    """Listens by how much of the beat they heard."""

    skipped: int = Field(description="Below 20 %")
    partial: int = Field(description="From 20 %")
    half: int = Field(description="From 40 %")
    mostly: int = Field(description="From 60 %")
    whole: int = Field(description="80 % or more")


class GrowthRate(Shape):
    """Plays of the last 28 days against the 28 before."""

    rate: float | None = Field(description="(plays - before) / before; null with too little behind it")
    plays: int
    before: int
    status: str | None
    reason: str = Field(description="Why there is no rate: too_young or from_zero")


class HalfTrend(Shape):
    """Plays of the second half of the span against the first."""

    first: int
    second: int
    change: float | None


class NamedListener(Shape):
    """Somebody signed in with Flexapp who agreed to be named as a listener."""

    name: str
    plays: int
    listen_seconds: float


class Engagement(Shape):
    """How far listens of a span went. The dashboard judges from ten listens on."""

    since: Moment
    until: Moment
    listens: int
    average_listen_seconds: float | None
    completion: float | None = Field(description="Share of plays that heard 80 % or more")
    average_heard: float | None = Field(description="Share of the beat that was heard on average")
    quality_score: int | None = Field(description="10 to 100: listens by how far they went, weighted")
    quality: str | None
    badge: str | None = Field(description="High, Good, Moderate or Low")
    buckets: Buckets
    retention: list[float] = Field(description="Share of listens in which each tenth was heard; or empty")
    listener_days: int = Field(description="Distinct listeners of each day, added up")
    top_listeners: list[NamedListener] = Field(
        description="Who agreed to be named, most plays first; 30 days"
    )
    growth: GrowthRate
    trend: HalfTrend


class FunnelStep(Shape):
    """One placement or website: loaded, seen, played, license opened, added, bought, refunded."""

    key: str = Field(description="The placement's id or the website; empty where there is none")
    loads: int
    impressions: int
    plays: int
    opens: int
    adds: int
    sales: int
    refunds: int

    @classmethod
    def of(cls, row: FunnelRow) -> FunnelStep:
        """The shape of a row."""
        names = [name for name in cls.model_fields if name != "key"]
        return cls(key=row.name, **dict(zip(names, row.steps, strict=True)))


class Funnel(Shape):
    """The way from a load to a sale: rows, others and withheld are everything.

    Websites are named once five listeners were there on one day, as in the breakdown by host.
    """

    since: Moment
    until: Moment
    by: Step
    rows: list[FunnelStep] = Field(description="Most loads first")
    others: FunnelStep | None = Field(description="Websites that are too small to be named, together")
    withheld: FunnelStep | None = Field(description="Too few to be a line beside the only one that is named")


class ActivityCounts(Shape):
    """What happened around the caller's work."""

    views: int = Field(description="Pages of the caller, their tracks and apps that were opened")
    visits: int = Field(description="Views of one visitor without a pause of half an hour")
    visitors: int = Field(description="Visitor-days")
    plays: int
    downloads: int
    tracks_sold: int

    @classmethod
    def of(cls, activity: Happened) -> ActivityCounts:
        """The shape of figures."""
        return ActivityCounts(
            views=activity.views,
            visits=activity.visits,
            visitors=activity.visitors,
            plays=activity.plays,
            downloads=activity.downloads,
            tracks_sold=activity.sales,
        )


class ChannelActivity(ActivityCounts):
    """The same of one channel."""

    channel: str


class Activity(Shape):
    """Everything that happened in a span, and by channel."""

    since: Moment
    until: Moment
    totals: ActivityCounts
    channels: list[ChannelActivity]
