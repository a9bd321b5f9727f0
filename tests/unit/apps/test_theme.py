"""Colors: whatever a producer chooses, text stays readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.apps.theme import (
    EMBER,
    EMBER_AT_NIGHT,
    NIGHT,
    PAPER,
    InvalidColor,
    contrast,
    is_dark_ground,
    palette,
    parse_color,
)

colors = st.from_regex(r"\A#[0-9a-f]{6}\Z")


@pytest.mark.parametrize(
    ("text", "color"), [("#CF3A10", "#cf3a10"), ("cf3a10", "#cf3a10"), ("#f00", "#ff0000")]
)
def test_a_color_has_one_spelling(text: str, color: str) -> None:
    assert parse_color(text) == color


@pytest.mark.parametrize(
    "text", ["", "red", "#12", "#12345", "#1234567", "#ggg", "#fff;}body{", "url(x)", "٣٣٣"]
)
def test_what_is_no_color_is_refused(text: str) -> None:
    with pytest.raises(InvalidColor):
        parse_color(text)


@given(accent=colors, paper=colors)
def test_every_text_color_passes_on_any_ground(accent: str, paper: str) -> None:
    found = palette(accent, paper=paper)
    assert contrast(found.on_accent, found.accent) >= 4.5
    for color in (found.ink, found.ink2, found.ink3, found.accent):
        assert contrast(color, found.paper) >= 4.5


@given(accent=colors, paper=st.sampled_from([PAPER, NIGHT]))
def test_on_our_own_grounds_text_passes_on_the_raised_ground_too(accent: str, paper: str) -> None:
    found = palette(accent, paper=paper)
    for color in (found.ink, found.ink2, found.ink3, found.accent):
        assert contrast(color, found.ground) >= 4.5


def test_a_readable_accent_is_left_as_it_is() -> None:
    assert palette("#1a4fd6", paper=PAPER).accent == "#1a4fd6"
    assert palette(EMBER_AT_NIGHT, paper=NIGHT).accent == EMBER_AT_NIGHT


def test_the_products_own_colors_are_the_default() -> None:
    assert contrast(palette(paper=PAPER).accent, EMBER) < 1.15
    assert palette(paper=NIGHT).accent == EMBER_AT_NIGHT


def test_pale_yellow_is_darkened_on_paper_and_kept_at_night() -> None:
    assert palette("#ffe95c", paper=PAPER).accent != "#ffe95c"
    assert palette("#ffe95c", paper=NIGHT).accent == "#ffe95c"
    assert is_dark_ground(NIGHT)
    assert not is_dark_ground(PAPER)
