"""Promise work in a transaction; take it by a lease, finish it, or put it off.

A job is done at least once. Its handler is idempotent, because a process may die between the
effects and the mark. Why there is no queue beside this table:
``decisions/0001-the-outbox-is-the-queue.md``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, update
from sqlalchemy.orm import Session

from flexapp.kernel.ids import new_id
from flexapp.outbox import queries
from flexapp.outbox.models import Baton, Job
from flexapp.storage.once import insert_once

MAX_ATTEMPTS = 20
LEASE = timedelta(seconds=30)  #: renewed by the worker every third of it while the job runs
_LONGEST_PAUSE = timedelta(hours=1)
_ERROR_LENGTH = 2000


@dataclass(frozen=True)
class ClaimedJob:
    """A job under our lease; ``attempts`` is 1 on the first one and fences the finish."""

    id: str
    kind: str
    key: str
    payload: dict[str, Any]
    attempts: int


def enqueue(
    session: Session,
    kind: str,
    *,
    key: str,
    payload: dict[str, Any] | None = None,
    run_at: datetime | None = None,
    now: datetime,
) -> None:
    """Promise a job once: a second promise of the same key changes nothing, also concurrently.

    It becomes visible with the session's commit. ``run_at`` defaults to ``now``.
    """
    insert_once(
        session,
        Job,
        id=new_id("job"),
        kind=kind,
        key=key,
        payload=payload or {},
        run_at=run_at or now,
        attempts=0,
        created_at=now,
    )


def claim(
    session: Session,
    *,
    owner: str,
    now: datetime,
    limit: int = 1,
    lease: timedelta = LEASE,
    without_kinds: Collection[str] = (),
    without_ids: Collection[str] = (),
) -> list[ClaimedJob]:
    """Take up to ``limit`` due jobs; two workers never hold the same lease.

    One guarded UPDATE: PostgreSQL skips the rows that another claim has locked, SQLite has one
    writer. ``without_ids`` names what this process still runs, should the clock have jumped.
    """
    due = queries.due_ids(now, limit=limit, without_kinds=without_kinds, without_ids=without_ids)
    taken = session.execute(
        update(Job)
        .where(Job.id.in_(queries.locked(due)), queries.is_due(now))
        .values(owner=owner, lease_until=now + lease, attempts=Job.attempts + 1)
        .returning(Job.run_at, Job.id, Job.kind, Job.key, Job.payload, Job.attempts)
        .execution_options(synchronize_session=False)
    )
    return [ClaimedJob(*row[1:]) for row in sorted(taken, key=lambda row: (row.run_at, row.id))]


def finish(session: Session, job: ClaimedJob, *, now: datetime) -> bool:
    """Mark it done; False when the lease went to another in the meantime."""
    return _settle(session, job, done_at=now, owner=None, lease_until=None, error=None)


def put_off(session: Session, job: ClaimedJob, *, error: str, now: datetime) -> bool:
    """Try it again later, or give it up after ``MAX_ATTEMPTS`` with ``failed_at``."""
    values: dict[str, Any] = {"error": error[:_ERROR_LENGTH], "owner": None, "lease_until": None}
    if job.attempts >= MAX_ATTEMPTS:
        return _settle(session, job, failed_at=now, **values)
    return _settle(session, job, run_at=now + pause_after(job.attempts), **values)


def pause_after(attempts: int) -> timedelta:
    """1 s after the first failure, doubled by each, at most an hour: 20 attempts are about 10 hours."""
    return min(timedelta(seconds=2 ** min(attempts - 1, 20)), _LONGEST_PAUSE)


def renew(session: Session, jobs: Iterable[ClaimedJob], *, now: datetime, lease: timedelta = LEASE) -> None:
    """Keep the leases of jobs that still run."""
    for job in jobs:
        _settle(session, job, lease_until=now + lease)


def release_of(session: Session, owner: str) -> int:
    """Give back every lease of a worker that is known to be dead; returns how many."""
    held = and_(Job.owner == owner, Job.done_at.is_(None))
    released = session.execute(update(Job).where(held).values(owner=None, lease_until=None).returning(Job.id))
    session.execute(delete(Baton).where(Baton.owner == owner))
    return len(released.all())


def retry(session: Session, job_id: str, *, now: datetime) -> bool:
    """An operator's second chance for a job that was given up."""
    given_up = and_(Job.id == job_id, Job.failed_at.is_not(None))
    values = {"failed_at": None, "attempts": 0, "run_at": now}
    return session.execute(update(Job).where(given_up).values(**values).returning(Job.id)).first() is not None


def prune(session: Session, *, before: datetime) -> int:
    """Forget jobs done before a moment; failed ones stay until somebody looks."""
    return len(session.execute(delete(Job).where(Job.done_at < before).returning(Job.id)).all())


def take_baton(session: Session, name: str, *, owner: str, now: datetime, lasting: timedelta) -> bool:
    """Whether ``owner`` holds the baton now: it was free, run out, or already theirs."""
    if insert_once(session, Baton, name=name, owner=owner, held_until=now + lasting):
        return True
    # A clock that was moved far forward and back again must not leave it held for days.
    free = or_(Baton.owner == owner, Baton.held_until <= now, Baton.held_until > now + 2 * lasting)
    taken = session.execute(
        update(Baton)
        .where(Baton.name == name, free)
        .values(owner=owner, held_until=now + lasting)
        .returning(Baton.name)
    )
    return taken.first() is not None


def _settle(session: Session, job: ClaimedJob, **values: Any) -> bool:
    ours = and_(
        Job.id == job.id, Job.attempts == job.attempts, Job.done_at.is_(None), Job.failed_at.is_(None)
    )
    statement = update(Job).where(ours).values(**values).returning(Job.id)
    return session.execute(statement.execution_options(synchronize_session=False)).first() is not None
