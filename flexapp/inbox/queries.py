"""Which events wait to be handled, and how the inbox stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from flexapp.inbox.models import IdempotentReply, InboundEvent


@dataclass(frozen=True)
class InboxState:
    """Counts for the metrics; ``oldest`` is when the longest waiting event arrived."""

    waiting: int
    failed: int
    oldest: datetime | None


def is_waiting(now: datetime) -> ColumnElement[bool]:
    """Not handled, not given up, and its pause is over."""
    return and_(
        InboundEvent.handled_at.is_(None), InboundEvent.failed_at.is_(None), InboundEvent.retry_at <= now
    )


def waiting_ids(now: datetime, *, limit: int) -> Select[str]:
    """Ids of waiting events in the order of their arrival."""
    return (
        select(InboundEvent.id)
        .where(is_waiting(now))
        .order_by(InboundEvent.retry_at, InboundEvent.id)
        .limit(limit)
    )


def locked(waiting: Select[str]) -> Select[str]:
    """Those ids, their rows locked, without the rows that another claim is taking.

    A common table expression, because PostgreSQL may run a bare subquery more than once.
    """
    rows = waiting.with_for_update(skip_locked=True).cte("waiting")
    return select(rows.c.id)


def has_waiting(session: Session, *, now: datetime) -> bool:
    """Whether a claim would find an event; takes no lock."""
    return session.scalar(waiting_ids(now, limit=1)) is not None


def event_by_source_id(session: Session, source: str, event_id: str) -> InboundEvent | None:
    """The event as its source named it."""
    return session.scalar(
        select(InboundEvent).where(InboundEvent.source == source, InboundEvent.event_id == event_id)
    )


def inbox_state(session: Session) -> InboxState:
    """How the inbox stands."""
    waiting = InboundEvent.failed_at.is_(None)
    row = session.execute(
        select(
            func.count().filter(waiting),
            func.count().filter(InboundEvent.failed_at.is_not(None)),
            func.min(InboundEvent.received_at).filter(waiting),
        ).where(InboundEvent.handled_at.is_(None))
    ).one()
    return InboxState(*row)


def idempotent_reply(session: Session, person_id: str, key: str) -> IdempotentReply | None:
    """What a person's key stands for."""
    return session.scalars(
        select(IdempotentReply)
        .where(IdempotentReply.person_id == person_id, IdempotentReply.key == key)
        .execution_options(populate_existing=True)
    ).one_or_none()
