"""What insights tell: counters, points of time, breakdowns, engagement, the funnel, activity."""

from __future__ import annotations

from datetime import datetime

from flexapp_sdk.models import Model


class PlayCounts(Model):
    """Counters; ``plays`` counts listens of 30 s (or half of a short track) once per hour and visitor."""

    plays: int
    starts: int
    completed: int
    replays: int
    loads: int
    impressions: int
    opens: int
    adds: int
    checkouts: int
    sales: int
    refunds: int
    downloads: int
    listen_seconds: float


class PlayPoint(PlayCounts):
    """The counters of one hour, day, week, month or year, which begins at ``at``."""

    at: datetime


class PlayGroup(PlayCounts):
    """The counters of one app, placement, channel or track, named by ``key``."""

    key: str


class Plays(Model):
    """Plays in a span of time: ``totals``, ``points`` unless the interval is total, ``groups`` by ``by``."""

    since: datetime
    until: datetime
    interval: str
    totals: PlayCounts
    points: tuple[PlayPoint, ...]
    groups: tuple[PlayGroup, ...] = ()

    @property
    def plays(self) -> int:
        """Counted plays in the whole span."""
        return self.totals.plays


class ListenPart(Model):
    """One value of a breakdown; ``value`` is empty when it is not known."""

    value: str
    starts: int
    plays: int
    listener_days: int


class Breakdown(Model):
    """What listens are made of; ``rows``, ``others`` and ``withheld`` are the ``total``.

    Countries and websites are named once five listeners were there on one day. ``others`` has what is beyond
    the limit or too small, ``withheld`` what is too little to be a line beside the only one.
    """

    since: datetime
    until: datetime
    by: str
    rows: tuple[ListenPart, ...]
    others: ListenPart | None
    withheld: ListenPart | None
    total: ListenPart


class Buckets(Model):
    """Listens by how much of the beat they heard: below 20 %, from 20, 40, 60, and from 80 %."""

    skipped: int
    partial: int
    half: int
    mostly: int
    whole: int


class Growth(Model):
    """Plays of the last 28 days against the 28 before; ``reason`` says why there is no ``rate``."""

    rate: float | None
    plays: int
    before: int
    status: str | None
    reason: str


class Trend(Model):
    """Plays of the second half of a span against the first."""

    first: int
    second: int
    change: float | None


class NamedListener(Model):
    """Somebody signed in with Flexapp who agreed to be named as a listener."""

    name: str
    plays: int
    listen_seconds: float


class Engagement(Model):
    """How far listens of a span went; shares are 0 to 1, the score is 10 to 100."""

    since: datetime
    until: datetime
    listens: int
    average_listen_seconds: float | None
    completion: float | None
    average_heard: float | None
    quality_score: int | None
    quality: str | None
    badge: str | None
    buckets: Buckets
    retention: tuple[float, ...]
    listener_days: int
    top_listeners: tuple[NamedListener, ...]
    growth: Growth
    trend: Trend


class FunnelStep(Model):
    """One placement or website, named by ``key``: from a load to a sale."""

    key: str
    loads: int
    impressions: int
    plays: int
    opens: int
    adds: int
    sales: int
    refunds: int


class Funnel(Model):
    """The way from a load to a sale, most loads first; ``rows``, ``others`` and ``withheld`` are everything.

    Websites that are too small to be named are among the last two, as in the breakdown by host.
    """

    since: datetime
    until: datetime
    by: str
    rows: tuple[FunnelStep, ...]
    others: FunnelStep | None = None
    withheld: FunnelStep | None = None


class ActivityCounts(Model):
    """What happened around your work; ``visitors`` are visitor-days."""

    views: int
    visits: int
    visitors: int
    plays: int
    downloads: int
    tracks_sold: int


class ChannelActivity(ActivityCounts):
    """The same of one channel."""

    channel: str


class Activity(Model):
    """Everything that happened in a span: ``totals``, and ``channels``."""

    since: datetime
    until: datetime
    totals: ActivityCounts
    channels: tuple[ChannelActivity, ...]
