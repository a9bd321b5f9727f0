"""Store what arrived from outside once; hand it to the worker by a lease."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, update
from sqlalchemy.orm import Session

from flexapp.gateways.ports import EventFacts
from flexapp.inbox import queries
from flexapp.inbox.models import IdempotentReply, InboundEvent
from flexapp.kernel.ids import new_id
from flexapp.storage.once import insert_once

MAX_ATTEMPTS = 30
LEASE = timedelta(seconds=60)
_LONGEST_PAUSE = timedelta(hours=1)
_ERROR_LENGTH = 2000


def store(session: Session, event: EventFacts, *, source: str, now: datetime) -> bool:
    """Keep a verified event until it is handled; False when it is already known.

    The database decides by (source, event id), also between two deliveries at the same moment.
    """
    return insert_once(
        session,
        InboundEvent,
        id=new_id("evt"),
        source=source,
        event_id=event.id,
        type=event.type,
        object_id=event.object_id,
        payload=event.payload,
        received_at=now,
        retry_at=now,
        attempts=0,
    )


def claim(
    session: Session, *, owner: str, now: datetime, limit: int = 1, lease: timedelta = LEASE
) -> list[InboundEvent]:
    """Take up to ``limit`` waiting events; two workers never handle one at the same time."""
    taken = session.scalars(
        update(InboundEvent)
        .where(
            InboundEvent.id.in_(queries.locked(queries.waiting_ids(now, limit=limit))),
            queries.is_waiting(now),
        )
        .values(owner=owner, retry_at=now + lease, attempts=InboundEvent.attempts + 1)
        .returning(InboundEvent)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return sorted(taken, key=lambda event: (event.received_at, event.id))


def mark_handled(session: Session, event: InboundEvent, *, now: datetime) -> bool:
    """Its effects are committed; False when another worker has taken it since."""
    return _settle(session, event, handled_at=now, owner=None, error=None)


def put_off(session: Session, event: InboundEvent, *, error: str, now: datetime) -> bool:
    """Try it again later, or give it up after ``MAX_ATTEMPTS``.

    Events often fail because a related row is still missing, so the first pauses are short.
    """
    values: dict[str, Any] = {"error": error[:_ERROR_LENGTH], "owner": None}
    if event.attempts >= MAX_ATTEMPTS:
        return _settle(session, event, failed_at=now, **values)
    return _settle(session, event, retry_at=now + pause_after(event.attempts), **values)


def pause_after(attempts: int) -> timedelta:
    """0.5 s after the first failure, doubled by each, at most an hour: 30 attempts are about 17 hours."""
    return min(timedelta(seconds=0.5 * 2 ** min(attempts - 1, 20)), _LONGEST_PAUSE)


def release_of(session: Session, owner: str, *, now: datetime) -> int:
    """Make every event that a dead worker held due again; returns how many."""
    held = and_(InboundEvent.owner == owner, InboundEvent.handled_at.is_(None))
    values = {"owner": None, "retry_at": now}
    released = session.execute(update(InboundEvent).where(held).values(**values).returning(InboundEvent.id))
    return len(released.all())


def prune(session: Session, *, before: datetime) -> int:
    """Forget handled events and idempotent replies older than a moment."""
    events = delete(InboundEvent).where(InboundEvent.handled_at < before).returning(InboundEvent.id)
    replies = delete(IdempotentReply).where(IdempotentReply.created_at < before).returning(IdempotentReply.id)
    return len(session.execute(events).all()) + len(session.execute(replies).all())


def _settle(session: Session, event: InboundEvent, **values: Any) -> bool:
    ours = and_(
        InboundEvent.id == event.id,
        InboundEvent.attempts == event.attempts,
        InboundEvent.handled_at.is_(None),
    )
    statement = update(InboundEvent).where(ours).values(**values).returning(InboundEvent.id)
    return session.execute(statement.execution_options(synchronize_session=False)).first() is not None
