"""Page views, visits and visitors of a person's pages by day and channel: a roll-up that is made anew.

A view counts for whose work the page shows: the owner of the app, the producer of the track or of the page.
Visitor keys end with the UTC day, so a day's views make its visits and visitors, and a day in which
something was viewed since is simply counted again. A visit, and a visitor, belongs to the channel of its
first view, so that channels add up. Pages fetched ahead, programs and owners are no views; a view without
a key (the visitor asks not to be followed) is a view, and no visit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from flexapp.apps.models import FlexApp
from flexapp.catalog.models import Track
from flexapp.listening import queries
from flexapp.listening.models import DailyViews, FoldCursor, Kind, ListenEvent
from flexapp.listening.visits import visits
from flexapp.storage.once import insert_once
from flexapp.storage.session import Database

CURSOR = "views"
_DAY = timedelta(days=1)
_NO_VIEW = frozenset({"bot", "preview"})


class View(NamedTuple):
    """One page that was handed out, and whose work it shows."""

    person_id: str
    at: datetime
    channel: str
    visitor_key: str | None


@dataclass(frozen=True)
class Viewed:
    """Sums of days."""

    views: int = 0
    visits: int = 0
    visitors: int = 0

    def __add__(self, other: Viewed) -> Viewed:
        return Viewed(self.views + other.views, self.visits + other.visits, self.visitors + other.visitors)


def count_views(database: Database) -> int:
    """Count the days again that were viewed since the last time; returns how many; no write when idle."""
    with database.reading() as session:
        if queries.newest_event(session) <= queries.position_of(session, CURSOR):
            return 0
    with database.writing() as session:
        insert_once(session, FoldCursor, name=CURSOR, position=0)
        cursor = queries.cursor_for_update(session, CURSOR)
        end = queries.end_of_log(session)
        days = _viewed_days(session, after=cursor.position, until=end)
        for day in days:
            _count_day(session, day)
        cursor.position = end
        return len(days)


def views_of(session: Session, person_id: str, *, first: date, last: date) -> dict[tuple[date, str], Viewed]:
    """A person's sums by UTC day and channel."""
    query = select(DailyViews).where(
        DailyViews.person_id == person_id, DailyViews.day >= first, DailyViews.day <= last
    )
    return {
        (row.day, row.channel): Viewed(row.views, row.visits, row.visitors) for row in session.scalars(query)
    }


def summed(views: Iterable[View]) -> dict[tuple[str, str], Viewed]:
    """One day's views by person and channel, in any order."""
    sums: defaultdict[tuple[str, str], Viewed] = defaultdict(Viewed)
    by_visitor: defaultdict[tuple[str, str], list[View]] = defaultdict(list)
    for view in views:
        sums[view.person_id, view.channel] += Viewed(views=1)
        if view.visitor_key is not None:
            by_visitor[view.person_id, view.visitor_key].append(view)
    for (person_id, _), seen in by_visitor.items():
        seen.sort()
        first_at = {view.at: view.channel for view in reversed(seen)}
        began = visits(view.at for view in seen)
        for start in began:
            sums[person_id, first_at[start]] += Viewed(visits=1)
        sums[person_id, first_at[began[0]]] += Viewed(visitors=1)
    return dict(sums)


def _viewed_days(session: Session, *, after: int, until: int) -> Sequence[date]:
    """From the day of the earliest to that of the latest view that the log got since."""
    query = select(func.min(ListenEvent.minted_at), func.max(ListenEvent.minted_at)).where(
        ListenEvent.id > after, ListenEvent.id <= until, ListenEvent.kind == Kind.VIEW
    )
    first, last = session.execute(query).one()
    if not first:
        return []
    return [first.date() + _DAY * step for step in range((last.date() - first.date()).days + 1)]


def _count_day(session: Session, day: date) -> None:
    session.execute(delete(DailyViews).where(DailyViews.day == day))
    for (person_id, channel), found in summed(_views_on(session, day)).items():
        session.add(
            DailyViews(
                person_id=person_id,
                day=day,
                channel=channel,
                views=found.views,
                visits=found.visits,
                visitors=found.visitors,
            )
        )
    session.flush()


def _views_on(session: Session, day: date) -> Iterable[View]:
    begin = datetime.combine(day, time(), UTC)
    query = (
        select(
            ListenEvent.minted_at,
            ListenEvent.channel,
            ListenEvent.visitor_key,
            ListenEvent.facts,
            FlexApp.owner_id,
            Track.producer_id,
        )
        .outerjoin(FlexApp, FlexApp.id == ListenEvent.app_id)
        .outerjoin(Track, Track.id == ListenEvent.track_id)
        .where(
            ListenEvent.kind == Kind.VIEW,
            ListenEvent.minted_at >= begin,
            ListenEvent.minted_at < begin + _DAY,
        )
    )
    for at, channel, visitor_key, facts, owner_id, producer_id in session.execute(query):
        if _NO_VIEW & set(facts.get("flags", ())):
            continue
        for person_id in {owner_id, producer_id, facts.get("producer_id")} - {None}:
            yield View(person_id, at, channel, visitor_key)
