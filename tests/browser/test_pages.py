"""Every page of ours: usable by everybody, at any width, in both themes, within its own policy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Site, audit, sideways

pytestmark = pytest.mark.browser

HOME = "/producer-dashboard"
VISITORS = (
    "/",
    "/p/kaito-sounds",
    "/p/new-comer",
    "/t/midnight-trap",
    "/t/sold",
    "/a/everything",
    "/buy/midnight-trap",
    "/login",
    "/signup",
    "/reset",
    "/demo/mails",
    "/docs/api",
    "/nothing-here",
)


def dashboard_paths(site: Site) -> list[str]:
    """Every room of the dashboard, and one page of each thing in it."""
    ids = site.ids
    return [
        HOME,
        f"{HOME}/tracks",
        f"{HOME}/tracks/{ids['trap']}",
        f"{HOME}/tracks/voice-tag",
        f"{HOME}/licenses",
        f"{HOME}/licenses/new",
        f"{HOME}/apps",
        f"{HOME}/apps/new",
        f"{HOME}/apps/{ids['own_app']}",
        f"{HOME}/apps/{ids['own_app']}/look",
        f"{HOME}/apps/{ids['own_app']}/placements",
        f"{HOME}/apps/{ids['own_app']}/placements/{ids['own_placement']}",
        f"{HOME}/apps/{ids['own_app']}/settings",
        f"{HOME}/apps/{ids['own_app']}/insights",
        f"/backstage/tracks/{ids['trap']}/insights",
        f"{HOME}/sales",
        f"{HOME}/orders",
        f"{HOME}/customers",
        f"{HOME}/licenses-sold",
        f"{HOME}/finances",
        f"/backstage/artists/{ids['kaito']}/insights",
        f"{HOME}/insights",
        f"{HOME}/activity",
        f"{HOME}/settings",
        f"{HOME}/settings/security",
        f"{HOME}/settings/tokens",
    ]


@pytest.fixture(params=["light", "dark"])
def context(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    """A browser that wants one of the themes."""
    opened = browser.new_context(color_scheme=request.param, viewport={"width": 1280, "height": 900})
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page whose console must stay silent: a refused inline script or style would speak there."""
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened
    assert [text for text in said if "404 (NOT FOUND)" not in text] == []


def check(page: Page, site: Site, path: str) -> list[str]:
    """Problems of one page at 1280, 390 and 320 pixels."""
    page.set_viewport_size({"width": 1280, "height": 900})
    answer = page.goto(site.url + path)
    assert answer is not None
    assert answer.status == (404 if path == "/nothing-here" else 200), path
    problems = [f"{path} at 1280: {problem}" for problem in audit(page)]
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        problems += [f"{path} at {width}: {problem}" for problem in audit(page)]
        if sideways(page) > 0:
            problems.append(f"{path} scrolls sideways by {sideways(page)} at {width}")
    return problems


def test_pages_for_visitors_are_accessible_and_fit(page: Page, site: Site) -> None:
    assert [problem for path in VISITORS for problem in check(page, site, path)] == []


def test_dashboard_pages_are_accessible_and_fit(page: Page, context: BrowserContext, site: Site) -> None:
    site.log_in(context, site.ids["kaito"])
    assert [problem for path in dashboard_paths(site) for problem in check(page, site, path)] == []


def test_empty_dashboard_pages_are_accessible_and_fit(
    page: Page, context: BrowserContext, site: Site
) -> None:
    site.log_in(context, site.ids["newcomer"])
    paths = [path for path in dashboard_paths(site) if "_" not in path]
    assert [problem for path in paths for problem in check(page, site, path)] == []


def test_a_chosen_theme_holds_over_pages_and_never_waits_for_the_system(page: Page, site: Site) -> None:
    page.goto(site.url + "/")
    page.get_by_role("button", name="Dark").click()
    page.goto(site.url + "/login")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(30, 27, 34)"
    page.get_by_role("button", name="Light").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(245, 241, 235)"
    page.get_by_role("button", name="As the system").click()
    assert page.evaluate("document.documentElement.dataset.theme") is None


def test_the_first_tab_offers_to_skip_to_the_content(page: Page, site: Site) -> None:
    page.goto(site.url + "/login")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_on_a_phone_the_rooms_open_from_the_bar_at_the_bottom(
    page: Page, context: BrowserContext, site: Site
) -> None:
    site.log_in(context, site.ids["kaito"])
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{site.url}{HOME}/settings")
    rooms = page.get_by_role("navigation", name="Dashboard")
    assert not rooms.is_visible()
    page.get_by_role("button", name="More").click()
    assert rooms.get_by_role("link", name="Settings").is_visible()
    assert audit(page) == []
    page.keyboard.press("Escape")
    assert not rooms.is_visible()


def test_a_play_button_in_a_list_opens_the_real_player(page: Page, site: Site) -> None:
    page.goto(site.url + "/p/kaito-sounds")
    button = page.get_by_role("link", name="Play Midnight Trap")
    button.click()
    player = page.locator("[data-dock] iframe")
    source = player.get_attribute("src") or ""
    assert "/embed/v1/per_" in source, "it plays on through all of the producer's beats"
    assert f"start_track={site.ids['trap']}" in source
    expect(page.frame_locator("[data-dock] iframe").get_by_role("heading")).to_have_text("Midnight Trap")
    assert button.get_attribute("aria-current") == "true"
    page.get_by_role("button", name="Close the player").click()
    assert page.locator("[data-dock] iframe").count() == 0
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Play Midnight Trap"


def test_copied_snippets_say_so(page: Page, context: BrowserContext, site: Site) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
    page.goto(site.url + "/")
    page.get_by_role("button", name="Copy").first.click()
    page.get_by_role("status").filter(has_text="Copied").first.wait_for(state="attached")
    assert "<beat-player app=" in page.evaluate("navigator.clipboard.readText()")


def test_nothing_moves_for_who_wants_no_motion(browser: Browser, site: Site) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(site.url + "/")
    moving = page.evaluate(
        """[...document.querySelectorAll("*")].filter((part) =>
             getComputedStyle(part).transitionDuration.split(", ").some((time) => parseFloat(time) > 0.001)
           ).length"""
    )
    context.close()
    assert moving == 0


def test_forced_colors_keep_controls_visible(browser: Browser, site: Site) -> None:
    context = browser.new_context(forced_colors="active")
    page = context.new_page()
    page.goto(site.url + "/login")
    width = page.evaluate("getComputedStyle(document.querySelector('main .button')).borderTopWidth")
    context.close()
    assert width == "1px"
