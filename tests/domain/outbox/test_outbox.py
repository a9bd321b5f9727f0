"""Jobs: promised once, taken by one, done at least once, put off and given up."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from flexapp.kernel.clock import FixedClock
from flexapp.outbox import operations, queries
from flexapp.outbox.models import Job
from flexapp.outbox.operations import ClaimedJob
from flexapp.storage.session import Database


def promise(
    database: Database, key: str, now: datetime, *, kind: str = "mail.send", run_at: datetime | None = None
) -> None:
    with database.writing() as session:
        operations.enqueue(session, kind, key=key, payload={"of": key}, run_at=run_at, now=now)


def take(database: Database, now: datetime, *, owner: str = "one", limit: int = 1) -> list[ClaimedJob]:
    with database.writing() as session:
        return operations.claim(session, owner=owner, now=now, limit=limit)


def job(database: Database, key: str) -> Job:
    with database.reading() as session:
        found = queries.job_by_key(session, key)
        assert found is not None
        return found


def test_a_second_promise_of_a_key_changes_nothing(database: Database, clock: FixedClock) -> None:
    promise(database, "a", clock.now())
    promise(database, "a", clock.now() + timedelta(hours=1), kind="other")
    with database.reading() as session:
        (row,) = session.scalars(select(Job))
    assert (row.kind, row.run_at, row.payload) == ("mail.send", clock.now(), {"of": "a"})


def test_twenty_promises_at_once_make_one_job(database: Database, clock: FixedClock) -> None:
    start = threading.Barrier(20)

    def promise_at_once() -> None:
        start.wait()
        promise(database, "a", clock.now())

    threads = [threading.Thread(target=promise_at_once) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(take(database, clock.now(), limit=50)) == 1


def test_a_promise_dies_with_its_transaction(database: Database, clock: FixedClock) -> None:
    def promise_and_fail() -> None:
        with database.writing() as session:
            operations.enqueue(session, "mail.send", key="a", now=clock.now())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        promise_and_fail()
    assert take(database, clock.now()) == []


def test_a_job_is_due_at_its_moment_and_the_longest_waiting_comes_first(
    database: Database, clock: FixedClock
) -> None:
    promise(database, "later", clock.now(), run_at=clock.now() + timedelta(minutes=1))
    promise(database, "second", clock.now())
    promise(database, "first", clock.now(), run_at=clock.now() - timedelta(minutes=1))
    assert [one.key for one in take(database, clock.now(), limit=5)] == ["first", "second"]
    clock.advance(timedelta(minutes=1))
    assert [one.key for one in take(database, clock.now(), limit=5)][-1] == "later"


def test_fifty_workers_take_each_job_once(database: Database, clock: FixedClock) -> None:
    for number in range(50):
        promise(database, f"job {number}", clock.now())
    taken: list[str] = []
    start = threading.Barrier(10)

    def work(owner: str) -> None:
        start.wait()
        while jobs := take(database, clock.now(), owner=owner, limit=3):
            taken.extend(one.key for one in jobs)

    threads = [threading.Thread(target=work, args=(f"worker {number}",)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A claim may come back empty while another holds the rows; what is left is still there.
    while jobs := take(database, clock.now(), limit=50):
        taken.extend(one.key for one in jobs)
    assert sorted(taken) == sorted(f"job {number}" for number in range(50))


def test_a_lease_that_ran_out_goes_to_another_and_the_first_cannot_finish(
    database: Database, clock: FixedClock
) -> None:
    promise(database, "a", clock.now())
    (mine,) = take(database, clock.now(), owner="slow")
    assert take(database, clock.now() + timedelta(seconds=29), owner="quick") == []
    clock.advance(timedelta(seconds=31))
    (theirs,) = take(database, clock.now(), owner="quick")
    assert theirs.attempts == 2
    with database.writing() as session:
        assert not operations.finish(session, mine, now=clock.now())
        assert not operations.put_off(session, mine, error="late", now=clock.now())
        assert operations.finish(session, theirs, now=clock.now())
        assert not operations.finish(session, theirs, now=clock.now())
    assert job(database, "a").done_at == clock.now()


def test_a_renewed_lease_holds(database: Database, clock: FixedClock) -> None:
    promise(database, "a", clock.now())
    jobs = take(database, clock.now())
    clock.advance(timedelta(seconds=20))
    with database.writing() as session:
        operations.renew(session, jobs, now=clock.now())
    clock.advance(timedelta(seconds=20))
    assert take(database, clock.now(), owner="other") == []


def test_a_failing_job_waits_ever_longer_and_is_given_up(database: Database, clock: FixedClock) -> None:
    promise(database, "a", clock.now())
    pauses = []
    while jobs := take(database, clock.now()):
        with database.writing() as session:
            operations.put_off(session, jobs[0], error="no mail server", now=clock.now())
        if job(database, "a").failed_at is None:
            pause = job(database, "a").run_at - clock.now()
            pauses.append(pause.total_seconds())
            clock.advance(pause)
    assert pauses[:4] == [1, 2, 4, 8]
    assert max(pauses) == 3600
    assert len(pauses) == operations.MAX_ATTEMPTS - 1
    given_up = job(database, "a")
    assert (given_up.failed_at, given_up.error) == (clock.now(), "no mail server")
    with database.writing() as session:
        assert operations.retry(session, given_up.id, now=clock.now())
        assert not operations.retry(session, given_up.id, now=clock.now())
    assert len(take(database, clock.now())) == 1


def test_what_a_dead_worker_held_is_due_at_once(database: Database, clock: FixedClock) -> None:
    promise(database, "a", clock.now())
    promise(database, "b", clock.now())
    take(database, clock.now(), owner="dead")
    take(database, clock.now(), owner="alive")
    with database.writing() as session:
        assert operations.release_of(session, "dead") == 1
    assert [one.attempts for one in take(database, clock.now(), limit=5)] == [2]


def test_counts_tell_how_the_queue_stands(database: Database, clock: FixedClock) -> None:
    promise(database, "due", clock.now() - timedelta(hours=1))
    promise(database, "due too", clock.now())
    promise(database, "later", clock.now(), run_at=clock.now() + timedelta(days=7))
    promise(database, "done", clock.now() - timedelta(hours=2))
    (first,) = take(database, clock.now())
    with database.writing() as session:
        operations.finish(session, first, now=clock.now())
    with database.reading() as session:
        state = queries.queue_state(session, now=clock.now())
    assert (state.due, state.leased, state.scheduled, state.failed) == (2, 0, 1, 0)
    assert state.oldest_due == clock.now() - timedelta(hours=1)


def test_done_jobs_are_forgotten_and_failed_ones_kept(database: Database, clock: FixedClock) -> None:
    promise(database, "done", clock.now())
    (one,) = take(database, clock.now())
    promise(database, "open", clock.now())
    with database.writing() as session:
        operations.finish(session, one, now=clock.now())
        assert operations.prune(session, before=clock.now()) == 0
        assert operations.prune(session, before=clock.now() + timedelta(seconds=1)) == 1
    assert job(database, "open")


def test_one_worker_at_a_time_holds_the_baton(database: Database, clock: FixedClock) -> None:
    def take_baton(owner: str) -> bool:
        with database.writing() as session:
            return operations.take_baton(
                session, "periodic", owner=owner, now=clock.now(), lasting=timedelta(seconds=15)
            )

    assert take_baton("one")
    assert not take_baton("two")
    clock.advance(timedelta(seconds=10))
    assert take_baton("one"), "it may be renewed"
    clock.advance(timedelta(seconds=14))
    assert not take_baton("two")
    clock.advance(timedelta(seconds=1))
    assert take_baton("two")
    clock.moment -= timedelta(days=7)
    assert take_baton("three"), "a clock that was turned back leaves nobody stuck"
