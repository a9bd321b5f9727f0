"""Players on one page without our loader: the one that was started last goes on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stage import (
    LateParts,
    Stage,
    is_playing,
    page,
    player_of,
    stage,
    visitor,
    wait_until_it_plays,
)

__all__ = ["page", "stage", "visitor"]
pytestmark = pytest.mark.browser


def test_only_one_player_sounds_on_a_page(page: Page, stage: Stage) -> None:
    page.goto(stage.put(stage.frame() + stage.frame() + stage.frame("single=0")))
    first, second, third = (player_of(page, index) for index in range(3))
    first.click(".play")
    wait_until_it_plays(first)
    second.click(".play")
    wait_until_it_plays(second)
    expect(first.locator(".play")).to_have_attribute("aria-label", "Play Midnight Trap")
    third.click(".play")
    wait_until_it_plays(third)
    page.wait_for_timeout(300)
    assert [is_playing(each) for each in (first, second, third)] == [False, True, True]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "the other way round"])
def test_without_a_loader_the_player_that_was_started_last_goes_on_too(
    page: Page, stage: Stage, order: tuple[int, int]
) -> None:
    late = LateParts(page)
    page.goto(stage.put(stage.frame() + stage.frame()))
    frames = [player_of(page), player_of(page, 1)]
    for frame in frames:
        frame.click(".play")
        wait_until_it_plays(frame)
    for place in order:
        late.let_in(frames[place])
    expect(frames[0].locator(".play")).to_have_attribute("aria-label", "Play Midnight Trap")
    played = frames[1].evaluate("document.querySelector('.seek').valueAsNumber")
    wait_until_it_plays(frames[1], beyond=played + 0.3)
    assert not is_playing(frames[0])
