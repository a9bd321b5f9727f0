"""Proceeds divide exactly, by the published schedule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.config import DEFAULT_SCHEDULE, CommissionRow
from flexapp.orders.proceeds import Proceeds, divide, producer_roles, row_for


def affiliate(price: int) -> Proceeds:
    return divide(price, schedule=DEFAULT_SCHEDULE, producer_is_affiliate=False, has_affiliate=True)


def own_app(price: int) -> Proceeds:
    return divide(price, schedule=DEFAULT_SCHEDULE, producer_is_affiliate=True, has_affiliate=True)


def alone(price: int) -> Proceeds:
    return divide(price, schedule=DEFAULT_SCHEDULE, producer_is_affiliate=False, has_affiliate=False)


@pytest.mark.parametrize(
    ("price", "with_affiliate", "through_own_app", "without_app"),
    [
        (2999, (2129, 300, 570), (2579, 420), (2129, 870)),
        (6500, (4875, 650, 975), (5850, 650), (4875, 1625)),
        (5000, (3550, 500, 950), (4300, 700), (3550, 1450)),
        (5001, (3751, 500, 750), (4501, 500), (3751, 1250)),
        (30000, (22500, 3000, 4500), (27000, 3000), (22500, 7500)),
        (30001, (24001, 3000, 3000), (28501, 1500), (24001, 6000)),
        (49900, (39920, 4990, 4990), (47405, 2495), (39920, 9980)),
        (1000, (710, 100, 190), (860, 140), (710, 290)),
        (1, (1, 0, 0), (1, 0), (1, 0)),
        (5, (4, 0, 1), (4, 1), (4, 1)),
    ],
)
def test_prices_hit_their_row_and_divide_to_the_cent(
    price: int,
    with_affiliate: tuple[int, int, int],
    through_own_app: tuple[int, int],
    without_app: tuple[int, int],
) -> None:
    sold = affiliate(price)
    assert (sold.producer, sold.affiliate, sold.platform) == with_affiliate
    sold = own_app(price)
    assert (sold.producer, sold.affiliate, sold.platform) == (through_own_app[0], 0, through_own_app[1])
    sold = alone(price)
    assert (sold.producer, sold.affiliate, sold.platform) == (without_app[0], 0, without_app[1])


@pytest.mark.parametrize(
    ("price", "producer_rate"), [(1, 7100), (5000, 7100), (5001, 7500), (30000, 7500), (30001, 8000)]
)
def test_bounds_of_rows_are_inclusive(price: int, producer_rate: int) -> None:
    assert row_for(price, DEFAULT_SCHEDULE).producer == producer_rate


def test_ties_go_to_the_producer_then_collaborators_then_the_affiliate() -> None:
    halves = (CommissionRow(up_to=None, producer=5000, affiliate=2500, self_referral_bonus=0),)
    sold = divide(2, schedule=halves, producer_is_affiliate=False, has_affiliate=True)
    assert (sold.producer, sold.affiliate, sold.platform) == (1, 1, 0)
    sold = divide(1, schedule=halves, producer_is_affiliate=False, has_affiliate=False)
    assert (sold.producer, sold.platform) == (1, 0)
    sold = divide(2, schedule=halves, producer_is_affiliate=False, has_affiliate=True, splits=(5000,))
    assert (sold.producer, sold.collaborators, sold.affiliate, sold.platform) == (1, (1,), 0, 0)


def test_collaborators_share_the_share_and_not_the_commission_of_the_app() -> None:
    sold = divide(
        6500, schedule=DEFAULT_SCHEDULE, producer_is_affiliate=True, has_affiliate=True, splits=(5000,)
    )
    assert sold.collaborators == (2438,) or sold.collaborators == (2437,)
    assert sold.producer + sum(sold.collaborators) == 5850
    assert sold.platform == 650


def test_the_producers_part_through_the_own_app_names_share_commission_and_bonus() -> None:
    assert own_app(6500).roles == {"share": 4875, "commission": 650, "bonus": 325}
    assert own_app(2999).roles == {"share": 2129, "commission": 300, "bonus": 150}
    assert affiliate(6500).roles == {"share": 4875}
    assert affiliate(6500).rates == {"producer": 7500, "affiliate": 1000, "platform": 1500}
    assert own_app(6500).rates == {
        "producer": 7500,
        "own_app": 1000,
        "self_referral_bonus": 500,
        "platform": 1000,
    }
    assert alone(6500).rates == {"producer": 7500, "platform": 2500}


rows = st.builds(
    CommissionRow,
    up_to=st.none(),
    producer=st.integers(0, 8000),
    affiliate=st.integers(0, 1000),
    self_referral_bonus=st.integers(0, 1000),
)


@given(
    price=st.integers(1, 10**12),
    row=rows,
    own=st.booleans(),
    has_affiliate=st.booleans(),
    splits=st.lists(st.integers(0, 2500), max_size=4),
)
def test_parts_sum_exactly_and_stay_within_a_cent_of_their_rate(
    price: int, row: CommissionRow, own: bool, has_affiliate: bool, splits: list[int]
) -> None:
    sold = divide(
        price, schedule=(row,), producer_is_affiliate=own, has_affiliate=has_affiliate, splits=splits
    )
    parts = (sold.producer, *sold.collaborators, sold.affiliate, sold.platform)
    assert sum(parts) == price
    assert min(parts) >= 0
    assert sum(sold.rates.values()) == 10_000
    assert abs(sold.platform * 10_000 - price * sold.rates["platform"]) < 10_000
    assert abs(sold.affiliate * 10_000 - price * sold.rates.get("affiliate", 0)) < 10_000
    assert sum(producer_roles(sold.producer, sold.rates).values()) == sold.producer
    assert min(producer_roles(sold.producer, sold.rates).values()) >= 0


@pytest.mark.parametrize("price", [0, -1])
def test_a_price_below_one_cent_is_refused(price: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        alone(price)


@pytest.mark.parametrize("splits", [(-1,), (6000, 4001)])
def test_splits_over_the_whole_are_refused(splits: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="splits"):
        divide(
            100, schedule=DEFAULT_SCHEDULE, producer_is_affiliate=False, has_affiliate=False, splits=splits
        )
