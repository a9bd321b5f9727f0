"""The press: things are made once, kept on a shelf, and handed out to many until something in them changes.

What is asked for comes by two ways that say the same: the lane finds what is there, Flask makes what is
not. A third is the renewer (``renewing.py``): what was taken off is made again before anybody asks.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Generic

from sqlalchemy.orm import Session

from embed.encoding import Encoder, Packed
from embed.parameters import Parameters
from embed.shelf import Item, Key, Shelf
from embed.subjects import Subject, subject_of
from flexapp.apps.models import FlexApp, Placement
from flexapp.apps.queries import producers_of_picks
from flexapp.storage.revisions import revisions_of
from flexapp.web.lane import Answer
from flexapp.workflows.services import Services

LINGERS_UNTIL: ContextVar[float] = ContextVar("lingers_until", default=0.0)
"""Set while the renewer hears of changes: until then the lane goes on with what it is about to make again."""
_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Wish:
    """Something to publish before anybody asks for it."""

    key: Key
    addresses: list[str]
    times: int = 0  #: how often it was asked for
    codings: frozenset[str] = frozenset({"br"})

    def __or__(self, other: Wish) -> Wish:
        """Both wishes for one key."""
        addresses = list(dict.fromkeys([*self.addresses, *other.addresses]))
        return Wish(self.key, addresses, max(self.times, other.times), self.codings | other.codings)


Follower = Callable[["Press[Any]", list[Wish]], None]


class Press(ABC, Generic[Item]):
    """Publishes and hands out one kind of thing, in one process."""

    def __init__(self, services: Services, shelf: Shelf[Item]) -> None:
        self._services = services
        self._shelf = shelf
        self._encoder = Encoder()
        self._followers: list[Follower] = []
        self._revisions = revisions_of(services.database)
        self._revisions.tell(self._forget)

    def answer(self, environ: Mapping[str, Any]) -> Answer | None:
        """The lane's way: from memory, or None when somebody has to read the database."""
        now = time.monotonic()
        if now >= self._revisions.due and not self._is_current():
            return None
        if environ["REQUEST_METHOD"] not in _READING:
            return None
        found = self._shelf.find(f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}")
        return self.hand_out(found, environ) if found is not None and now < found.until else None

    def publish(self, session: Session, target: str, asked: Parameters, *, address: str) -> Item:
        """What is published for a target and parameters; made unless it is there. Raises PlayerGone.

        ``address`` is the path and query by which the lane shall find it.
        """
        found, key, _ = self._publish(session, target, asked)
        if key == (target, asked):  # others are looked up again each time: they may mean more later
            self._shelf.name(address, key)
        return found

    def renew(self, session: Session, wish: Wish) -> bool:
        """Publish what is wished for, compressed before anybody can ask for it. Raises PlayerGone.

        False when something changed meanwhile, so that nothing is kept.
        """
        found, key, is_kept = self._publish(session, *wish.key, codings=wish.codings)
        if key == wish.key:
            for address in wish.addresses:
                self._shelf.name(address, key)
            found.times = max(found.times, wish.times // 2)
        return is_kept

    def follow(self, follower: Follower) -> None:
        """Call ``follower`` with what was asked for and is taken off because it is old; it must be quick."""
        self._followers.append(follower)

    def sweep(self) -> None:
        """Let go of what may not be handed out any more."""
        self._shelf.sweep()

    @abstractmethod
    def hand_out(self, found: Item, environ: Mapping[str, Any]) -> Answer:
        """One view: status, headers and body."""

    @abstractmethod
    def usual(self, app: FlexApp, placements: Iterable[Placement]) -> list[Wish]:
        """What the first visitors of an app ask for, at the addresses that our snippets give it."""

    @abstractmethod
    def _make(self, session: Session, subject: Subject, key: Key) -> Item:
        """Make it."""

    def _publish(
        self, session: Session, target: str, asked: Parameters, *, codings: Iterable[str] = ()
    ) -> tuple[Item, Key, bool]:
        """The thing, its key with the placement that is credited, and whether it stays on the shelf."""
        may_use = self._is_current()
        since = self._shelf.moment()
        subject = subject_of(session, self._services.signer, target, key=asked.key)
        key = (target, replace(asked, key=subject.placement.key if subject.placement else ""))
        with self._shelf.turn(key):
            found = self._shelf.get(key) if may_use else None
            if found is not None:
                return found, key, True
            found = self._make(session, subject, key)
            for coding in codings:
                self._pack(found, coding)
            return found, key, may_use and self._shelf.put(key, found, since=since)

    def _is_current(self) -> bool:
        """Whether what is kept is surely of now; asks for revisions when it is time to."""
        return self._revisions.are_known()

    def _pack(self, found: Item, coding: str) -> Packed:
        packed = self._encoder.pack(found.body, coding, is_common=found.is_common)
        found.packed[coding] = packed
        return packed

    def _forget(self, subjects: frozenset[str]) -> None:
        old = self._shelf.forget(subjects, until=LINGERS_UNTIL.get())
        if self._followers:
            wishes = [
                Wish(key, [*kept.addresses], kept.times, frozenset(kept.packed))
                for key, kept in old
                if kept.addresses and kept.is_common
            ]
            for follower in self._followers:
                follower(self, wishes)


def address_of(environ: Mapping[str, Any]) -> str:
    """Path and query as the lane looks them up."""
    return f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}"


def needs_of(session: Session, subject: Subject) -> frozenset[str]:
    """Ids whose change may change what is shown of the subject: see ``flexapp/apps/shown.py``."""
    needs = {subject.id, subject.owner.id}
    for track in subject.tracks:
        needs.update((track.id, track.producer_id))
    if subject.app is not None:
        needs.update((subject.app.id, subject.app.owner_id))
        needs.update(producers_of_picks(session, subject.app.id))
    return frozenset(needs)
