"""Failures are counted per address, in the database, whoever guesses and from wherever."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from flexapp.kernel.clock import FixedClock
from flexapp.people import throttle
from flexapp.people.models import LoginThrottle
from flexapp.storage.session import Database

EMAIL = "mira@example.com"


def fail(database: Database, clock: FixedClock, times: int) -> None:
    for _ in range(times):
        with database.writing() as session:
            throttle.count_failure(session, EMAIL, now=clock.now())


def is_patient(database: Database, clock: FixedClock, email: str = EMAIL) -> bool:
    with database.reading() as session:
        try:
            throttle.require_patience(session, email, now=clock.now())
        except throttle.TooManyAttempts as problem:
            return 0 < problem.details["retry_after"] <= throttle.WINDOW.total_seconds()
    return False


def test_the_tenth_failure_makes_an_address_wait_until_the_window_ends(
    database: Database, clock: FixedClock
) -> None:
    fail(database, clock, throttle.ATTEMPTS - 1)
    assert not is_patient(database, clock)
    fail(database, clock, 1)
    assert is_patient(database, clock)
    assert not is_patient(database, clock, "kilo@example.com")
    clock.advance(throttle.WINDOW - timedelta(seconds=1))
    assert is_patient(database, clock)
    clock.advance(timedelta(seconds=1))
    assert not is_patient(database, clock)


def test_a_new_window_counts_from_one(database: Database, clock: FixedClock) -> None:
    fail(database, clock, throttle.ATTEMPTS)
    clock.advance(throttle.WINDOW)
    fail(database, clock, 1)
    assert not is_patient(database, clock)


def test_a_success_clears_the_count(database: Database, clock: FixedClock) -> None:
    fail(database, clock, throttle.ATTEMPTS)
    with database.writing() as session:
        throttle.forget_failures(session, EMAIL)
    assert not is_patient(database, clock)


def test_guesses_at_the_same_time_are_all_counted(database: Database, clock: FixedClock) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: fail(database, clock, 1), range(16)))
    with database.reading() as session:
        assert session.query(LoginThrottle).one().failures == 16


def test_the_table_holds_no_address_and_forgets(database: Database, clock: FixedClock) -> None:
    fail(database, clock, 1)
    clock.advance(throttle.WINDOW)
    with database.writing() as session:
        assert "mira" not in session.query(LoginThrottle).one().key
        assert throttle.prune(session, now=clock.now()) == 1
