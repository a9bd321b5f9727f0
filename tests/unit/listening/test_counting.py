"""What counts, as tables and as properties."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.listening import counting
from flexapp.listening.counting import Evidence, Reason
from flexapp.listening.models import Decision

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
INTERVALS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)).map(sorted), max_size=30)


def covered(intervals: list[list[int]]) -> set[int]:
    return {second for start, end in intervals for second in range(start, end)}


@given(INTERVALS)
def test_a_union_covers_exactly_what_was_heard(intervals: list[list[int]]) -> None:
    union = counting.merged(intervals)
    assert covered(union) == covered(intervals)
    assert counting.length(union) == len(covered(intervals))


@given(INTERVALS)
def test_a_union_is_sorted_and_has_no_touching_parts(intervals: list[list[int]]) -> None:
    union = counting.merged(intervals)
    assert all(start < end for start, end in union)
    assert all(left[1] < right[0] for left, right in itertools.pairwise(union))


@given(INTERVALS, st.randoms(use_true_random=False))
def test_order_and_grouping_do_not_matter(intervals: list[list[int]], chance: random.Random) -> None:
    shuffled = list(intervals)
    chance.shuffle(shuffled)
    step_by_step: list[list[int]] = []
    for interval in shuffled:
        step_by_step = counting.merged([*step_by_step, interval])
    assert step_by_step == counting.merged(intervals)


@given(INTERVALS)
def test_hearing_it_twice_adds_nothing_to_the_union(intervals: list[list[int]]) -> None:
    assert counting.merged([*intervals, *intervals]) == counting.merged(intervals)


@pytest.mark.parametrize(
    ("listen_ms", "media_ms", "expected"),
    [
        (29_999, 120_000, False),
        (30_000, 120_000, True),
        (29_999, 60_000, False),
        (30_000, 60_000, True),
        (29_999, 59_999, False),
        (30_000, 59_999, True),
        (28_929, 57_860, False),
        (28_930, 57_860, True),
        (499, 1_000, False),
        (500, 1_000, True),
        (29_999, 0, False),
        (30_000, 0, True),
    ],
)
def test_a_play_is_30_seconds_or_half_of_short_media(listen_ms: int, media_ms: int, expected: bool) -> None:
    assert counting.qualifies(listen_ms, media_ms) is expected


@pytest.mark.parametrize(
    ("heard", "media_ms", "expected"),
    [
        ([[0, 79_999]], 100_000, False),
        ([[0, 80_000]], 100_000, True),
        ([[0, 40_000], [60_000, 100_000]], 100_000, True),
        ([], 100_000, False),
        ([[0, 80_000]], 0, False),
    ],
)
def test_completed_is_80_percent_of_the_media(heard: list[list[int]], media_ms: int, expected: bool) -> None:
    assert counting.completes(heard, media_ms) is expected


@pytest.mark.parametrize(
    ("listen_s", "passed_s", "expected"),
    [(15, 0, False), (15.001, 0, True), (75, 60, False), (75.001, 60, True), (15.001, -60, True)],
)
def test_a_session_may_be_15_seconds_ahead_of_time(listen_s: float, passed_s: float, expected: bool) -> None:
    received = NOON + timedelta(seconds=passed_s)
    found = counting.outruns_time(round(listen_s * 1000), minted_at=NOON, received_at=received)
    assert found is expected


GOOD = Evidence(
    heard=[[0, 30_000]], listen_ms=30_000, page_ms=30_000, media_ms=120_000, delivered_bytes=480_000
)


@pytest.mark.parametrize(
    ("change", "decision", "reason"),
    [
        ({}, Decision.VALID, None),
        ({"delivered_bytes": 432_000}, Decision.VALID, None),
        ({"delivered_bytes": 431_999}, Decision.SUSPECT, Reason.BYTES_MISSING),
        ({"delivered_bytes": 0, "unplaced_bytes": 384_000}, Decision.VALID, None),
        ({"delivered_bytes": 0, "unplaced_bytes": 383_999}, Decision.SUSPECT, Reason.BYTES_MISSING),
        ({"delivered_bytes": 216_000, "unplaced_bytes": 192_000}, Decision.VALID, None),
        ({"delivered_bytes": 0}, Decision.SUSPECT, Reason.BYTES_MISSING),
        ({"delivered_bytes": 0, "heard": [], "listen_ms": 0}, Decision.VALID, None),
        ({"bytes_per_second": 20_000.1}, Decision.SUSPECT, Reason.BYTES_MISSING),
        ({"flags": frozenset({"gpc"})}, Decision.VALID, None),
        ({"flags": frozenset({"bot", "gpc"})}, Decision.REJECTED, Reason.BOT),
        ({"flags": frozenset({"preview"})}, Decision.REJECTED, Reason.PREVIEW),
        ({"is_own": True}, Decision.REJECTED, Reason.OWN_PLAY),
        ({"is_known_track": False}, Decision.REJECTED, Reason.UNKNOWN_TRACK),
        ({"outran_time": True}, Decision.REJECTED, Reason.OUTRAN_TIME),
        ({"outran_time": True, "delivered_bytes": 0}, Decision.REJECTED, Reason.OUTRAN_TIME),
        ({"is_flooding": True}, Decision.SUSPECT, Reason.FLOODING),
        ({"page_ms": 14_285}, Decision.SUSPECT, Reason.TOO_FAST),
        ({"page_ms": 14_286}, Decision.VALID, None),
        ({"heard": [[90_500, 120_500]]}, Decision.VALID, None),
        ({"heard": [[90_501, 120_501]]}, Decision.SUSPECT, Reason.OUTSIDE_MEDIA),
        ({"heard": [[0, 30_000]], "media_ms": 0}, Decision.VALID, None),
    ],
)
def test_every_rule_decides_at_its_edge(
    change: dict[str, object], decision: Decision, reason: Reason
) -> None:
    assert counting.decide(replace(GOOD, **change)) == (decision, reason)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ([], set()),
        ([0], {0}),
        ([0, 59], {0}),
        ([0, 60], {0, 1}),
        ([0, 30, 60, 90, 120], {0, 2, 4}),
        ([0, 59, 118], {0, 2}),
        ([0, 0], {0}),
    ],
)
def test_one_play_an_hour_counts(minutes: list[int], expected: set[int]) -> None:
    plays = [(NOON + timedelta(minutes=minute), str(place)) for place, minute in enumerate(minutes)]
    assert counting.counted(plays) == {str(place) for place in expected}


@given(st.lists(st.integers(0, 600), max_size=20), st.randoms(use_true_random=False))
def test_which_plays_count_depends_on_no_order_and_they_lie_an_hour_apart(
    minutes: list[int], chance: random.Random
) -> None:
    plays = [(NOON + timedelta(minutes=minute), f"{place:02}") for place, minute in enumerate(minutes)]
    names = counting.counted(plays)
    chance.shuffle(plays)
    assert counting.counted(plays) == names
    times = sorted(at for at, name in plays if name in names)
    assert all(b - a >= counting.REPLAY_WINDOW for a, b in itertools.pairwise(times))
    # Every replay has a counted play within the hour before it.
    for at, name in plays:
        if name not in names:
            assert any(timedelta() <= at - other < counting.REPLAY_WINDOW for other in times)


@pytest.mark.parametrize(
    ("heard", "media_ms", "expected"),
    [
        ([], 100_000, 0),
        ([[0, 100_000]], 100_000, 0b1111111111),
        ([[0, 5_000]], 100_000, 0b1),
        ([[0, 4_999]], 100_000, 0b0),
        ([[95_000, 130_000]], 100_000, 0b1000000000),
        ([[20_000, 30_000], [50_000, 56_000]], 100_000, 0b100100),
        ([[0, 7]], 7, 0b1111111111),
        ([[0, 1000]], 0, 0),
    ],
)
def test_a_tenth_is_heard_when_half_of_it_is(heard: list[list[int]], media_ms: int, expected: int) -> None:
    assert counting.tenths(heard, media_ms) == expected


@given(INTERVALS, st.integers(1, 300))
def test_tenths_and_completion_agree(intervals: list[list[int]], media_ms: int) -> None:
    heard = counting.merged(intervals)
    mask = counting.tenths(heard, media_ms)
    assert 0 <= mask < 1 << counting.TENTHS
    if not covered(heard) & set(range(media_ms)):
        assert mask == 0
    if set(range(media_ms)) <= covered(heard):
        assert mask == 0b1111111111
