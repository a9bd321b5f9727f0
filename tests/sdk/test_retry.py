"""When the client sends again, and how long it waits."""

from __future__ import annotations

import pytest
from flexapp_sdk import RetryPolicy
from hypothesis import given
from hypothesis import strategies as st


def test_waits_double_and_are_shortened_by_chance() -> None:
    policy = RetryPolicy(tries=5, first=1.0, longest=60)
    whole = [policy.wait(n, status=None, retry_after=None, chance=lambda: 0.0) for n in (1, 2, 3, 4)]
    half = [policy.wait(n, status=None, retry_after=None, chance=lambda: 1.0) for n in (1, 2, 3, 4)]
    assert whole == [1, 2, 4, 8]
    assert half == [0.5, 1, 2, 4]


@pytest.mark.parametrize("status", [429, 502, 503, 504, None])
def test_what_may_pass_is_tried_again(status: int | None) -> None:
    assert RetryPolicy().wait(1, status=status, retry_after=None) is not None


@pytest.mark.parametrize("status", [200, 201, 204, 302, 400, 401, 403, 404, 409, 413, 422, 500, 501])
def test_an_answer_is_an_answer(status: int) -> None:
    assert RetryPolicy().wait(1, status=status, retry_after=None) is None


def test_retry_after_wins_and_a_long_one_is_not_waited_for() -> None:
    policy = RetryPolicy(longest=30)
    assert policy.wait(1, status=429, retry_after=12) == 12
    assert policy.wait(1, status=429, retry_after=0) == 0
    assert policy.wait(1, status=429, retry_after=31) is None


def test_a_request_still_at_work_is_asked_for_again() -> None:
    assert RetryPolicy().wait(1, status=409, retry_after=2) == 2


def test_one_try_means_none_again() -> None:
    assert RetryPolicy(tries=1).wait(1, status=503, retry_after=None) is None


@given(
    tries=st.integers(1, 10),
    tried=st.integers(1, 20),
    first=st.floats(0, 10),
    longest=st.floats(0, 100),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_a_wait_is_never_negative_nor_longer_than_allowed(
    tries: int, tried: int, first: float, longest: float, chance: float
) -> None:
    wait = RetryPolicy(tries, first, longest).wait(tried, status=503, retry_after=None, chance=lambda: chance)
    assert (wait is None) == (tried >= tries)
    assert wait is None or 0 <= wait <= longest


@pytest.mark.parametrize("wrong", [{"tries": 0}, {"first": -1.0}, {"longest": -1.0}])
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="tries"):
        RetryPolicy(**wrong)  # type: ignore[arg-type]
