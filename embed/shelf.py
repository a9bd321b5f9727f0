"""The shelf: published documents and lineups kept in memory until something that they show changes.

Bounded by count and bytes, with a room of its own for documents of made-up addresses (free colors,
start times), so that nobody can flood out the others. Finding takes no lock. A document that was
rendered while something changed is handed out once and not kept.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from math import inf
from typing import Any, Generic, TypeVar

from embed.documents import Document
from embed.encoding import Packed
from embed.parameters import Parameters
from flexapp.apps.models import Channel
from flexapp.storage.revisions import EVERYTHING

MOST_COMMON, MOST_FREE = 2000, 200
MOST_BYTES = 96 * 1024 * 1024  #: of bodies, in each room
ADDRESSES_EACH = 8
MOST_ADDRESS = 1200  #: characters; longer ones are read again each time
_CHANGES_KEPT = 500
_TURNS = 64
Key = tuple[str, Parameters]


@dataclass(slots=True, eq=False, kw_only=True)
class Kept:
    """Something published: its bytes, and what it hangs on."""

    body: bytes
    needs: frozenset[str]  #: ids whose change makes it old
    is_common: bool = True
    packed: dict[str, Packed] = field(default_factory=dict)  #: by coding
    used: int = 0  #: when it was asked for last
    times: int = 0  #: how often it was asked for, less of what was long ago
    addresses: list[str] = field(default_factory=list)
    until: float = inf  #: by the monotonic clock; what is old may be found a moment longer

    @property
    def size(self) -> int:
        """Bytes, with about as much again for its compressed forms."""
        return 2 * len(self.body)


@dataclass(slots=True, eq=False, kw_only=True)
class Published(Kept):
    """A document, and what its views have in common."""

    document: Document
    mark: str  #: changes with every byte of body and policy
    app_id: str
    placement_id: str
    channel: Channel
    ancestors: list[str] | None  #: see ``Subject``
    flags: frozenset[str]  #: that its address puts on every session
    views: dict[Any, Any] = field(default_factory=dict)


Item = TypeVar("Item", bound=Kept)


class Shelf(Generic[Item]):
    """What is published, by address and by what it shows. Safe to share between threads."""

    def __init__(self, *, most_common: int = MOST_COMMON, most_free: int = MOST_FREE) -> None:
        self._most = {True: most_common, False: most_free}
        self._rooms: dict[bool, dict[Key, Item]] = {True: {}, False: {}}
        self._by_address: dict[str, Item] = {}
        self._lingering: list[Item] = []
        self._changes: deque[tuple[int, frozenset[str]]] = deque(maxlen=_CHANGES_KEPT)
        self._count = 0
        self._lock = threading.Lock()
        self._turns = [threading.Lock() for _ in range(_TURNS)]

    def find(self, address: str) -> Item | None:
        """What was published under exactly that address; to be used before its ``until``."""
        return self._by_address.get(address)

    def get(self, key: Key) -> Item | None:
        """What was published for that target and those parameters."""
        return self._rooms[key[1].is_common].get(key)

    def turn(self, key: Key) -> AbstractContextManager[Any]:
        """Hold it while rendering: the others wait for the result instead of rendering it too."""
        return self._turns[hash(key) % _TURNS]

    def moment(self) -> int:
        """To be taken before anything is read for a document, and given to ``put``."""
        return self._count

    def put(self, key: Key, published: Item, *, since: int) -> bool:
        """Keep it, unless something it needs changed meanwhile."""
        with self._lock:
            if self._has_changed(published.needs, since):
                return False
            room = self._rooms[published.is_common]
            self._remove(key)
            room[key] = published
            self._make_room(published.is_common)
            return True

    def name(self, address: str, key: Key) -> None:
        """Let ``find`` know an address of what is kept under the key."""
        with self._lock:
            kept = self.get(key)
            if kept is None or len(kept.addresses) >= ADDRESSES_EACH or len(address) > MOST_ADDRESS:
                return
            kept.addresses.append(address)
            self._by_address[address] = kept

    def forget(self, subjects: frozenset[str], *, until: float = 0.0) -> list[tuple[Key, Item]]:
        """Take everything off that hangs on one of these ids; returns it.

        With ``until``, what is common is found under its addresses up to that moment of the monotonic
        clock, unless something newer takes its place there.
        """
        with self._lock:
            self._count += 1
            self._changes.append((self._count, subjects))
            everything = EVERYTHING in subjects

            def is_old(kept: Item) -> bool:
                return everything or not kept.needs.isdisjoint(subjects)

            if not until:
                for kept in filter(is_old, self._lingering):
                    kept.until = 0.0
            old = [pair for room in self._rooms.values() for pair in room.items() if is_old(pair[1])]
            for key, kept in old:
                if until and kept.is_common:
                    kept.until = until
                    self._lingering.append(self._rooms[True].pop(key))
                else:
                    self._remove(key)
            self._sweep()
            return old

    def sweep(self) -> None:
        """Let go of what is found no longer."""
        if self._lingering:
            with self._lock:
                self._sweep()

    def __len__(self) -> int:
        return sum(map(len, self._rooms.values()))

    def _has_changed(self, needs: frozenset[str], since: int) -> bool:
        if self._count - since > len(self._changes):
            return True  # too long ago to tell
        return any(
            EVERYTHING in subjects or not needs.isdisjoint(subjects)
            for number, subjects in self._changes
            if number > since
        )

    def _make_room(self, is_common: bool) -> None:
        """Drop a sixteenth, those not asked for longest, when it is too much."""
        room = self._rooms[is_common]
        while len(room) > self._most[is_common] or sum(each.size for each in room.values()) > MOST_BYTES:
            oldest = sorted(room, key=lambda key: room[key].used)
            for key in oldest[: len(room) // 16 + 1]:
                self._remove(key)

    def _sweep(self) -> None:
        now = time.monotonic()
        for kept in [kept for kept in self._lingering if kept.until <= now]:
            self._lingering.remove(kept)
            self._unname(kept)

    def _remove(self, key: Key) -> None:
        kept = self._rooms[key[1].is_common].pop(key, None)
        if kept is not None:
            self._unname(kept)

    def _unname(self, kept: Item) -> None:
        for address in kept.addresses:
            if self._by_address.get(address) is kept:  # and nothing newer took its place
                del self._by_address[address]
