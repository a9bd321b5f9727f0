"""Websites that may not show a player: counted, so that its owner can allow them with one tap.

The browser does the refusing, by ``frame-ancestors``; it tells us who asked by ``Referer``. Nobody waits
for the writing: refusals are gathered for half a second and written together.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from flexapp.apps.origins import InvalidOrigin, is_allowed, parse_origin
from flexapp.apps.refused import note_refused_origin
from flexapp.storage.session import Database

PAUSE_SECONDS = 0.5
_MOST_KEPT = 500
log = logging.getLogger(__name__)


def is_refused(ancestors: Sequence[str] | None, referer: str | None, *, own_origin: str) -> bool:
    """Whether the page in ``Referer`` may not frame a player with these allowed origins (see ``Subject``).

    An unknown page is not refused here.
    """
    origin = _origin(referer)
    if not origin or origin == own_origin or ancestors == []:
        return False
    return ancestors is None or not is_allowed(origin, ancestors)


def note(
    database: Database, app_id: str, referer: str | None, *, now: datetime, placement_id: str = ""
) -> None:
    """Count a refusal for the app's owner; it is written within a moment."""
    origin = _origin(referer)
    if origin and app_id:
        _refusals_of(database).add(app_id, origin, placement_id, now)


def flush(database: Database) -> None:
    """Return when every refusal that was noted is written."""
    _refusals_of(database).flush()


@dataclass
class _Refusal:
    placement_id: str
    now: datetime
    times: int = 1


class _Refusals:
    """What one process has gathered for one database."""

    def __init__(self, database: Database) -> None:
        self._database = weakref.ref(database)
        self._waiting: dict[tuple[str, str], _Refusal] = {}
        self._guard = threading.Lock()
        self._flusher: threading.Thread | None = None

    def add(self, app_id: str, origin: str, placement_id: str, now: datetime) -> None:
        with self._guard:
            known = self._waiting.get((app_id, origin))
            if known is not None:
                known.placement_id, known.now = placement_id, now
                known.times += 1
            elif len(self._waiting) < _MOST_KEPT:
                self._waiting[app_id, origin] = _Refusal(placement_id, now)
            if self._flusher is None:
                self._flusher = threading.Thread(target=self._flush_soon, name="refusals", daemon=True)
                self._flusher.start()

    def flush(self) -> None:
        with self._guard:
            waiting, self._waiting = self._waiting, {}
        database = self._database()
        if not waiting or database is None:
            return
        with database.writing() as session:
            for (app_id, origin), refusal in sorted(waiting.items(), key=lambda pair: pair[0]):
                note_refused_origin(
                    session,
                    app_id,
                    origin,
                    now=refusal.now,
                    placement_id=refusal.placement_id,
                    times=refusal.times,
                )

    def _flush_soon(self) -> None:
        threading.Event().wait(PAUSE_SECONDS)
        with self._guard:
            self._flusher = None
        try:
            self.flush()
        except Exception:
            log.warning("refused websites were not written", exc_info=True)


_known: weakref.WeakKeyDictionary[Database, _Refusals] = weakref.WeakKeyDictionary()
_known_lock = threading.Lock()


def _refusals_of(database: Database) -> _Refusals:
    with _known_lock:
        found = _known.get(database)
        if found is None:
            found = _known[database] = _Refusals(database)
        return found


def _origin(referer: str | None) -> str:
    parts = urlsplit(referer or "")
    try:
        return parse_origin(f"{parts.scheme}://{parts.netloc}") if parts.netloc else ""
    except (InvalidOrigin, ValueError):
        return ""
