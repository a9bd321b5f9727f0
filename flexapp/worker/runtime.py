"""The worker: threads that take events and jobs, one that keeps leases, one for periodic work.

It runs inside `flexapp serve` on SQLite and as `flexapp work` on PostgreSQL; any number of
workers may run on one database.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from flexapp.errors import Upstream
from flexapp.outbox import operations as outbox
from flexapp.worker import periodic
from flexapp.worker.handlers import SLOW
from flexapp.worker.periodic import Periodic
from flexapp.worker.presence import Presence
from flexapp.worker.tasks import Tasks
from flexapp.workflows.services import Services

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5  #: work that another process left, and jobs whose moment has come
KEEP_SECONDS = 5.0  #: between looks after leases, the dead and the baton
BATON_LASTS = timedelta(seconds=15)
_AFTER_TROUBLE_SECONDS = 1.0
_GRACE_SECONDS = 20.0


class Worker:
    """Does what is due until it is stopped; ``run_once`` does it in the caller's thread."""

    def __init__(self, services: Services, *, threads: int = 2) -> None:
        self._services = services
        self._presence = Presence(services.settings.home)
        self._tasks = Tasks(services, self._presence.owner)
        self._threads: list[threading.Thread] = []
        self._count = threads
        self._stopping = threading.Event()

    @property
    def owner(self) -> str:
        """The name under which this worker holds leases."""
        return self._presence.owner

    def start(self) -> None:
        """Start the threads; what dead workers of this machine held is given back first."""
        self._stopping.clear()
        self._presence.hold()
        self._bury()  # before a thread asks for the batons that they held
        self._threads = [
            self._thread("keep", self._keep),
            self._thread("quick", self._repeating("quick", periodic.QUICK)),
            self._thread("slow", self._repeating("slow", periodic.SLOW)),
        ]
        for number in range(self._count):
            # The first of several threads leaves slow work to the others.
            without = SLOW if number == 0 and self._count > 1 else frozenset()
            self._threads.append(self._thread(str(number), self._work_without(without)))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let running work finish, within a grace; what does not is done again by another worker."""
        self._stopping.set()
        self._services.wake_worker.ring()
        deadline = time.monotonic() + _GRACE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if not any(thread.is_alive() for thread in self._threads):
            self._tasks_are_over()
        self._threads = []

    def run_once(self) -> int:
        """Do everything that is due now, in this thread; returns how many events and jobs it did."""
        done = 0
        while self._tasks.do_one():
            done += 1
        return done

    def run_periodic(self, *names: str) -> None:
        """Do the periodic work of these names, or all of it, in this thread; errors are raised."""
        for each in (*periodic.QUICK, *periodic.SLOW):
            if not names or each.name in names:
                each.function(self._services)

    def _tasks_are_over(self) -> None:
        with self._services.database.writing() as session:
            outbox.release_of(session, self.owner)
        self._presence.leave()

    def _bury(self) -> None:
        try:
            self._presence.bury(self._tasks.release)
        except Exception:
            log.exception("what dead workers held is given back later")

    def _guarded(self, body: Callable[[], None]) -> Callable[[], None]:
        """Run ``body`` again after an error (the database may be away) until the worker stops."""

        def guarded() -> None:
            while not self._stopping.is_set():
                try:
                    body()
                except Exception:
                    log.exception("the worker stumbled and goes on")
                    self._stopping.wait(_AFTER_TROUBLE_SECONDS)

        return guarded

    def _work_without(self, kinds: frozenset[str]) -> Callable[[], None]:
        bell = self._services.wake_worker

        def work() -> None:
            while not self._stopping.is_set():
                rung = bell.rung
                if not self._tasks.do_one(without=kinds):
                    bell.wait(rung, seconds=POLL_SECONDS)

        return work

    def _keep(self) -> None:
        while not self._stopping.is_set():
            self._tasks.renew()
            self._presence.bury(self._tasks.release)
            self._stopping.wait(KEEP_SECONDS)

    def _repeating(self, baton: str, works: Sequence[Periodic]) -> Callable[[], None]:
        """The loop of one group of periodic work, which one worker of all runs: it holds the baton."""

        def repeat() -> None:
            due = {work.name: 0.0 for work in works}
            leads, renew_at = False, 0.0
            while not self._stopping.is_set():
                if time.monotonic() >= renew_at:
                    leads = self._take_baton(baton)
                    renew_at = time.monotonic() + KEEP_SECONDS
                for work in works if leads else ():
                    if time.monotonic() >= due[work.name] and not self._stopping.is_set():
                        due[work.name] = time.monotonic() + work.every_seconds
                        self._do_periodic(work)
                following = min([*due.values(), renew_at]) if leads else renew_at
                self._stopping.wait(max(0.02, following - time.monotonic()))

        return repeat

    def _do_periodic(self, work: Periodic) -> None:
        try:
            work.function(self._services)
        except Upstream as problem:
            log.warning("periodic work %s waits for its next turn: %s", work.name, problem.message)
        except Exception:
            log.exception("periodic work %s failed and waits for its next turn", work.name)

    def _take_baton(self, name: str) -> bool:
        with self._services.database.writing() as session:
            now = self._services.clock.now()
            return outbox.take_baton(session, name, owner=self.owner, now=now, lasting=BATON_LASTS)

    def _thread(self, name: str, body: Callable[[], None]) -> threading.Thread:
        return threading.Thread(target=self._guarded(body), name=f"worker-{name}", daemon=True)


def run_until_told(services: Services) -> None:
    """Work until SIGTERM or SIGINT, then finish what runs: `flexapp work`."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    worker = Worker(services, threads=services.settings.worker_threads)
    worker.start()
    told.wait()
    worker.stop()
