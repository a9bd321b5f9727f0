"""What each listen and each moment contributes to the roll-ups, and writing the differences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import update
from sqlalchemy.orm import Session

from flexapp.listening import queries
from flexapp.listening.adding import add_rows
from flexapp.listening.counting import TENTHS
from flexapp.listening.models import Decision, FoldCursor, Kind, Play
from flexapp.listening.names import numbers_of
from flexapp.listening.rollups import (
    COUNTERS,
    DailyDimension,
    DailyListeners,
    DailyRetention,
    DailySite,
    HourlyTotal,
    Played,
    SealedDay,
    TrackTotal,
    day_of_number,
    hour_number,
)
from flexapp.storage.once import insert_once

COUNTED_AS = {
    Kind.LOAD: "loads",
    Kind.IMPRESSION: "impressions",
    Kind.CHECKOUT: "checkouts",
    Kind.VIEW: "views",
    Kind.OPEN: "opens",
    Kind.ADD: "adds",
    Kind.DOWNLOAD: "downloads",
    Kind.SALE: "sales",
    Kind.REFUND: "refunds",
}
APP_HOURS = "app_hours"
TRACK_HOURS = "track_hours"
"""Cursors: days before these have one row a day, at noon."""
NEWEST = "newest_hour"
"""Cursor: the last hour (since 1970) that anything is counted in."""
_PLACE = {name: place for place, name in enumerate(COUNTERS)}
_STARTS, _PLAYS, _REPLAYS = _PLACE["starts"], _PLACE["plays"], _PLACE["replays"]
_COMPLETED, _LISTEN = _PLACE["completed"], _PLACE["listen_ms"]
_HOUR = timedelta(hours=1)
_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
BUCKETS = (20, 40, 60, 80)
"""Percent heard at which the buckets skipped, partial, half, mostly and whole meet: each edge belongs to the
higher one, so that *whole* is what counts as completed."""


class Heard(NamedTuple):
    """What a valid listen contributes; two of the same listen can be compared."""

    hour: int  #: since 1970
    app: str
    placement: str
    channel: str
    track: str
    listen_ms: int
    is_counted: bool
    is_qualified: bool
    is_completed: bool
    percent: int  #: of the media, heard at least once; 0 without a length
    tenths: int  #: a bit for each that was heard
    host: str
    values: tuple[str, ...]  #: of each Dimension, in order
    visitor_key: str | None
    people: tuple[str, ...]  #: the app's owner and the track's producer


def hour_of(moment: datetime) -> datetime:
    """The hour that a moment lies in."""
    return moment.replace(minute=0, second=0, microsecond=0)


def heard_of(play: Play, people: tuple[str, ...] = ()) -> Heard | None:
    """What a play contributes to the hour it started in: nothing unless it is valid."""
    if play.decision is not Decision.VALID:
        return None
    return Heard(
        (play.started_at - _BEGIN) // _HOUR,
        play.app_id,
        play.placement_id,
        play.channel,
        play.track_id,
        play.listen_ms,
        play.is_counted,
        play.is_qualified,
        play.is_completed,
        play.percent,
        play.tenths,
        play.host,
        (play.country, play.device, play.os, play.browser, play.layout),
        play.visitor_key,
        people,
    )


def times_of(facts: Mapping[str, Any]) -> int:
    """How often a moment counts: once, but refunds once for the item that they make whole (``sold``)."""
    return int(facts.get("count", 1))


def bucket_of(percent: int) -> int:
    """The place of a share in skipped, partial, half, mostly, whole."""
    return sum(percent >= edge for edge in BUCKETS)


def listeners_of(listens: Iterable[Heard]) -> set[tuple[str | int, ...]]:
    """Where one visitor key is a listener: (day, subject) and (day, app, dimension, value).

    The site counts as dimension 0.
    """
    found: set[tuple[str | int, ...]] = set()
    for heard in listens:
        if heard.is_qualified and heard.percent >= 0:
            day = heard.hour // 24
            found.update((day, subject) for subject in {heard.app, heard.track, *heard.people} if subject)
            for dimension, value in enumerate((heard.host, *heard.values)):
                found.add((day, heard.app, dimension, value))
    return found


Place = tuple[int, str, str, str, str]


@dataclass
class Differences:
    """What a fold changes in the roll-ups, before it is written."""

    _totals: defaultdict[Place, list[int]] = field(default_factory=lambda: defaultdict(_zeros))
    _retention: defaultdict[tuple[str, str, int], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0] * (7 + TENTHS))
    )
    _dimensions: defaultdict[tuple[str, int, int, str], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0, 0])
    )
    _sites: defaultdict[tuple[str, int, str], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0] * (len(COUNTERS) + 1))
    )
    _listeners: defaultdict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))

    _days: set[int] = field(default_factory=set)

    def count(
        self, kind: Kind, when: datetime, place: tuple[str, str, str, str], host: str, times: int = 1
    ) -> None:
        """A moment that is counted as it is; ``place`` is app, placement, channel, track."""
        hour, counter = hour_number(when), _PLACE[COUNTED_AS[kind]]
        self._days.add(hour // 24)
        self._totals[(hour, *place)][counter] += times
        self._sites[place[0], hour // 24, host][counter] += times

    def add(self, heard: Heard, sign: int = 1) -> None:
        """A listen, or with ``sign=-1`` what it contributed before.

        *Completed* counts among the counted plays, so that completion is a share of them.
        """
        day = heard.hour // 24
        self._days.add(day)
        for sums in (self._totals[heard[:5]], self._sites[heard.app, day, heard.host]):
            sums[_STARTS] += sign
            sums[_LISTEN] += sign * heard.listen_ms
            if heard.is_counted:
                sums[_PLAYS] += sign
                sums[_COMPLETED] += sign * heard.is_completed
            elif heard.is_qualified:
                sums[_REPLAYS] += sign
        if heard.percent < 0:  # decided before there were daily roll-ups
            return
        kept = self._retention[heard.app, heard.track, day]
        kept[0] += sign
        kept[1] += sign * heard.percent
        kept[2 + bucket_of(heard.percent)] += sign
        mask, place = heard.tenths, 7
        while mask:
            if mask & 1:
                kept[place] += sign
            mask >>= 1
            place += 1
        plays = sign * heard.is_counted
        for dimension, value in enumerate(heard.values, 1):
            cell = self._dimensions[heard.app, dimension, day, value]
            cell[0] += sign
            cell[1] += plays

    def listener(self, where: tuple[str | int, ...], sign: int) -> None:
        """One listener more or less at a place of ``listeners_of``."""
        self._days.add(int(where[0]))
        if len(where) == 2:
            self._listeners[str(where[1]), int(where[0])] += sign
        else:
            day, app, dimension, value = where
            if not dimension:
                self._sites[str(app), int(day), str(value)][-1] += sign
                return
            self._dimensions[str(app), int(dimension), int(day), str(value)][2] += sign

    def write(self, session: Session) -> None:
        """Add everything to the stored roll-ups, and tell what was sealed of these days is old."""
        totals = {key: sums for key, sums in self._totals.items() if any(sums)}
        retention = {key: sums for key, sums in self._retention.items() if any(sums)}
        dimensions = {key: sums for key, sums in self._dimensions.items() if any(sums)}
        sites = {key: sums for key, sums in self._sites.items() if any(sums)}
        listeners = {key: value for key, value in self._listeners.items() if value}
        names = {text for key in totals for text in key[1:]}
        names.update(text for key in retention for text in key[:2])
        names.update(text for key in dimensions for text in (key[0], key[3]))
        names.update(text for key in sites for text in (key[0], key[2]))
        names.update(subject for subject, _ in listeners)
        of = numbers_of(session, names)
        apps_from = queries.position_of(session, APP_HOURS)
        tracks_from = queries.position_of(session, TRACK_HOURS)
        by_app: defaultdict[tuple[int, ...], list[int]] = defaultdict(_zeros)
        by_track: defaultdict[tuple[int, ...], list[int]] = defaultdict(_zeros)
        for (hour, app, placement, channel, track), sums in totals.items():
            rest = (of[placement], of[channel])
            for target, key in (
                (by_app, (of[app], at_noon(hour, apps_from), *rest)),
                (by_track, (of[app], of[track], at_noon(hour, tracks_from), *rest)),
            ):
                kept = target[key]
                for place, value in enumerate(sums):
                    kept[place] += value
        pairs = sorted({(key[0], key[1]) for key in by_track})
        add_rows(session, Played, pairs)
        add_rows(session, HourlyTotal, [(*key, *by_app[key]) for key in sorted(by_app)])
        add_rows(session, TrackTotal, [(*key, *by_track[key]) for key in sorted(by_track)])
        rows = [((of[app], of[track], day), sums) for (app, track, day), sums in retention.items()]
        add_rows(session, DailyRetention, [(*key, *sums) for key, sums in sorted(rows)])
        cells = [
            ((of[app], dim, day, of[value]), sums) for (app, dim, day, value), sums in dimensions.items()
        ]
        add_rows(session, DailyDimension, [(*key, *sums) for key, sums in sorted(cells)])
        places = [((of[app], day, of[host]), sums) for (app, day, host), sums in sites.items()]
        add_rows(session, DailySite, [(*key, sums[-1], *sums[:-1]) for key, sums in sorted(places)])
        note_changes(session, self._days)
        _note_newest(session, max((key[0] for key in totals), default=0))
        add_rows(session, DailyListeners, sorted((of[who], day, n) for (who, day), n in listeners.items()))


def note_changes(session: Session, days: set[int]) -> None:
    """Something of these days (since 1970) changed: what was sealed of them is old."""
    if days:
        listed = [day_of_number(day) for day in sorted(days)]
        query = update(SealedDay).where(SealedDay.day.in_(listed))
        session.execute(query.values(changes=SealedDay.changes + 1))


def _note_newest(session: Session, hour: int) -> None:
    if hour > queries.position_of(session, NEWEST):
        insert_once(session, FoldCursor, name=NEWEST, position=0)
        session.execute(update(FoldCursor).where(FoldCursor.name == NEWEST).values(position=hour))


def at_noon(hour: int, fine_from: int) -> int:
    """Where an hour is kept: itself, or the noon of a day before ``fine_from`` (days since 1970).

    Noon in UTC lies on the same day in nearly every zone.
    """
    return hour if hour // 24 >= fine_from else hour // 24 * 24 + 12


def _zeros() -> list[int]:
    return [0] * len(COUNTERS)
