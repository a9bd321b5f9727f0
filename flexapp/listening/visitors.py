"""Visitor keys: one per visitor, site and day, under a salt that is gone after 48 hours (``salts``).

64 bits of BLAKE2b, keyed with the day's salt, over site, network address and user agent (embed-spec
section 9, after Plausible's scheme). The address itself is never stored. Whoever asks not to be
followed (``Sec-GPC``, ``DNT``), or has not agreed where an app asks first, gets none.
"""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from flexapp.kernel.network import network_of, prefix_of
from flexapp.listening.bots import is_bot
from flexapp.listening.salts import begin_of_use, day_of, end_of_use, forget_salts, is_overdue, shared_salt
from flexapp.storage.session import Database

NAMELESS = frozenset({"gpc", "ask", "bot", "preview"})  #: flags with which no key is kept
_LOOK_EVERY = timedelta(minutes=10)


def request_flags(
    *, user_agent: str, gpc: str | None = None, dnt: str | None = None, purpose: str | None = None
) -> frozenset[str]:
    """``bot`` and ``gpc`` by the headers of a report.

    ``gpc`` and ``dnt`` are Sec-GPC and DNT, ``purpose`` is Sec-Purpose: prefetches count as programs,
    since nobody may ever see what they fetched.
    """
    return flags_of(user_agent, gpc, dnt, purpose)


@lru_cache(maxsize=4096)
def flags_of(user_agent: str, gpc: str | None, dnt: str | None, purpose: str | None) -> frozenset[str]:
    """The same, for those who ask thousands of times a second."""
    is_program = is_bot(user_agent) or "prefetch" in (purpose or "")
    return _FLAGS[is_program, gpc == "1" or dnt == "1"]


_FLAGS = {
    (False, False): frozenset[str](),
    (True, False): frozenset({"bot"}),
    (False, True): frozenset({"gpc"}),
    (True, True): frozenset({"bot", "gpc"}),
}


class VisitorKeys:
    """Makes keys; each day's salt is read from the database once and kept while it may be used."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._salts: dict[str, bytes] = {}
        self._look_at = datetime.min.replace(tzinfo=UTC)  #: for salts that nobody deletes
        self._lock = threading.Lock()

    def key_for(
        self, *, address: str, user_agent: str, host: str, minted_at: datetime, now: datetime
    ) -> str | None:
        """16 hex digits for a session minted at ``minted_at``; None when that day's salt is gone, or not due.

        The day is the session's, so one that runs over midnight keeps its key.
        """
        return self._keyed(minted_at, now, host, network_of(address), user_agent[:500])

    def network_key_for(self, *, address: str, minted_at: datetime, now: datetime) -> str | None:
        """The same of the network alone, a /24 or /64, for caps: it names no website and no browser."""
        return self._keyed(minted_at, now, "network", prefix_of(address))

    def _keyed(self, minted_at: datetime, now: datetime, *parts: str) -> str | None:
        day = day_of(minted_at)
        if not _begin_of_use(day) <= now < _end_of_use(day):
            return None
        text = "\x1f".join(parts).encode("utf-8", "replace")
        return hashlib.blake2b(text, key=self._salt(day, now), digest_size=8).hexdigest()

    def _salt(self, day: str, now: datetime) -> bytes:
        with self._lock:
            for old in [known for known in self._salts if now >= _end_of_use(known)]:
                del self._salts[old]
            if now >= self._look_at:  # no worker may run
                self._look_at = now + _LOOK_EVERY
                if is_overdue(self._database, now=now):
                    forget_salts(self._database, now=now)
            if day not in self._salts:
                self._salts[day] = shared_salt(self._database, day, now=now)
            return self._salts[day]


_begin_of_use, _end_of_use = (lru_cache(maxsize=64)(edge) for edge in (begin_of_use, end_of_use))
