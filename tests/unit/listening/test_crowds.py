"""Rules over many plays as pure functions: edges, and no dependence on order."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.listening import crowds
from flexapp.listening.crowds import Candidate

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTES = st.lists(st.integers(0, 600), max_size=40)


def plays(minutes: list[int], *, listen_ms: int = 60_000, tracks: int = 1000) -> list[Candidate]:
    """Plays at these minutes, of different tracks."""
    return [
        Candidate(
            number, f"s/{number:03}", NOON + timedelta(minutes=minute), listen_ms, f"t{number % tracks}"
        )
        for number, minute in enumerate(minutes)
    ]


def test_the_hour_moves_along() -> None:
    hurried = plays([0, 10, 20, 30, 61, 62])
    assert crowds.over_an_hour(hurried, 3) == {3, 5}, "at 61 the first is over, at 62 three are within"


def test_replays_are_no_plays() -> None:
    assert crowds.over_an_hour(plays([0, 1, 2, 3, 4], tracks=1), 1) == set()


def test_the_first_of_a_day_stay() -> None:
    assert crowds.over_a_day(plays([5, 1, 9, 3]), 2) == {0, 2}


@pytest.mark.parametrize(
    ("count", "of_day", "doubted"), [(30, 100, False), (31, 100, True), (29, 29, False), (30, 30, True)]
)
def test_a_share_is_large_above_its_bound_and_with_enough_plays(
    count: int, of_day: int, doubted: bool
) -> None:
    assert crowds.is_large_share(count, of_day=of_day, share=0.30, least=30) is doubted


@given(MINUTES, st.integers(1, 5), st.randoms(use_true_random=False))
def test_no_rule_looks_at_the_order(minutes: list[int], most: int, chance: random.Random) -> None:
    known = plays(minutes, tracks=7)
    shuffled = list(known)
    chance.shuffle(shuffled)
    for rule in (crowds.over_an_hour, crowds.over_a_day):
        assert rule(known, most) == rule(shuffled, most)
    assert crowds.without_replays(known) == crowds.without_replays(shuffled)


@given(MINUTES, st.integers(1, 5))
def test_what_is_left_keeps_the_bound(minutes: list[int], most: int) -> None:
    known = plays(minutes)
    doubted = crowds.over_an_hour(known, most)
    left = sorted(play.started_at for play in known if play.id not in doubted)
    assert all(after - before >= crowds.HOUR for before, after in zip(left, left[most:], strict=False))
    assert len(known) - len(crowds.over_a_day(known, most)) == min(len(known), most)
