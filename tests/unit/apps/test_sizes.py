"""Players fit the box they are given."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flexapp.apps.models import Layout
from flexapp.apps.sizes import MIN_HEIGHT, MIN_WIDTH, SIZES, Size, fit

sides = st.one_of(st.none(), st.integers(1, 5000))


@given(layout=st.sampled_from(Layout), max_width=sides, max_height=sides)
def test_no_player_is_larger_than_its_box_or_than_the_least(
    layout: Layout, max_width: int | None, max_height: int | None
) -> None:
    found, size = fit(layout, max_width=max_width, max_height=max_height)
    assert MIN_WIDTH <= size.width <= max(MIN_WIDTH, max_width or 5000)
    assert MIN_HEIGHT <= size.height <= max(MIN_HEIGHT, max_height or 5000)
    assert size.height <= SIZES[layout].height
    assert found is layout or SIZES[found].height < SIZES[layout].height


def test_a_card_that_does_not_fit_becomes_a_list_or_less() -> None:
    assert fit(Layout.CARD, max_width=None, max_height=499) == (Layout.LIST, Size(600, 352))
    assert fit(Layout.CARD, max_width=300, max_height=None) == (Layout.LIST, Size(300, 352))
    assert fit(Layout.CARD, max_width=None, max_height=None) == (Layout.CARD, SIZES[Layout.CARD])
