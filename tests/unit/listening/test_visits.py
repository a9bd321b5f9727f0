"""Visits are views without a pause of half an hour."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from flexapp.listening.visits import PAUSE, visits

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_pause_of_half_an_hour_begins_another_visit() -> None:
    minutes = [0, 10, 39, 69, 98]
    assert visits(NOON + timedelta(minutes=each) for each in minutes) == [NOON, NOON + timedelta(minutes=69)]
    assert visits([]) == []


@given(st.lists(st.integers(0, 86_400), max_size=30), st.randoms())
def test_the_order_of_views_and_repeats_do_not_matter(seconds: list[int], random: object) -> None:
    moments = [NOON + timedelta(seconds=each) for each in seconds]
    mixed = moments * 2
    random.shuffle(mixed)  # type: ignore[attr-defined]
    found = visits(mixed)
    assert found == visits(moments)
    assert all(later - earlier >= PAUSE for earlier, later in itertools.pairwise(found))
    assert bool(found) == bool(moments)
