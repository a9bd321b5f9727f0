"""The fold: log to plays to totals, in one transaction with the cursor.

Only the log's content decides, never the batches it came in: plays are unions, what a play
contributed before is taken back when it changes, and a visitor's plays of a track are recounted
together. So late, shuffled and repeated reports give the same totals, and a crash gives none twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from flexapp.kernel.steps import step
from flexapp.listening import counting, queries
from flexapp.listening.models import (
    Decision,
    Delivery,
    FoldCursor,
    Kind,
    ListenEvent,
    ListenSession,
    OwnerKey,
    Play,
)
from flexapp.listening.totals import COUNTED_AS, Differences, Heard, heard_of, listeners_of
from flexapp.listening.verdicts import Verdicts
from flexapp.storage.once import insert_once
from flexapp.storage.session import Database

CURSOR = "totals"
EVENTS_AT_ONCE = 2000
_PLAYING = frozenset({Kind.START, Kind.HEARTBEAT, Kind.END})
PlayKey = tuple[str, str, str]


def fold(session: Session, *, now: datetime, limit: int = EVENTS_AT_ONCE) -> int:
    """Fold the next ``limit`` events of the log; returns how many there were.

    Two folds at once wait for each other. The caller commits: cursor and totals move together.
    """
    insert_once(session, FoldCursor, name=CURSOR, position=0)
    cursor = queries.cursor_for_update(session, CURSOR)
    events = queries.events_after(session, cursor.position, until=queries.end_of_log(session), limit=limit)
    if not events:
        return 0
    _Fold(session, events, now=now).run()
    cursor.position = events[-1].id
    session.flush()
    step("fold.written", events=len(events))
    return len(events)


def fold_all(database: Database, *, now: datetime) -> int:
    """Fold until the log is empty, one transaction for each part; takes no write lock when idle."""
    done = 0
    while True:
        with database.reading() as session:
            if queries.newest_event(session) <= queries.position_of(session, CURSOR):
                return done
        with database.writing() as session:
            count = fold(session, now=now)
        if not count:
            return done
        done += count


def redecide(session: Session, play_ids: Collection[int], *, now: datetime) -> None:
    """Decide and count these plays (``Play.id``) again, since something else than the log has changed.

    Waits for the fold and makes it wait; the caller commits.
    """
    insert_once(session, FoldCursor, name=CURSOR, position=0)
    queries.cursor_for_update(session, CURSOR)
    _Fold(session, [], now=now).run_again(queries.plays_by_ids(session, play_ids))


class _Fold:
    """One part of the log and everything that it touches."""

    def __init__(self, session: Session, events: Sequence[ListenEvent], *, now: datetime) -> None:
        self._session = session
        self._events = events
        self._now = now
        self._differences = Differences()
        self._plays: dict[PlayKey, Play] = {}
        self._before: dict[PlayKey, Heard | None] = {}
        self._owners: dict[str, str] = {}
        self._producers: dict[str, str] = {}
        self._dirty: set[PlayKey] = set()
        self._left: set[tuple[str, str | None, str]] = set()
        ids = {event.session_id for event in events if event.kind in _PLAYING}
        self._sessions = queries.sessions_by_id(session, ids)

    def run(self) -> None:
        """Apply the events in the log's order, then decide and recount whatever changed."""
        self._load_named_plays()
        for event in self._events:
            if event.kind in _PLAYING:
                self._merge(event)
            elif event.kind is Kind.OWNER:
                self._note_owner(event)
            elif event.kind in COUNTED_AS:
                self._count(event)
        delivered = self._add_deliveries()
        self._session.flush()
        self._touch_sessions(delivered)
        self._settle()

    def run_again(self, plays: Sequence[Play]) -> None:
        """The same for plays of which no event is new."""
        for play in plays:
            self._know(play)
            self._dirty.add((play.session_id, play.play_id, play.track_id))
        self._sessions.update(queries.sessions_by_id(self._session, {play.session_id for play in plays}))
        self._settle()

    def _settle(self) -> None:
        """Decide what is dirty, recount whom it concerns, and write the difference."""
        verdicts = Verdicts(self._session, self._sessions)
        changed = verdicts.decide([self._plays[key] for key in sorted(self._dirty)])
        self._session.flush()
        self._recount(changed)
        self._know_listeners()
        self._write_differences()

    def _know_listeners(self) -> None:
        """Every play of a visitor decides together where that visitor is a listener."""
        keys = {play.visitor_key for play in self._plays.values()}
        keys |= {before.visitor_key for before in self._before.values() if before is not None}
        for play in queries.plays_of_visitors(self._session, {key for key in keys if key is not None}):
            self._know(play)

    def _write_differences(self) -> None:
        plays = self._plays.values()
        self._owners = queries.owners_of_apps(self._session, {play.app_id for play in plays if play.app_id})
        tracks = queries.track_facts(self._session, {play.track_id for play in plays})
        self._producers = {track_id: facts.producer_id for track_id, facts in tracks.items()}
        then: dict[str, list[Heard]] = {}
        after: dict[str, list[Heard]] = {}
        for key, play in self._plays.items():
            before, now = self._with_people(self._before[key]), self._with_people(heard_of(play))
            for heard, kept in ((before, then), (now, after)):
                if heard is not None and heard.visitor_key is not None:
                    kept.setdefault(heard.visitor_key, []).append(heard)
            if before == now:
                continue
            if before is not None:
                self._differences.add(before, sign=-1)
            if now is not None:
                self._differences.add(now)
        for visitor in then.keys() | after.keys():
            old, new = listeners_of(then.get(visitor, ())), listeners_of(after.get(visitor, ()))
            for where in old - new:
                self._differences.listener(where, -1)
            for where in new - old:
                self._differences.listener(where, 1)
        self._session.flush()
        self._differences.write(self._session)

    def _with_people(self, heard: Heard | None) -> Heard | None:
        if heard is None:
            return None
        people = (self._owners.get(heard.app, ""), self._producers.get(heard.track, ""))
        return heard._replace(people=people)

    def _load_named_plays(self) -> None:
        keys = {_key_of(event) for event in self._events if event.kind in _PLAYING}
        for play in queries.plays_by_keys(self._session, keys):
            self._know(play)

    def _know(self, play: Play) -> Play:
        """Remember a stored play with what it contributed before it changes."""
        key = (play.session_id, play.play_id, play.track_id)
        if key not in self._plays:
            self._plays[key] = play
            self._before[key] = heard_of(play)
        return self._plays[key]

    def _merge(self, event: ListenEvent) -> None:
        key = _key_of(event)
        began = min(event.minted_at + timedelta(milliseconds=event.at_ms), event.received_at)
        heard = counting.length(event.intervals)
        play = self._plays.get(key)
        if play is None:
            play = self._plays[key] = _new_play(event, began)
            self._before[key] = None
            self._session.add(play)
        self._recognize(play, event)
        play.started_at = min(play.started_at, began)
        play.updated_at = max(play.updated_at, event.received_at)
        play.first_at_ms = min(play.first_at_ms, event.at_ms)
        play.last_at_ms = max(play.last_at_ms, event.at_ms)
        play.intervals = counting.merged([*play.intervals, *event.intervals])
        play.listen_ms += heard
        play.media_ms = max(play.media_ms, event.media_ms or 0)
        play.flags = ",".join(sorted({*filter(None, play.flags.split(",")), *event.facts.get("flags", ())}))
        self._claim(event, heard)
        self._dirty.add(key)

    def _recognize(self, play: Play, event: ListenEvent) -> None:
        """Of several keys (the address changed, or consent came late) the least, in whatever order."""
        visitor = min(filter(None, (play.visitor_key, event.visitor_key)), default=None)
        if visitor != play.visitor_key:
            self._left.add(_group_of(play))
            play.visitor_key = visitor
        play.network_key = min(filter(None, (play.network_key, event.network_key)), default=None)

    def _claim(self, event: ListenEvent, heard: int) -> None:
        """Hold what the session claims against the time that had passed when its newest report came in.

        An honest session never claims more, whatever the order in which its reports are stored.
        """
        known = self._sessions.get(event.session_id)
        if known is None:
            known = ListenSession(
                id=event.session_id,
                minted_at=event.minted_at,
                newest_at=event.received_at,
                listen_ms=0,
                minute=0,
                minute_events=0,
                outran_time=False,
                is_flooding=False,
            )
            self._sessions[event.session_id] = known
            self._session.add(known)
        known.listen_ms += heard
        known.newest_at = max(known.newest_at, event.received_at)
        minute = int(event.received_at.timestamp()) // 60
        known.minute_events = known.minute_events + 1 if minute == known.minute else 1
        known.minute = minute
        outran = counting.outruns_time(
            known.listen_ms, minted_at=known.minted_at, received_at=known.newest_at
        )
        flooding = known.minute_events > counting.MAX_EVENTS_PER_MINUTE
        known.outran_time = known.outran_time or outran
        known.is_flooding = known.is_flooding or flooding

    def _note_owner(self, event: ListenEvent) -> None:
        if event.visitor_key is None:
            return
        is_new = insert_once(
            self._session,
            OwnerKey,
            visitor_key=event.visitor_key,
            person_id=event.session_id,
            noted_at=event.received_at,
        )
        if is_new:
            self._session.flush()
            for play in queries.plays_of_visitors(self._session, [event.visitor_key]):
                self._know(play)
                self._dirty.add((play.session_id, play.play_id, play.track_id))

    def _count(self, event: ListenEvent) -> None:
        if {"bot", "preview"} & set(event.facts.get("flags", ())):
            return
        when = min(event.minted_at + timedelta(milliseconds=event.at_ms), event.received_at)
        place = (event.app_id, event.placement_id, event.channel, event.track_id)
        self._differences.count(event.kind, when, place, event.host)

    def _add_deliveries(self) -> set[tuple[str, str]]:
        sent = [event for event in self._events if event.kind is Kind.DELIVERY]
        keys = {(event.session_id, event.track_id) for event in sent}
        known = queries.deliveries_of(self._session, keys)
        for event in sent:
            key = (event.session_id, event.track_id)
            row = known.get(key)
            if row is None:
                row = known[key] = Delivery(
                    session_id=key[0],
                    track_id=key[1],
                    bytes=0,
                    first_at=event.received_at,
                    last_at=event.received_at,
                )
                self._session.add(row)
            row.bytes += int(event.facts.get("bytes", 0))
            row.last_at = max(row.last_at, event.received_at)
        return keys

    def _touch_sessions(self, delivered: set[tuple[str, str]]) -> None:
        """New bytes and new suspicions concern every play of their session."""
        ids = {session_id for session_id, _ in delivered}
        ids |= {row.id for row in self._sessions.values() if row.outran_time or row.is_flooding}
        if not ids:
            return
        for play in queries.plays_of_sessions(self._session, ids):
            suspicious = self._sessions.get(play.session_id)
            is_suspicious = suspicious is not None and (suspicious.outran_time or suspicious.is_flooding)
            if is_suspicious or (play.session_id, play.track_id) in delivered:
                self._know(play)
                self._dirty.add((play.session_id, play.play_id, play.track_id))
        missing = ids - self._sessions.keys()
        self._sessions.update(queries.sessions_by_id(self._session, missing))

    def _recount(self, changed: Sequence[Play]) -> None:
        groups = {_group_of(play) for play in changed} | self._left
        for track_id, visitor_key, session_id in sorted(groups, key=lambda group: tuple(map(str, group))):
            plays = [
                self._know(play)
                for play in queries.plays_of_visitor(
                    self._session, track_id, visitor_key=visitor_key, session_id=session_id
                )
            ]
            able = {_name(play): play for play in plays if may_count(play)}
            names = counting.counted((play.started_at, name) for name, play in able.items())
            for play in plays:
                play.is_counted = _name(play) in names


def may_count(play: Play) -> bool:
    """Whether a play is a candidate for counting: qualified and valid."""
    return play.is_qualified and play.decision is Decision.VALID


def _key_of(event: ListenEvent) -> PlayKey:
    return event.session_id, event.play_id, event.track_id


def _group_of(play: Play) -> tuple[str, str | None, str]:
    """Plays of one track among which one an hour counts: of a visitor, without a key of a session."""
    return play.track_id, play.visitor_key, "" if play.visitor_key else play.session_id


def _name(play: Play) -> str:
    return f"{play.session_id}/{play.play_id}"


def _new_play(event: ListenEvent, began: datetime) -> Play:
    return Play(
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
        started_at=began,
        updated_at=event.received_at,
        first_at_ms=event.at_ms,
        last_at_ms=event.at_ms,
        intervals=[],
        listen_ms=0,
        media_ms=0,
        is_qualified=False,
        is_completed=False,
        is_counted=False,
        decision=Decision.SUSPECT,
        reason="",
        percent=-1,
        tenths=0,
        country=event.country,
        device=event.device,
        os=event.os,
        browser=event.browser,
        layout=event.layout,
    )
