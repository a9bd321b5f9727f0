"""What arrived from outside: stored once, handled by one, put off, given up, forgotten."""

import threading
from datetime import timedelta

from flexapp.gateways.ports import EventFacts
from flexapp.inbox import operations, queries
from flexapp.inbox.models import InboundEvent
from flexapp.kernel.clock import FixedClock
from flexapp.storage.session import Database


def facts(identity: str = "evt_1") -> EventFacts:
    return EventFacts(id=identity, type="refund.created", object_id="re_1", payload={"id": identity})


def store(database: Database, clock: FixedClock, identity: str = "evt_1", source: str = "stripe") -> bool:
    with database.writing() as session:
        return operations.store(session, facts(identity), source=source, now=clock.now())


def take(database: Database, clock: FixedClock, owner: str = "one") -> list[InboundEvent]:
    with database.writing() as session:
        return operations.claim(session, owner=owner, now=clock.now(), limit=10)


def test_an_event_is_kept_once_for_each_source(database: Database, clock: FixedClock) -> None:
    assert store(database, clock)
    assert not store(database, clock)
    assert store(database, clock, source="elsewhere")


def test_ten_deliveries_at_once_are_one_event(database: Database, clock: FixedClock) -> None:
    results: list[bool] = []
    start = threading.Barrier(10)

    def deliver() -> None:
        start.wait()
        results.append(store(database, clock))

    threads = [threading.Thread(target=deliver) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False] * 9 + [True]


def test_a_taken_event_is_nobody_elses_until_its_lease_runs_out(
    database: Database, clock: FixedClock
) -> None:
    store(database, clock)
    (mine,) = take(database, clock)
    assert mine.payload == {"id": "evt_1"}
    assert take(database, clock, "two") == []
    clock.advance(operations.LEASE)
    (theirs,) = take(database, clock, "two")
    with database.writing() as session:
        assert not operations.mark_handled(session, mine, now=clock.now())
        assert operations.mark_handled(session, theirs, now=clock.now())
    assert take(database, clock) == []


def test_a_failing_event_is_tried_soon_then_ever_later_and_given_up(
    database: Database, clock: FixedClock
) -> None:
    store(database, clock)
    pauses = []
    while events := take(database, clock):
        with database.writing() as session:
            operations.put_off(session, events[0], error="the order is not there yet", now=clock.now())
        with database.reading() as session:
            row = queries.event_by_source_id(session, "stripe", "evt_1")
        assert row is not None
        if row.failed_at is None:
            pauses.append((row.retry_at - clock.now()).total_seconds())
            clock.advance(row.retry_at - clock.now())
    assert pauses[:3] == [0.5, 1, 2]
    assert len(pauses) == operations.MAX_ATTEMPTS - 1
    with database.reading() as session:
        state = queries.inbox_state(session)
    assert (state.waiting, state.failed, state.oldest) == (0, 1, None)


def test_what_a_dead_worker_held_waits_again_at_once(database: Database, clock: FixedClock) -> None:
    store(database, clock)
    take(database, clock, "dead")
    with database.writing() as session:
        assert operations.release_of(session, "dead", now=clock.now()) == 1
    assert len(take(database, clock)) == 1


def test_handled_events_are_forgotten_after_their_time(database: Database, clock: FixedClock) -> None:
    store(database, clock, "evt_1")
    store(database, clock, "evt_2")
    first, _second = take(database, clock)
    with database.writing() as session:
        operations.mark_handled(session, first, now=clock.now())
        assert operations.prune(session, before=clock.now() + timedelta(days=1)) == 1
    with database.reading() as session:
        assert queries.inbox_state(session).waiting == 1
