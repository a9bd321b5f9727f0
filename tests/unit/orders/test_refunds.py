"""Refunds take from what remains, to the cent, and a full one leaves nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.orders.refunds import RefundLeg, Remaining, spread


def item(name: str, roles: dict[str, int], affiliate: int, platform: int) -> Remaining:
    return Remaining(name, roles, affiliate, platform)


PREMIUM = item("itm_a", {"share": 4875}, 650, 975)
OWN = item("itm_b", {"share": 2129, "commission": 300, "bonus": 150}, 0, 420)


def test_a_full_refund_takes_everything() -> None:
    first, second = spread(6500 + 2999, [PREMIUM, OWN])
    assert (first.roles, first.affiliate, first.platform) == ({"share": 4875}, 650, 975)
    assert (second.roles, second.platform) == ({"share": 2129, "commission": 300, "bonus": 150}, 420)


def test_a_partial_refund_is_divided_as_the_sale_was() -> None:
    (leg,) = spread(3250, [PREMIUM])
    assert (leg.producer, leg.affiliate, leg.platform) == (2437, 325, 488) or (
        leg.producer,
        leg.affiliate,
        leg.platform,
    ) == (2438, 325, 487)
    assert leg.total == 3250


def test_a_refund_goes_over_all_items_in_proportion() -> None:
    legs = spread(9499 // 2, [PREMIUM, OWN])
    assert sum(leg.total for leg in legs) == 4749
    assert legs[0].total == round(4749 * 6500 / 9499)


def test_a_refund_that_names_an_item_takes_from_it_first() -> None:
    (leg,) = spread(2999, [PREMIUM, OWN], item_id="itm_b")
    assert leg.item_id == "itm_b"
    legs = spread(3099, [PREMIUM, OWN], item_id="itm_b")
    assert [(one.item_id, one.total) for one in legs] == [("itm_a", 100), ("itm_b", 2999)]


def test_more_than_remains_is_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        spread(6501, [PREMIUM])


def test_legs_survive_being_kept() -> None:
    for leg in spread(1234, [PREMIUM, OWN]):
        assert RefundLeg.from_json(leg.to_json()) == leg


items = st.lists(
    st.tuples(
        st.integers(0, 5000),
        st.integers(0, 700),
        st.integers(0, 300),
        st.integers(0, 900),
        st.integers(0, 900),
    ),
    min_size=1,
    max_size=5,
).filter(lambda rows: any(sum(row) for row in rows))


@given(rows=items, data=st.data())
def test_any_series_of_refunds_never_goes_below_zero_and_the_last_takes_the_exact_rest(
    rows: list[tuple[int, int, int, int, int]], data: st.DataObject
) -> None:
    left = [
        item(f"itm_{place}", {"share": row[0], "commission": row[1], "bonus": row[2]}, row[3], row[4])
        for place, row in enumerate(rows)
    ]
    while total := sum(one.total for one in left):
        amount = data.draw(st.integers(max(1, total // 3), total))
        named = data.draw(st.none() | st.sampled_from([one.item_id for one in left]))
        legs = {leg.item_id: leg for leg in spread(amount, left, item_id=named)}
        assert sum(leg.total for leg in legs.values()) == amount
        after = []
        for one in left:
            leg = legs.get(one.item_id)
            if leg is None:
                after.append(one)
                continue
            roles = {role: value - leg.roles[role] for role, value in one.roles.items()}
            assert min(leg.roles.values()) >= 0
            assert min(roles.values()) >= 0
            assert one.affiliate >= leg.affiliate >= 0
            assert one.platform >= leg.platform >= 0
            after.append(item(one.item_id, roles, one.affiliate - leg.affiliate, one.platform - leg.platform))
        left = after
    assert all(not any(one.roles.values()) and not one.affiliate and not one.platform for one in left)
