"""The fold: log to plays to totals, in one transaction with the cursor.

Only the log's content decides, never the batches it came in: plays are unions, what a play
contributed before is taken back when it changes, and a visitor's plays of a track are recounted
together. So late, shuffled and repeated reports give the same totals, and a crash gives none twice.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from operator import attrgetter

from sqlalchemy import update
from sqlalchemy.orm import Session

from flexapp.kernel.steps import step
from flexapp.listening import counting, hosting, keeping, own_steps, queries
from flexapp.listening.keeping import Sent
from flexapp.listening.models import Decision, FoldCursor, Kind, ListenSession, OwnerKey, Play
from flexapp.listening.own_steps import LoggedStep
from flexapp.listening.pieces import bits_of
from flexapp.listening.queries import LoggedEvent
from flexapp.listening.settling import PlayKey, Settling, group_of, key_of
from flexapp.listening.totals import COUNTED_AS, times_of
from flexapp.storage.once import insert_once
from flexapp.storage.session import Database

CURSOR = "totals"
EVENTS_AT_ONCE = 4000
_PLAYING = frozenset({Kind.START, Kind.HEARTBEAT, Kind.END})
DIMENSIONS = ("country", "device", "os", "browser", "layout")
dimensions_of = attrgetter(*DIMENSIONS)
_NOT_COUNTED = frozenset({"bot", "preview"})
_MS = timedelta(milliseconds=1)
_ALWAYS = datetime.min.replace(tzinfo=UTC)


def fold(session: Session, *, now: datetime, limit: int = EVENTS_AT_ONCE) -> int:
    """Fold the next ``limit`` events of the log; returns how many there were.

    Two folds at once wait for each other. The caller commits: cursor and totals move together.
    """
    insert_once(session, FoldCursor, name=CURSOR, position=0)
    position = queries.cursor_for_update(session, CURSOR).position
    events = queries.events_after(session, position, until=queries.end_of_log(session), limit=limit)
    if not events:
        return 0
    kept_since = queries.forgotten_until(session)
    told = events if kept_since is None else [event for event in events if _is_open(event, kept_since)]
    if told:
        with _uncollected():
            _Fold(session, told).run()
    session.execute(update(FoldCursor).where(FoldCursor.name == CURSOR).values(position=events[-1].id))
    step("fold.written", events=len(events))
    return len(events)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage is looked for while thousands of rows that stay are made: a third of the fold's time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def fold_all(database: Database, *, now: datetime) -> int:
    """Fold until the log is empty, one transaction for each part; takes no write lock when idle."""
    done = 0
    while True:
        with database.reading() as session:
            if queries.newest_event(session) <= queries.position_of(session, CURSOR):
                return done
        with database.turn, database.writing() as session:
            count = fold(session, now=now)
        if not count:
            return done
        done += count


def redecide(session: Session, play_ids: Collection[int], *, now: datetime) -> None:
    """Decide and count these plays (``Play.id``) again, since something else than the log has changed.

    Waits for the fold and makes it wait; the caller commits. Plays of sessions whose day is forgotten stay
    as they are: what they were judged by, and counted with, may be gone.
    """
    insert_once(session, FoldCursor, name=CURSOR, position=0)
    queries.cursor_for_update(session, CURSOR)
    settling = Settling(session)
    plays = queries.plays_by_ids(settling.reading, play_ids)
    settling.sessions = queries.sessions_by_id(settling.reading, {play.session_id for play in plays})
    kept_since = queries.forgotten_until(session) or _ALWAYS
    settling.know(play for play in plays if _minted_at(play, settling.sessions) >= kept_since)
    settling.dirty.update(settling.plays)
    settling.settle()


class _Fold:
    """One part of the log and everything that it touches."""

    def __init__(self, session: Session, events: Sequence[LoggedEvent]) -> None:
        self._events = events
        self._known = Settling(session)
        self._noted: defaultdict[str, set[str]] = defaultdict(set)  #: people who are new behind a visitor key

    def run(self) -> None:
        """Apply the events in the log's order, then settle whatever changed."""
        known = self._known
        sent = self._sent()
        playing = {event.session_id for event in self._events if event.kind in _PLAYING}
        known.sessions = queries.sessions_by_id(known.reading, playing)
        known.know(queries.plays_of_sessions(known.reading, playing | {key[0] for key in sent}))
        by_play: defaultdict[PlayKey, list[LoggedEvent]] = defaultdict(list)
        by_session: defaultdict[str, list[LoggedEvent]] = defaultdict(list)
        for event in self._events:
            if event.kind in _PLAYING:
                by_play[event.session_id, event.play_id, event.track_id].append(event)
                by_session[event.session_id].append(event)
            elif event.kind is Kind.OWNER:
                self._note_owner(event)
        self._take_out_own()
        self._count_moments()
        for key, events in by_play.items():
            self._merge(key, events)
        self._unite(by_session)
        early = {key[0] for key, play in known.plays.items() if counting.EARLY in play.flags}
        for session_id, events in by_session.items():
            self._claim(session_id, events, is_early=session_id in early)
        keeping.add_deliveries(known.session, sent)
        keeping.keep_sessions(known.session, [known.sessions[session_id] for session_id in sorted(playing)])
        self._touch(sent)
        known.settle()

    def _merge(self, key: PlayKey, events: Sequence[LoggedEvent]) -> None:
        """All that a part of the log says of one play."""
        play = self._known.plays.get(key)
        if play is None:
            play = _new_play(events[0])
            self._known.begin(play)
        heard = [pair for event in events for pair in event.intervals]
        play.started_at = min(play.started_at, *map(_began, events))
        play.updated_at = max(play.updated_at, *(event.received_at for event in events))
        play.first_at_ms = min(play.first_at_ms, *(event.at_ms for event in events))
        play.last_at_ms = max(play.last_at_ms, *(event.at_ms for event in events))
        play.intervals = counting.merged([*play.intervals, *heard])
        play.listen_ms += counting.length(heard)
        play.media_ms = max(play.media_ms, *(event.media_ms or 0 for event in events))
        flags = {flag for event in events for flag in event.facts.get("flags", ())}
        marks = hosting.with_one_host({*filter(None, play.flags.split(",")), *flags})
        play.flags = ",".join(sorted(marks))
        self._recognize(play, events)
        self._known.dirty.add(key)

    def _recognize(self, play: Play, events: Sequence[LoggedEvent]) -> None:
        """Of several keys (the address changed, or consent came late) the least, in whatever order."""
        keys = filter(None, (play.visitor_key, *(event.visitor_key for event in events)))
        visitor = min(keys, default=None)
        if visitor != play.visitor_key:
            self._known.left.add(group_of(play))
            play.visitor_key = visitor
        networks = filter(None, (play.network_key, *(event.network_key for event in events)))
        play.network_key = min(networks, default=None)
        looks = {dimensions_of(event) for event in events} | {dimensions_of(play)}
        if len(looks) > 1:
            for name, values in zip(DIMENSIONS, zip(*looks, strict=True), strict=True):
                setattr(play, name, min(filter(None, values), default=""))

    def _unite(self, sessions: Collection[str]) -> None:
        """A view of a page is one visitor: of keys that differ that of its first play, in whatever order.

        The address changes when a phone leaves the house, and a report that comes after the salt is gone
        has no key. Own plays stay known, and whoever asked once not to be followed has no key at all.
        """
        known, by_session = self._known, defaultdict[str, list[Play]](list)
        for key, play in known.plays.items():
            if key[0] in sessions:
                by_session[play.session_id].append(play)
        several = [plays for plays in by_session.values() if len({play.visitor_key for play in plays}) > 1]
        if not several:
            return
        keys = {play.visitor_key for plays in several for play in plays if play.visitor_key}
        own = queries.people_behind(known.reading, keys)
        for plays in several:
            keyed = [play for play in plays if play.visitor_key]
            first = min(keyed, key=lambda play: (play.visitor_key not in own, play.first_at_ms, play.play_id))
            is_private = any("gpc" in play.flags.split(",") for play in plays)
            visitor = None if is_private else first.visitor_key
            for play in plays:
                if play.visitor_key != visitor:
                    known.left.add(group_of(play))
                    known.dirty.add(key_of(play))
                    play.visitor_key = visitor

    def _claim(self, session_id: str, events: Sequence[LoggedEvent], *, is_early: bool) -> None:
        """Hold what the session claims against the time that had passed when its newest report came in.

        An honest session never claims more, whatever the order in which its reports are stored. Of one that
        is reported to a clock behind the one it began by nobody knows how much time has passed.
        """
        known = self._known.sessions.get(session_id)
        if known is None:
            known = self._known.sessions[session_id] = _new_session(events[0])
        claimed, newest, minted_at = known.listen_ms, known.newest_at, known.minted_at
        minute, count = known.minute, known.minute_events
        outran, is_flooding = known.outran_time, known.is_flooding
        for event in events:
            claimed += counting.length(event.intervals)
            newest = max(newest, event.received_at)
            of_event = int(event.received_at.timestamp()) // 60
            count = count + 1 if of_event == minute else 1
            minute = of_event
            late = counting.outruns_time(claimed, minted_at=minted_at, received_at=newest)
            outran = outran or (late and not is_early)
            is_flooding = is_flooding or count > counting.MAX_EVENTS_PER_MINUTE
        known.listen_ms, known.newest_at = claimed, newest
        known.minute, known.minute_events = minute, count
        known.outran_time, known.is_flooding = outran, is_flooding

    def _count_moments(self) -> None:
        """Everything but listening and own steps, whoever is known by now."""
        moments = [event for event in self._events if event.kind in COUNTED_AS]
        steps = [event for event in moments if event.kind in own_steps.KINDS]
        people = queries.people_behind(
            self._known.reading, {step.visitor_key for step in steps if step.visitor_key}
        )
        left_out = own_steps.own(self._known.reading, steps, people)
        left_out |= own_steps.of_nothing(self._known.reading, steps)
        for event in moments:
            if event.id not in left_out:
                self._count(event)

    def _take_out_own(self) -> None:
        """Steps that were counted before their visitor was known as an owner."""
        reading, noted = self._known.reading, self._noted
        steps = own_steps.steps_before(reading, noted.keys(), before=self._events[0].id)
        if not steps:
            return
        now = queries.people_behind(reading, noted.keys())
        then = {key: people - noted[key] for key, people in now.items()}
        before = own_steps.own(reading, steps, then) | own_steps.of_nothing(reading, steps)
        new = own_steps.own(reading, steps, now) - before
        for counted in steps:
            if counted.id in new:
                self._count(counted, sign=-1)

    def _count(self, event: LoggedEvent | LoggedStep, sign: int = 1) -> None:
        if not _NOT_COUNTED.isdisjoint(event.facts.get("flags", ())):
            return
        place = (event.app_id, event.placement_id, event.channel, event.track_id)
        times = sign * times_of(event.facts)
        self._known.differences.count(event.kind, _began(event), place, event.host, times)

    def _note_owner(self, event: LoggedEvent) -> None:
        """Plays of the visitor that are stored, and those of this part, are decided again."""
        known = self._known
        if event.visitor_key is None or not insert_once(
            known.session,
            OwnerKey,
            visitor_key=event.visitor_key,
            person_id=event.session_id,
            noted_at=event.received_at,
        ):
            return
        self._noted[event.visitor_key].add(event.session_id)
        plays = queries.plays_of_visitors(known.reading, [event.visitor_key])
        known.know(plays)
        known.dirty.update(map(key_of, plays))

    def _sent(self) -> dict[tuple[str, str], Sent]:
        sums: dict[tuple[str, str], Sent] = {}
        for event in self._events:
            if event.kind is Kind.DELIVERY:
                key, more = (event.session_id, event.track_id), _sent_by(event)
                sums[key] = sums[key].merged(more) if key in sums else more
        return sums

    def _touch(self, sent: Collection[tuple[str, str]]) -> None:
        """New bytes and new suspicions concern every play of their session."""
        known = self._known
        for key in known.plays:
            claims = known.sessions.get(key[0])
            is_suspicious = claims is not None and (claims.outran_time or claims.is_flooding)
            if is_suspicious or (key[0], key[2]) in sent:
                known.dirty.add(key)


def _sent_by(event: LoggedEvent) -> Sent:
    """What a line tells of delivered bytes; lines of older versions say only how many."""
    at, count = event.received_at, int(event.facts.get("bytes", 0))
    pieces = event.facts.get("pieces")
    if pieces is None:
        return Sent(at, at, count, unplaced=count)
    return Sent(at, at, count, pieces=bits_of(pieces))


def _began(event: LoggedEvent | LoggedStep) -> datetime:
    return min(event.minted_at + event.at_ms * _MS, event.received_at)


def _is_open(event: LoggedEvent, kept_since: datetime) -> bool:
    """Whether it may still change something: the raw rows that it would be counted with are there.

    The door refuses such reports long before, unless an installation takes them for more days than it did.
    """
    if event.minted_at >= kept_since or event.kind is Kind.OWNER:
        return True
    return event.kind in COUNTED_AS and _began(event) >= kept_since


def _minted_at(play: Play, sessions: Mapping[str, ListenSession]) -> datetime:
    known = sessions.get(play.session_id)
    return play.started_at if known is None else known.minted_at


def _new_session(event: LoggedEvent) -> ListenSession:
    return ListenSession(
        id=event.session_id,
        minted_at=event.minted_at,
        newest_at=event.received_at,
        listen_ms=0,
        minute=0,
        minute_events=0,
        outran_time=False,
        is_flooding=False,
    )


def _new_play(event: LoggedEvent) -> Play:
    play = Play()
    vars(play).update(  # no session watches it, so its attributes need no notice
        id=0,
        session_id=event.session_id,
        play_id=event.play_id,
        track_id=event.track_id,
        app_id=event.app_id,
        placement_id=event.placement_id,
        channel=event.channel,
        host=event.host,
        visitor_key=event.visitor_key,
        network_key=event.network_key,
        flags="",
        started_at=_began(event),
        updated_at=event.received_at,
        first_at_ms=event.at_ms,
        last_at_ms=event.at_ms,
        intervals=[],
        listen_ms=0,
        media_ms=0,
        is_qualified=False,
        is_completed=False,
        percent=-1,
        tenths=0,
        is_counted=False,
        decision=Decision.SUSPECT,
        reason="",
        country=event.country,
        device=event.device,
        os=event.os,
        browser=event.browser,
        layout=event.layout,
    )
    return play
