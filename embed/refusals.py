"""Websites that may not show a player: remembered, so that its owner can allow them with one tap.

The browser does the refusing, by ``frame-ancestors``; it tells us who asked by ``Referer``. Each website
is written once an hour and process.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy.exc import IntegrityError

from flexapp.apps.operations import note_refused_origin
from flexapp.apps.origins import InvalidOrigin, is_allowed, parse_origin
from flexapp.storage.session import Database

_PAUSE = timedelta(hours=1)
_MOST_KEPT = 2000
_noted: dict[tuple[str, str, str], datetime] = {}
_lock = threading.Lock()


def is_refused(ancestors: Sequence[str] | None, referer: str | None, *, own_origin: str) -> bool:
    """Whether the page in ``Referer`` may not frame a player with these allowed origins (see ``Subject``).

    An unknown page is not refused here.
    """
    origin = _origin(referer)
    if not origin or origin == own_origin or ancestors == []:
        return False
    return ancestors is None or not is_allowed(origin, ancestors)


def is_due(database: Database, app_id: str, referer: str | None, *, now: datetime) -> bool:
    """Whether the website has to be written down (again)."""
    origin = _origin(referer)
    if not origin or not app_id:
        return False
    last = _noted.get((database.url, app_id, origin))
    return last is None or not timedelta() <= now - last < _PAUSE


def note(database: Database, app_id: str, referer: str | None, *, now: datetime) -> None:
    """Write down the website for the app's owner, unless that was done within the hour."""
    if not is_due(database, app_id, referer, now=now):
        return
    origin = _origin(referer)
    if not _is_mine_to_note((database.url, app_id, origin), now):
        return
    try:
        with database.writing() as session:
            note_refused_origin(session, app_id, origin, now=now)
    except IntegrityError:
        return  # another process wrote it at the same moment


def _is_mine_to_note(key: tuple[str, str, str], now: datetime) -> bool:
    with _lock:
        last = _noted.get(key)
        if last is not None and timedelta() <= now - last < _PAUSE:
            return False
        if len(_noted) >= _MOST_KEPT:
            _noted.clear()
        _noted[key] = now
        return True


def _origin(referer: str | None) -> str:
    parts = urlsplit(referer or "")
    try:
        return parse_origin(f"{parts.scheme}://{parts.netloc}") if parts.netloc else ""
    except (InvalidOrigin, ValueError):
        return ""
