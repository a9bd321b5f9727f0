"""The worker in this process: it drains, it wakes, it stops, it fills gaps, it goes on after trouble."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from flexapp.gateways.ports import EventFacts
from flexapp.inbox import operations as inbox
from flexapp.inbox import queries as inbox_queries
from flexapp.kernel.clock import FixedClock
from flexapp.localstripe.server import Server
from flexapp.outbox import operations as outbox
from flexapp.outbox import queries
from flexapp.outbox.models import Baton
from flexapp.storage.session import Database
from flexapp.worker import handlers, periodic, runtime, tasks
from flexapp.worker.presence import Presence
from flexapp.worker.runtime import Worker
from flexapp.workflows.services import Services
from tests.factories.checkout import press


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the job kind ``test.note`` and the events did."""
    done: list[Any] = []
    monkeypatch.setitem(handlers.HANDLERS, "test.note", lambda services, payload: done.append(payload["n"]))
    monkeypatch.setattr(tasks, "handle_event", lambda services, event: done.append(event.event_id))
    return done


@pytest.fixture
def started(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    monkeypatch.setattr(periodic, "QUICK", [])
    monkeypatch.setattr(periodic, "SLOW", [])
    worker.start()
    yield worker
    worker.stop()


def promise(
    services: Services, number: int, *, kind: str = "test.note", after: timedelta = timedelta()
) -> None:
    now = services.clock.now()
    with services.database.writing() as session:
        outbox.enqueue(session, kind, key=f"n:{number}", payload={"n": number}, run_at=now + after, now=now)


def arrive(services: Services, identity: str) -> None:
    event = EventFacts(id=identity, type="refund.created", object_id="re_1", payload={})
    with services.database.writing() as session:
        inbox.store(session, event, source="stripe", now=services.clock.now())


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 15
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


def test_one_round_does_all_that_is_due_events_first(
    worker: Worker, services: Services, done: list[Any], clock: FixedClock
) -> None:
    promise(services, 1)
    promise(services, 2, after=timedelta(hours=1))
    arrive(services, "evt_1")
    assert worker.run_once() == 2
    assert done == ["evt_1", 1]
    assert worker.run_once() == 0
    clock.advance(timedelta(hours=1))
    assert worker.run_once() == 1


def test_a_job_that_a_job_promises_is_done_in_the_same_round(
    worker: Worker, services: Services, done: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(handlers.HANDLERS, "test.more", lambda services, payload: promise(services, 7))
    promise(services, 1, kind="test.more")
    worker.run_once()
    assert done == [7]


def test_what_fails_waits_and_is_done_when_it_can(
    worker: Worker, services: Services, done: list[Any], clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("not yet")

    monkeypatch.setitem(handlers.HANDLERS, "test.note", fail)
    monkeypatch.setattr(tasks, "handle_event", fail)
    promise(services, 1)
    arrive(services, "evt_1")
    assert worker.run_once() == 2
    with services.database.reading() as session:
        job = queries.job_by_key(session, "n:1")
        event = inbox_queries.event_by_source_id(session, "stripe", "evt_1")
    assert job
    assert event
    assert (job.attempts, job.error, event.error) == (1, "RuntimeError: not yet", "RuntimeError: not yet")
    monkeypatch.setitem(handlers.HANDLERS, "test.note", lambda services, payload: done.append(payload["n"]))
    monkeypatch.setattr(tasks, "handle_event", lambda services, event: done.append(event.event_id))
    assert worker.run_once() == 0
    clock.advance(timedelta(seconds=1))
    assert worker.run_once() == 2
    assert sorted(done, key=str) == [1, "evt_1"]


def test_a_kind_that_nobody_handles_is_kept_with_its_reason(worker: Worker, services: Services) -> None:
    promise(services, 1, kind="from.the.future")
    worker.run_once()
    with services.database.reading() as session:
        job = queries.job_by_key(session, "n:1")
    assert job
    assert job.done_at is None
    assert "no handler takes from.the.future" in (job.error or "")


def test_a_rung_bell_starts_work_without_waiting_for_the_poll(
    services: Services, done: list[Any], monkeypatch: pytest.MonkeyPatch, started: Worker
) -> None:
    time.sleep(0.1)
    monkeypatch.setattr(runtime, "POLL_SECONDS", 3600.0)
    promise(services, 1)
    services.wake_worker()
    assert eventually(lambda: done == [1])
    promise(services, 2)
    services.wake_worker()
    assert eventually(lambda: done == [1, 2]), "the poll is an hour away, so the bell did it"


def test_work_that_another_process_left_is_found_by_the_poll(
    services: Services, done: list[Any], started: Worker
) -> None:
    promise(services, 1)
    assert eventually(lambda: done == [1])


def test_stopping_lets_work_finish_and_leaves_nothing_behind(
    worker: Worker, services: Services, done: list[Any], monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    begun = threading.Event()

    def slow(services: Services, payload: dict[str, Any]) -> None:
        begun.set()
        time.sleep(0.3)
        done.append("finished")

    monkeypatch.setitem(handlers.HANDLERS, "test.slow", slow)
    monkeypatch.setattr(periodic, "SLOW", [])
    promise(services, 1, kind="test.slow")
    worker.start()
    assert begun.wait(10)
    worker.stop()
    assert done == ["finished"]
    assert [one.name for one in threading.enumerate() if one.name.startswith("worker-")] == []
    assert list((services.settings.home / "workers").iterdir()) == []
    with database.reading() as session:
        assert session.scalars(select(Baton)).all() == []
    worker.start()
    worker.stop()


def test_periodic_work_that_fails_has_its_next_turn(
    services: Services, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[int] = []

    def stumble(services: Services) -> None:
        turns.append(1)
        raise RuntimeError("once more")

    monkeypatch.setattr(periodic, "QUICK", [periodic.Periodic("stumble", 0.05, stumble)])
    monkeypatch.setattr(periodic, "SLOW", [])
    worker.start()
    assert eventually(lambda: len(turns) > 2)
    worker.stop()


def test_periodic_work_is_done_by_one_of_two_workers(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    who: set[str] = set()

    def note(_: Services) -> None:
        who.add(threading.current_thread().name)

    turns = threading.Semaphore(0)
    monkeypatch.setattr(periodic, "SLOW", [])
    monkeypatch.setattr(
        periodic, "QUICK", [periodic.Periodic("count", 0.02, lambda services: turns.release())]
    )
    first, second = Worker(services), Worker(services)
    first.start()
    assert turns.acquire(timeout=10)
    leads = {"first": True}
    monkeypatch.setattr(
        periodic, "QUICK", [periodic.Periodic("never", 0.02, lambda services: leads.update(first=False))]
    )
    second.start()
    for _ in range(10):
        assert turns.acquire(timeout=10)
    assert leads["first"], "the second waits for the baton"
    second.stop()
    first.stop()


def test_the_living_bury_the_dead(services: Services) -> None:
    alive, dead = Presence(services.settings.home), Presence(services.settings.home)
    alive.hold()
    dead.hold()
    buried: list[str] = []
    assert alive.bury(buried.append) == []
    assert dead._file is not None
    import os

    os.close(dead._file)  # what the kernel does when a process is killed
    assert alive.bury(buried.append) == [dead.owner]
    assert buried == [dead.owner]
    assert alive.bury(buried.append) == []
    alive.leave()


def test_an_event_that_never_arrived_is_fetched_and_handled(
    worker: Worker, services: Services, done: list[Any], localstripe: Server, clock: FixedClock
) -> None:
    from flexapp.gateways.ports import CheckoutLine
    from flexapp.gateways.stripe import register_webhook

    register_webhook(services.settings)
    press(localstripe.url, "/chaos", drop="1")
    checkout = services.payments.create_checkout(
        order_id="ord_1",
        attempt=1,
        lines=[CheckoutLine("Beat", "", 2999)],
        currency="usd",
        buyer_email="ada@example.com",
        success_url="http://127.0.0.1:9/",
        cancel_url="http://127.0.0.1:9/",
        expires_at=clock.now() + timedelta(minutes=31),
    )
    services.payments.expire_checkout(checkout.id)
    assert localstripe.settle()
    worker.run_periodic("fill_inbox_gaps")
    worker.run_periodic("fill_inbox_gaps")
    assert worker.run_once() == 1
    assert len(done) == 1


def test_every_periodic_work_runs_on_an_empty_database(worker: Worker) -> None:
    worker.run_periodic()
