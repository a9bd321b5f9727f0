"""Visitor keys: one per visitor, site and day, under a salt that is gone after 48 hours.

64 bits of BLAKE2b, keyed with the day's salt, over site, network address and user agent (embed-spec
section 9, after Plausible's scheme). The address itself is never stored. Whoever asks not to be
followed (``Sec-GPC``, ``DNT``), or has not agreed where an app asks first, gets none.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from flexapp.kernel.network import network_of, prefix_of
from flexapp.listening.bots import is_bot
from flexapp.listening.models import DailySalt
from flexapp.listening.queries import salt_of
from flexapp.storage.once import insert_once
from flexapp.storage.session import Database

NAMELESS = frozenset({"gpc", "ask", "bot", "preview"})  #: flags with which no key is kept
SALT_LIFE = timedelta(hours=48)
_DAY = timedelta(days=1)


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
        self._lock = threading.Lock()

    def key_for(
        self, *, address: str, user_agent: str, host: str, minted_at: datetime, now: datetime
    ) -> str | None:
        """16 hex digits for a session minted at ``minted_at``; None when that day's salt is gone.

        The day is the session's, so one that runs over midnight keeps its key.
        """
        return self._keyed(minted_at, now, host, network_of(address), user_agent[:500])

    def network_key_for(self, *, address: str, minted_at: datetime, now: datetime) -> str | None:
        """The same of the network alone, a /24 or /64, for caps: it names no website and no browser."""
        return self._keyed(minted_at, now, "network", prefix_of(address))

    def _keyed(self, minted_at: datetime, now: datetime, *parts: str) -> str | None:
        day = _day(minted_at)
        if _is_over(day, now):
            return None
        text = "\x1f".join(parts).encode("utf-8", "replace")
        return hashlib.blake2b(text, key=self._salt(day, now), digest_size=8).hexdigest()

    def _salt(self, day: str, now: datetime) -> bytes:
        with self._lock:
            for old in [known for known in self._salts if _is_over(known, now)]:
                del self._salts[old]
            if day not in self._salts:
                self._salts[day] = self._shared_salt(day, now)
            return self._salts[day]

    def _shared_salt(self, day: str, now: datetime) -> bytes:
        """Every process uses the same one: the first to store it decides."""
        with self._database.reading() as session:
            found = salt_of(session, day)
        if found is None:
            with self._database.writing() as session:
                insert_once(session, DailySalt, day=day, salt=secrets.token_hex(16), created_at=now)
                found = salt_of(session, day)
        assert found is not None
        return bytes.fromhex(found)


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def _is_over(day: str, now: datetime) -> bool:
    """A day's salt is used until the end of the next day, so it never lives longer than 48 hours."""
    return now >= _end_of(day)


@lru_cache(maxsize=64)
def _end_of(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC) + SALT_LIFE


def last_days(now: datetime) -> list[str]:
    """The days whose salts may be kept."""
    return [_day(now), _day(now - _DAY)]
