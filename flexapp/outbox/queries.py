"""Which jobs are due, and how the queue stands."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from flexapp.outbox.models import Job


@dataclass(frozen=True)
class QueueState:
    """Counts for the metrics; ``oldest_due`` is since when the longest waiting job is due."""

    due: int
    leased: int
    scheduled: int
    failed: int
    oldest_due: datetime | None


def is_due(now: datetime) -> ColumnElement[bool]:
    """Unfinished, its moment has come, and nobody holds a running lease."""
    return and_(
        Job.done_at.is_(None),
        Job.failed_at.is_(None),
        Job.run_at <= now,
        or_(Job.lease_until.is_(None), Job.lease_until <= now),
    )


def due_ids(
    now: datetime, *, limit: int, without_kinds: Collection[str] = (), without_ids: Collection[str] = ()
) -> Select[str]:
    """Ids of due jobs, longest waiting first."""
    query = select(Job.id).where(is_due(now)).order_by(Job.run_at, Job.id).limit(limit)
    if without_kinds:
        query = query.where(Job.kind.not_in(without_kinds))
    if without_ids:
        query = query.where(Job.id.not_in(without_ids))
    return query


def locked(due: Select[str]) -> Select[str]:
    """Those ids, their rows locked, without the rows that another claim is taking.

    A common table expression, because PostgreSQL may run a bare subquery more than once and
    then lock more rows than its LIMIT. SQLite ignores the lock: it has one writer.
    """
    rows = due.with_for_update(skip_locked=True).cte("due")
    return select(rows.c.id)


def has_due(
    session: Session,
    *,
    now: datetime,
    without_kinds: Collection[str] = (),
    without_ids: Collection[str] = (),
) -> bool:
    """Whether a claim would find work; takes no lock."""
    query = due_ids(now, limit=1, without_kinds=without_kinds, without_ids=without_ids)
    return session.scalar(query) is not None


def job_by_key(session: Session, key: str) -> Job | None:
    """The job of a business key."""
    return session.scalar(select(Job).where(Job.key == key))


def unfinished_jobs(session: Session, kind: str) -> list[Job]:
    """Jobs of a kind that wait, run, or were given up; the oldest first."""
    query = select(Job).where(Job.kind == kind, Job.done_at.is_(None)).order_by(Job.created_at, Job.id)
    return list(session.scalars(query))


def failed_jobs(session: Session, *, limit: int = 50) -> list[Job]:
    """Jobs that were given up, newest first: for the doctor and the operator."""
    query = select(Job).where(Job.failed_at.is_not(None)).order_by(Job.failed_at.desc()).limit(limit)
    return list(session.scalars(query))


def queue_state(session: Session, *, now: datetime) -> QueueState:
    """How the queue stands at ``now``."""
    due = is_due(now)
    waiting = and_(Job.done_at.is_(None), Job.failed_at.is_(None))
    row = session.execute(
        select(
            func.count().filter(due),
            func.count().filter(and_(waiting, Job.lease_until > now)),
            func.count().filter(and_(waiting, Job.run_at > now)),
            func.count().filter(Job.failed_at.is_not(None)),
            func.min(Job.run_at).filter(due),
        ).where(Job.done_at.is_(None))
    ).one()
    return QueueState(*row)
