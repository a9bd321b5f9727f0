"""Settling: plays that changed are decided, their visitors recounted, and the roll-ups get the difference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy.orm import Session

from flexapp.listening import counting, keeping, queries
from flexapp.listening.models import Decision, ListenSession, Play
from flexapp.listening.totals import Differences, Heard, heard_of, listeners_of
from flexapp.listening.verdicts import Verdicts

PlayKey = tuple[str, str, str]
Group = tuple[str, str | None, str]


class Settling:
    """Plays with what they contributed before they change.

    ``reading`` shares the connection of ``session`` and never writes: its objects are changed freely.
    """

    def __init__(self, session: Session) -> None:
        session.flush()
        self.session = session
        self.reading = Session(session.connection(), autoflush=False)
        self.differences = Differences()
        self.sessions: dict[str, ListenSession] = {}
        self.plays: dict[PlayKey, Play] = {}
        self.dirty: set[PlayKey] = set()  #: to be decided
        self.left: set[Group] = set()  #: groups that a play was taken out of
        self._before: dict[PlayKey, Heard | None] = {}

    def know(self, plays: Iterable[Play]) -> None:
        """Remember stored plays as they are."""
        for play in plays:
            key = key_of(play)
            if key not in self.plays:
                self.plays[key] = play
                self._before[key] = heard_of(play)

    def begin(self, play: Play) -> None:
        """A play that nothing is stored of."""
        key = key_of(play)
        self.plays[key] = play
        self._before[key] = None

    def settle(self) -> None:
        """Decide what is dirty, recount whom it concerns, write plays and differences."""
        missing = {key[0] for key in self.dirty} - self.sessions.keys()
        self.sessions.update(queries.sessions_by_id(self.reading, missing))
        changed = Verdicts(self.reading, self.sessions).decide(
            [self.plays[key] for key in sorted(self.dirty)]
        )
        self._know_visitors(changed)
        recounted = self._recount({group_of(play) for play in changed} | self.left)
        new = [play for key, play in self.plays.items() if self._before[key] is None and not play.id]
        known = [self.plays[key] for key in sorted(self.dirty | recounted) if self.plays[key].id]
        keeping.insert_plays(self.session, new)
        keeping.update_plays(self.session, known)
        self._differ()
        self.differences.write(self.session)
        self.session.expire_all()

    def _know_visitors(self, changed: list[Play]) -> None:
        """A visitor's plays are counted together, and tell together where that visitor is a listener."""
        keys = {play.visitor_key for play in changed}
        keys |= {visitor for _, visitor, _ in self.left}
        self.know(queries.plays_of_visitors(self.reading, {key for key in keys if key}))
        nameless = {play.session_id for play in changed if play.visitor_key is None}
        nameless |= {session_id for _, visitor, session_id in self.left if not visitor}
        self.know(queries.plays_of_sessions(self.reading, nameless))

    def _recount(self, groups: set[Group]) -> set[PlayKey]:
        """Decide which plays of the groups count; returns those that change."""
        members: defaultdict[Group, list[Play]] = defaultdict(list)
        for play in self.plays.values():
            group = group_of(play)
            if group in groups:
                members[group].append(play)
        changed = set()
        for plays in members.values():
            able = {_name(play): play for play in plays if may_count(play)}
            names = counting.counted((play.started_at, name) for name, play in able.items())
            for play in plays:
                is_counted = _name(play) in names
                if play.is_counted != is_counted:
                    play.is_counted = is_counted
                    changed.add(key_of(play))
        return changed

    def _differ(self) -> None:
        plays = self.plays.values()
        owners = queries.owners_of_apps(self.reading, {play.app_id for play in plays if play.app_id})
        tracks = queries.track_facts(self.reading, {play.track_id for play in plays})

        def with_people(heard: Heard | None) -> Heard | None:
            if heard is None:
                return None
            facts = tracks.get(heard.track)
            return heard._replace(people=(owners.get(heard.app, ""), facts.producer_id if facts else ""))

        visitors: set[str] = set()
        then: defaultdict[str, list[Heard]] = defaultdict(list)
        now: defaultdict[str, list[Heard]] = defaultdict(list)
        for key, play in self.plays.items():
            before, after = with_people(self._before[key]), with_people(heard_of(play))
            for heard, kept in ((before, then), (after, now)):
                if heard is not None and heard.visitor_key is not None:
                    kept[heard.visitor_key].append(heard)
            if before == after:
                continue
            for heard, sign in ((before, -1), (after, 1)):
                if heard is not None:
                    self.differences.add(heard, sign)
                    visitors.add(heard.visitor_key or "")
        for visitor in visitors - {""}:
            old, new = listeners_of(then[visitor]), listeners_of(now[visitor])
            for where in old - new:
                self.differences.listener(where, -1)
            for where in new - old:
                self.differences.listener(where, 1)


def may_count(play: Play) -> bool:
    """Whether a play is a candidate for counting: qualified and valid."""
    return play.is_qualified and play.decision is Decision.VALID


def key_of(play: Play) -> PlayKey:
    """What names a play."""
    return play.session_id, play.play_id, play.track_id


def group_of(play: Play) -> Group:
    """Plays of one track among which one an hour counts: of a visitor, without a key of a session."""
    return play.track_id, play.visitor_key, "" if play.visitor_key else play.session_id


def _name(play: Play) -> str:
    return f"{play.session_id}/{play.play_id}"
