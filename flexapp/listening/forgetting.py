"""Forgetting: salts after 48 hours, raw rows when no report can change them any more; totals stay.

How many days reports are taken, and raw rows live, is a setting of the installation (``FLEXAPP_RAW_DAYS``).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete
from sqlalchemy.orm import Session

from flexapp.listening import queries
from flexapp.listening.folding import CURSOR
from flexapp.listening.models import (
    DailySalt,
    Delivery,
    ListenEvent,
    ListenSession,
    OwnerKey,
    Play,
    Suspicion,
)
from flexapp.listening.queries import oldest_ids, position_of
from flexapp.listening.sessions import LATE, LIFE
from flexapp.listening.visitors import last_days

_ROWS_AT_ONCE = 5000


def raw_life(raw_days: int) -> timedelta:
    """How long raw rows are kept, when reports are taken for so many days after the session's end."""
    return timedelta(days=raw_days + 1) + LIFE


RAW_LIFE = raw_life(LATE.days)


def forget(session: Session, *, now: datetime, raw_days: int = LATE.days) -> int:
    """Delete what is too old, a limited number of rows at a time; returns how many went.

    A raw row goes when its session is so old that the door refuses its reports: nothing that is
    gone can be counted again. Rows that are not folded yet stay, and those of days that wait to be sealed.
    """
    before = now - raw_life(raw_days)
    sealed = min(before, queries.sealed_until(session) or before)
    statements = [
        delete(DailySalt).where(DailySalt.day.not_in(last_days(now))),
        delete(Suspicion).where(Suspicion.found_at < before),
        delete(OwnerKey).where(OwnerKey.noted_at < before),
        delete(ListenEvent).where(
            ListenEvent.id.in_(oldest_ids(ListenEvent, _ROWS_AT_ONCE)),
            ListenEvent.id <= position_of(session, CURSOR),
            ListenEvent.minted_at < sealed,
            *([ListenEvent.received_at < sealed] if sealed < before else []),
        ),
        delete(Play).where(Play.id.in_(oldest_ids(Play, _ROWS_AT_ONCE)), Play.started_at < sealed),
        delete(Delivery).where(
            Delivery.id.in_(oldest_ids(Delivery, _ROWS_AT_ONCE)), Delivery.last_at < before
        ),
        delete(ListenSession).where(ListenSession.minted_at < before),
    ]
    return sum(cast(CursorResult[Any], session.execute(statement)).rowcount for statement in statements)
