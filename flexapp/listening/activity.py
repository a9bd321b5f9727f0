"""What happened around a person's work, by channel: views, visits, visitors, plays, downloads, sales."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from flexapp.apps.models import Channel
from flexapp.listening import insights
from flexapp.listening.insights import Dimension, Scope
from flexapp.listening.page_views import views_of
from flexapp.orders.queries import sold_moments


@dataclass(frozen=True)
class Activity:
    """Six figures of a span."""

    views: int = 0
    visits: int = 0
    visitors: int = 0
    plays: int = 0
    downloads: int = 0
    sales: int = 0

    @property
    def is_empty(self) -> bool:
        """Nothing happened."""
        return not any(vars(self).values())


def by_channels(
    session: Session, person_id: str, *, since: datetime, until: datetime
) -> dict[Channel, Activity]:
    """The figures by channel; those without anything are left out.

    A visitor is one of a UTC day, in the hour of the first view; sales are those of the books.
    """
    found: defaultdict[Channel, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    known = {channel.value: channel for channel in Channel}
    scope = Scope(person_id=person_id)
    rows = insights.breakdown(session, Dimension.CHANNEL, scope=scope, since=since, until=until)
    for name, counts in rows:
        if name in known:
            found[known[name]]["plays"] += counts.plays
            found[known[name]]["downloads"] += counts.downloads
    for (_, name), viewed in views_of(session, person_id, since=since, until=until).items():
        if name in known:
            for measure in ("views", "visits", "visitors"):
                found[known[name]][measure] += getattr(viewed, measure)
    for _, name in sold_moments(session, person_id, since=since, until=until):
        found[known.get(name, Channel.DIRECT)]["sales"] += 1
    made = {channel: Activity(**figures) for channel, figures in found.items()}
    return {channel: figures for channel, figures in made.items() if not figures.is_empty}


def total_of(channels: Iterable[Activity]) -> Activity:
    """Their sum."""
    rows = list(channels)
    return Activity(**{name: sum(getattr(row, name) for row in rows) for name in vars(Activity())})
