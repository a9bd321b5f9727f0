"""One piece of work from claim to mark: an inbound event, or a job of the outbox."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from datetime import timedelta

from flexapp.inbox import operations as inbox
from flexapp.inbox import queries as inbox_queries
from flexapp.inbox.models import InboundEvent
from flexapp.kernel.steps import step
from flexapp.outbox import operations as outbox
from flexapp.outbox import queries as outbox_queries
from flexapp.outbox.operations import ClaimedJob
from flexapp.worker.handlers import HANDLERS, SLOW, handle_event
from flexapp.workflows.services import Services

log = logging.getLogger(__name__)


class UnknownKind(Exception):
    """A job of a kind that no handler takes: code and database are of different versions."""


class Tasks:
    """Takes due work under one owner's name; safe from many threads."""

    def __init__(self, services: Services, owner: str) -> None:
        self._services = services
        self._owner = owner
        self._running: dict[str, ClaimedJob] = {}
        self._lock = threading.Lock()

    def do_one(self, *, without: Collection[str] = ()) -> bool:
        """Do one due event or job, events first; False when none is due."""
        return self._do_event() or self._do_job(without)

    def renew(self) -> None:
        """Keep the leases of what runs at this moment."""
        with self._lock:
            running = list(self._running.values())
        if running:
            with self._services.database.writing() as session:
                outbox.renew(session, running, now=self._services.clock.now())

    def release(self, owner: str) -> None:
        """Give back what a dead worker held."""
        now = self._services.clock.now()
        with self._services.database.writing() as session:
            jobs = outbox.release_of(session, owner)
            events = inbox.release_of(session, owner, now=now)
        log.warning("worker %s died: released %d jobs and %d events", owner, jobs, events)

    def _do_event(self) -> bool:
        services, now = self._services, self._services.clock.now()
        with services.database.reading() as session:
            if not inbox_queries.has_waiting(session, now=now):
                return False
        with services.database.writing() as session:
            events = inbox.claim(session, owner=self._owner, now=now)
        if not events:
            return True  # another took it; look again
        self._handle(events[0])
        return True

    def _handle(self, event: InboundEvent) -> None:
        services = self._services
        step("event.claimed", event=event.event_id)
        try:
            handle_event(services, event)
        except Exception as problem:
            log.exception("event %s (%s) failed, attempt %d", event.event_id, event.type, event.attempts)
            with services.database.writing() as session:
                inbox.put_off(session, event, error=_sentence(problem), now=services.clock.now())
            return
        step("event.effects_committed", event=event.event_id)
        with services.database.writing() as session:
            inbox.mark_handled(session, event, now=services.clock.now())
        step("event.marked", event=event.event_id)

    def _do_job(self, without: Collection[str]) -> bool:
        services, now = self._services, self._services.clock.now()
        with self._lock:
            ours = list(self._running)
        with services.database.reading() as session:
            if not outbox_queries.has_due(session, now=now, without_kinds=without, without_ids=ours):
                return False
        with services.database.writing() as session:
            jobs = outbox.claim(session, owner=self._owner, now=now, without_kinds=without, without_ids=ours)
        if not jobs:
            return True
        job = jobs[0]
        with self._lock:
            self._running[job.id] = job
        try:
            self._perform(job)
        finally:
            with self._lock:
                self._running.pop(job.id, None)
        return True

    def _perform(self, job: ClaimedJob) -> None:
        services = self._services
        step("job.claimed", kind=job.kind, key=job.key)
        try:
            handler = HANDLERS.get(job.kind)
            if handler is None:
                raise UnknownKind(f"no handler takes {job.kind}")
            handler(services, job.payload)
        except Exception as problem:
            log.exception("job %s failed, attempt %d", job.key, job.attempts)
            with services.database.writing() as session:
                outbox.put_off(session, job, error=_sentence(problem), now=services.clock.now())
            return
        step("job.effects_committed", kind=job.kind, key=job.key)
        with services.database.writing() as session:
            outbox.finish(session, job, now=services.clock.now())
        step("job.marked", kind=job.kind, key=job.key)


def _sentence(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"


RENEW_SECONDS = outbox.LEASE / timedelta(seconds=3)
"""How often running leases are renewed."""

__all__ = ["RENEW_SECONDS", "SLOW", "Tasks", "UnknownKind"]
