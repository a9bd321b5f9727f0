"""Workers as processes: killed without a word, their work is done again, and never by two at once."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess

import pytest

from flexapp.config import Settings
from flexapp.gateways.ports import EventFacts
from flexapp.inbox import operations as inbox
from flexapp.inbox import queries as inbox_queries
from flexapp.kernel.clock import SystemClock
from flexapp.outbox import operations as outbox
from flexapp.outbox import queries
from flexapp.storage.session import Database
from tests.functional.worker import child

pytestmark = pytest.mark.slow

# Forked from a server that has imported the product once and runs no threads.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["flexapp.app", "flexapp.worker.runtime"])


@pytest.fixture
def spawn(settings: Settings) -> Iterator[Callable[..., BaseProcess]]:
    children: list[BaseProcess] = []

    def spawn(kill_at: str | None = None) -> BaseProcess:
        process = PROCESSES.Process(target=child.main, args=(settings.model_dump(mode="json"), kill_at))
        process.start()
        children.append(process)
        return process

    yield spawn
    for process in children:
        process.kill()
        process.join()
        process.close()


def promise(database: Database, kind: str, count: int = 1) -> None:
    now = SystemClock().now()
    with database.writing() as session:
        for number in range(count):
            outbox.enqueue(session, kind, key=f"{kind}:{number}", payload={"number": number}, now=now)


def notes(settings: Settings) -> list[str]:
    path = settings.home / "notes"
    return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def is_done(database: Database, key: str) -> bool:
    with database.reading() as session:
        job = queries.job_by_key(session, key)
        return job is not None and job.done_at is not None


def is_handled(database: Database) -> bool:
    with database.reading() as session:
        event = inbox_queries.event_by_source_id(session, "stripe", "evt_1")
        return event is not None and event.handled_at is not None


def test_a_job_whose_worker_is_killed_is_done_again(
    spawn: Callable[..., BaseProcess], settings: Settings, database: Database
) -> None:
    promise(database, "test.slow")
    first = spawn()
    assert eventually(lambda: notes(settings) == ["start"])
    first.kill()
    first.join()
    spawn()
    assert eventually(lambda: is_done(database, "test.slow:0"))
    assert notes(settings) == ["start", "start", "done"]


@pytest.mark.parametrize(
    ("step", "times"), [("job.claimed", 1), ("job.effects_committed", 2), ("job.marked", 1)]
)
def test_a_worker_killed_at_a_step_of_a_job_leaves_it_to_the_next(
    spawn: Callable[..., BaseProcess],
    settings: Settings,
    database: Database,
    step: str,
    times: int,
) -> None:
    promise(database, "test.quick")
    first = spawn(kill_at=step)
    first.join(60)
    assert first.exitcode == -signal.SIGKILL
    spawn()
    assert eventually(lambda: is_done(database, "test.quick:0"))
    assert notes(settings) == ["did-0"] * times


@pytest.mark.parametrize(
    ("step", "times"), [("event.claimed", 1), ("event.effects_committed", 2), ("event.marked", 1)]
)
def test_a_worker_killed_at_a_step_of_an_event_leaves_it_to_the_next(
    spawn: Callable[..., BaseProcess],
    settings: Settings,
    database: Database,
    step: str,
    times: int,
) -> None:
    event = EventFacts(id="evt_1", type="refund.created", object_id="re_1", payload={})
    with database.writing() as session:
        inbox.store(session, event, source="stripe", now=SystemClock().now())
    first = spawn(kill_at=step)
    first.join(60)
    assert first.exitcode == -signal.SIGKILL
    spawn()
    assert eventually(lambda: is_handled(database))
    assert notes(settings) == ["evt_1"] * times


def test_three_processes_share_the_work_and_do_each_job_once(
    spawn: Callable[..., BaseProcess], settings: Settings, database: Database
) -> None:
    for _ in range(3):
        spawn()
    promise(database, "test.quick", 60)
    assert eventually(lambda: len(notes(settings)) >= 60)
    assert eventually(lambda: all(is_done(database, f"test.quick:{number}") for number in range(60)))
    assert Counter(notes(settings)) == Counter(f"did-{number}" for number in range(60))


def test_a_told_worker_stops_in_order(
    spawn: Callable[..., BaseProcess], settings: Settings, database: Database
) -> None:
    process = spawn()
    promise(database, "test.quick")
    assert eventually(lambda: notes(settings) == ["did-0"])
    process.terminate()
    process.join(60)
    assert process.exitcode == 0
    assert list((settings.home / "workers").iterdir()) == []
