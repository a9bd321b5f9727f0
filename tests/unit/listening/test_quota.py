"""What one session may fetch of a preview: never more than five times, whoever asks at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from flexapp.listening.quota import TIMES, DeliveredEnough, Quota

SIZE = 1000


def take(quota: Quota, count: int, *, session: str = "s", track: str = "t", stored: int = 0) -> bool:
    try:
        quota.take(session, track, count, size=SIZE, stored=stored)
    except DeliveredEnough:
        return False
    return True


def test_five_times_are_given_and_not_a_byte_more() -> None:
    quota = Quota()
    assert [take(quota, SIZE) for _ in range(TIMES + 1)] == [True] * TIMES + [False]
    assert not take(quota, 1)
    assert take(quota, 0), "asking whether it changed costs nothing"
    assert take(quota, SIZE, session="other")
    assert take(quota, SIZE, track="other")


def test_what_was_not_sent_may_be_taken_again() -> None:
    quota = Quota()
    for _ in range(50):
        assert take(quota, SIZE)
        quota.give_back("s", "t", SIZE - 10)
    assert not take(quota, TIMES * SIZE - 499)
    quota.give_back("nobody", "t", SIZE)
    quota.give_back("s", "t", 10**9)
    assert take(quota, TIMES * SIZE)


def test_what_other_processes_delivered_counts_too() -> None:
    quota = Quota()
    assert not take(quota, SIZE, stored=TIMES * SIZE - 1)
    assert take(quota, SIZE, stored=(TIMES - 1) * SIZE)
    assert not take(quota, 1)


def test_many_at_once_get_no_more_together() -> None:
    quota = Quota()
    with ThreadPoolExecutor(16) as pool:
        given = list(pool.map(lambda _: take(quota, 100), range(400)))
    assert sum(given) == TIMES * SIZE // 100


@given(st.lists(st.integers(0, 3 * SIZE), max_size=40))
def test_no_order_of_ranges_gets_more_than_five_times(counts: list[int]) -> None:
    quota = Quota()
    assert sum(count for count in counts if take(quota, count)) <= TIMES * SIZE
