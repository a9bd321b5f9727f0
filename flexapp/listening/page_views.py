"""Page views, visits and visitors of a person's pages by hour and channel, kept by differences.

A view counts for whose work the page shows: the owner of the app, the producer of the track or of the page.
Visitor keys end with the UTC day, so a visitor's views of a day make that visitor's visits: whenever one is
added, those of before are summed again, and the difference is kept. A visit, and a visitor, belongs to the
hour and channel of its first view, so that hours and channels add up. Pages fetched ahead, programs and
owners are no views; a view without a key (the visitor asks not to be followed) is a view, and no visit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from flexapp.apps.models import FlexApp
from flexapp.catalog.models import Track
from flexapp.listening import queries
from flexapp.listening.adding import add_rows
from flexapp.listening.models import FoldCursor, Kind, ListenEvent
from flexapp.listening.names import numbers_of
from flexapp.listening.rollups import HourlyViews, ListenName, hour_number
from flexapp.listening.visits import visits
from flexapp.storage.once import insert_once
from flexapp.storage.session import Database

CURSOR = "views"
_AT_ONCE = 2000
_KEYS_AT_ONCE = 300
_HOUR = timedelta(hours=1)
_NO_VIEW = frozenset({"bot", "preview"})


class View(NamedTuple):
    """One page that was handed out, and whose work it shows."""

    person_id: str
    at: datetime
    channel: str
    visitor_key: str | None


@dataclass(frozen=True)
class Viewed:
    """Sums of hours."""

    views: int = 0
    visits: int = 0
    visitors: int = 0

    def __add__(self, other: Viewed) -> Viewed:
        return Viewed(self.views + other.views, self.visits + other.visits, self.visitors + other.visitors)

    def __sub__(self, other: Viewed) -> Viewed:
        return Viewed(self.views - other.views, self.visits - other.visits, self.visitors - other.visitors)


Sums = dict[tuple[str, int, str], Viewed]
"""By person, hour since 1970 and channel."""


def count_views(database: Database) -> int:
    """Count the views that the log got since the last time; returns how many; no write when idle."""
    done = 0
    while True:
        with database.reading() as session:
            if queries.newest_event(session) <= queries.position_of(session, CURSOR):
                return done
        with database.turn, database.writing() as session:
            done += _count_part(session)


def views_of(
    session: Session, person_id: str, *, since: datetime, until: datetime
) -> dict[tuple[datetime, str], Viewed]:
    """A person's sums from the hour of ``since`` to the last that begins before ``until``, by channel."""
    query = (
        select(HourlyViews)
        .join(ListenName, ListenName.number == HourlyViews.person)
        .where(ListenName.name == person_id, HourlyViews.hour >= since, HourlyViews.hour < until + _HOUR)
    )
    rows = [row for row in session.scalars(query) if row.hour < until]
    names = queries.names_by_number(session, {row.channel for row in rows})
    return {(row.hour, names[row.channel]): Viewed(row.views, row.visits, row.visitors) for row in rows}


def summed(views: Iterable[View]) -> Sums:
    """Views by person, hour and channel, in any order; all of a visitor key are there."""
    sums: defaultdict[tuple[str, int, str], Viewed] = defaultdict(Viewed)
    by_visitor: defaultdict[tuple[str, str], list[View]] = defaultdict(list)
    for view in views:
        sums[view.person_id, hour_number(view.at), view.channel] += Viewed(views=1)
        if view.visitor_key is not None:
            by_visitor[view.person_id, view.visitor_key].append(view)
    for (person_id, _), seen in by_visitor.items():
        seen.sort()
        first_at = {view.at: view.channel for view in reversed(seen)}
        for place, start in enumerate(visits(view.at for view in seen)):
            sums[person_id, hour_number(start), first_at[start]] += Viewed(visits=1, visitors=int(not place))
    return dict(sums)


def _count_part(session: Session) -> int:
    """Add what the next views of the log change; returns how many they are."""
    insert_once(session, FoldCursor, name=CURSOR, position=0)
    cursor = queries.cursor_for_update(session, CURSOR)
    since, end = cursor.position, queries.end_of_log(session)
    query = _views().where(ListenEvent.id > since, ListenEvent.id <= end)
    new = session.execute(query.order_by(ListenEvent.id).limit(_AT_ONCE)).all()
    cursor.position = end if len(new) < _AT_ONCE else new[-1].id
    of_visitors = _views_of_visitors(session, {row.visitor_key for row in new} - {None}, cursor.position)
    nameless = [row for row in new if row.visitor_key is None]
    before = summed(_told(row for row in of_visitors if row.id <= since))
    after = summed(_told([*of_visitors, *nameless]))
    changes = {key: after.get(key, Viewed()) - before.get(key, Viewed()) for key in {*before, *after}}
    changes = {key: change for key, change in changes.items() if change != Viewed()}
    number = numbers_of(session, {name for person, _, channel in changes for name in (person, channel)})
    rows = [(number[who], hour, number[how], *astuple(each)) for (who, hour, how), each in changes.items()]
    add_rows(session, HourlyViews, sorted(rows))
    return len(new)


def _views_of_visitors(session: Session, keys: Collection[str], until: int) -> list[Row[*tuple[Any, ...]]]:
    listed, found = sorted(keys), list[Row[*tuple[Any, ...]]]()
    for start in range(0, len(listed), _KEYS_AT_ONCE):
        part = listed[start : start + _KEYS_AT_ONCE]
        query = _views().where(ListenEvent.visitor_key.in_(part), ListenEvent.id <= until)
        found += session.execute(query).all()
    return found


def _views() -> Select[Any]:
    return (
        select(
            ListenEvent.id,
            ListenEvent.minted_at,
            ListenEvent.channel,
            ListenEvent.visitor_key,
            ListenEvent.facts,
            FlexApp.owner_id,
            Track.producer_id,
        )
        .outerjoin(FlexApp, FlexApp.id == ListenEvent.app_id)
        .outerjoin(Track, Track.id == ListenEvent.track_id)
        .where(ListenEvent.kind == Kind.VIEW)
    )


def _told(rows: Iterable[Row[*tuple[Any, ...]]]) -> Iterable[View]:
    for _, at, channel, visitor_key, facts, owner_id, producer_id in rows:
        if _NO_VIEW.isdisjoint(facts.get("flags", ())):
            for person_id in {owner_id, producer_id, facts.get("producer_id")} - {None}:
                yield View(person_id, at, channel, visitor_key)
