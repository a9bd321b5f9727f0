"""Charts that are read and zoomed into by mouse and keyboard, menus of rows, and figures that follow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from flexapp.listening.ingest import append
from flexapp.listening.upkeep import fold_listens
from tests.browser.conftest import Site, audit, sideways
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_album, make_track
from tests.factories.history import past_listen
from tests.factories.people import make_person

pytestmark = pytest.mark.browser
HOME = "/producer-dashboard"
LOOKS = (
    {"country": "DE", "device": "phone", "os": "iOS", "browser": "Safari", "layout": "list"},
    {"country": "US", "device": "desktop", "os": "Windows", "browser": "Chrome", "layout": "card"},
)


@pytest.fixture(scope="module")
def heard(site: Site) -> dict[str, str]:
    """Two weeks of listening, six a day from two countries, and the address of its page."""
    services = site.services
    now = services.clock.now()
    with services.database.writing() as session:
        owner = make_person(session, name="Chart Reader", now=now)
        track = make_track(session, owner, title="Up And Down", created_at=now, published_at=now)
        app = make_app(session, owner, name="Read me", picks=(track,), now=now)
        placement = make_placement(session, app, services.signer, name="a blog", now=now)
        rows = []
        for day in range(14):
            for number in range(6):
                at = now - timedelta(days=day, minutes=2 * number + 2)
                looks = LOOKS[number % 2]
                rows += past_listen(track, at=at, seconds=40, app=app, placement=placement, **looks)
        begun = make_app(session, owner, name="Begun", picks=(track,), now=now)
        rows += past_listen(track, at=now - timedelta(minutes=2), seconds=40, app=begun, **LOOKS[0])
        album = make_album(session, owner, [track])
        append(session, rows)
    fold_listens(services)
    return {
        "begun": begun.id,
        "album": album.id,
        "owner": owner.id,
        "app": app.id,
        "track": track.id,
        "path": f"{HOME}/apps/{app.id}/insights",
    }


@pytest.fixture
def page(browser: Browser, site: Site, heard: dict[str, str]) -> Iterator[Page]:
    """The owner's page, whose console stays silent."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    site.log_in(context, heard["owner"])
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened
    context.close()
    assert said == []


def test_a_chart_is_read_and_zoomed_by_keyboard(page: Page, site: Site, heard: dict[str, str]) -> None:
    page.goto(f"{site.url}{heard['path']}?period=7d")
    plot = page.get_by_role("slider", name="Plays over time")
    plot.focus()
    reading = page.locator(".chart-reading").first
    expect(reading).to_contain_text("6 plays")
    assert plot.get_attribute("aria-valuenow") == "6"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    assert plot.get_attribute("aria-valuenow") == "3"
    assert page.locator(".chart-chosen").count() == 1
    assert audit(page) == []
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "period=custom" in page.url
    assert "from=7d" in page.url
    assert page.locator(".chart-plot").first.locator(".chart-band").count() == 3
    page.get_by_role("slider", name="Plays over time").focus()
    with page.expect_navigation():
        page.keyboard.press("Escape")
    assert page.url.endswith("?period=7d")


def test_a_chart_is_zoomed_by_dragging_down_to_hours(page: Page, site: Site, heard: dict[str, str]) -> None:
    page.goto(f"{site.url}{heard['path']}?period=7d")
    box = page.locator(".chart-plot").first.bounding_box()
    assert box
    middle = box["y"] + box["height"] / 3
    page.mouse.move(box["x"] + box["width"] * 0.99, middle)
    expect(page.locator(".chart-reading").first).to_contain_text("6 plays")
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.84, middle, steps=3)
    with page.expect_navigation():
        page.mouse.up()
    assert page.locator(".chart-plot").first.locator(".chart-band").count() == 2
    page.get_by_role("link", name="Hourly").click()
    bands = page.locator(".chart-plot").first.locator(".chart-band")
    assert 24 < bands.count() <= 48
    assert "T" in (bands.last.get_attribute("data-at") or "")
    page.get_by_role("link", name="Zoom out").click()
    assert page.url.endswith("?period=7d")


def test_a_row_has_a_menu_for_each_hand_and_leads_to_its_insights(
    page: Page, site: Site, heard: dict[str, str]
) -> None:
    page.goto(f"{site.url}{HOME}/tracks")
    menu = page.locator(".row-menu").first
    page.get_by_role("button", name="More about Up And Down").click()
    expect(menu).to_be_visible()
    assert audit(page) == []
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    row = page.locator("[data-row-menu]").first
    row.click(button="right", position={"x": 6, "y": 6})
    expect(menu).to_be_visible()
    box, corner = menu.bounding_box(), row.bounding_box()
    assert box
    assert corner
    assert abs(box["x"] - corner["x"] - 6) < 2
    menu.get_by_role("link", name="Insights").click()
    assert page.url == f"{site.url}/backstage/tracks/{heard['track']}/insights"
    page.go_back()
    page.get_by_role("link", name="Insights of Up And Down").click()
    assert "85" in page.get_by_role("region", name="Plays", exact=True).inner_text()


def test_figures_are_asked_for_while_the_page_is_seen_and_not_behind(
    page: Page, site: Site, heard: dict[str, str]
) -> None:
    page.clock.install()
    page.goto(f"{site.url}{heard['path']}")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "insights/live" in request.url else None)
    with page.expect_response(lambda answer: "insights/live" in answer.url):
        page.clock.run_for(2100)
    page.evaluate(
        """Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true })"""
    )
    page.wait_for_timeout(50)
    seen = len(asked)
    page.clock.run_for(9000)
    page.wait_for_timeout(50)
    assert len(asked) == seen
    page.evaluate(
        """Object.defineProperty(document, "visibilityState", { value: "visible", configurable: true });
           document.dispatchEvent(new Event("visibilitychange"))"""
    )
    page.wait_for_timeout(100)
    assert len(asked) > seen


def test_a_page_says_when_its_figures_stand_still_and_goes_on(
    browser: Browser, site: Site, heard: dict[str, str]
) -> None:
    context = browser.new_context()  # whose console may tell of errors
    site.log_in(context, heard["owner"])
    page = context.new_page()
    page.clock.install()
    page.goto(f"{site.url}{heard['path']}?period=7d")
    page.route("**/insights/live*", lambda route: route.fulfill(status=503))
    page.clock.run_for(2100)
    told = page.get_by_text("The server does not answer")
    expect(told).to_be_visible()
    assert audit(page) == []
    page.unroute("**/insights/live*")
    page.get_by_role("button", name="Try now").click()
    expect(told).to_be_hidden()
    context.clear_cookies()
    page.clock.run_for(2100)
    expect(page.get_by_text("You are logged out")).to_be_visible()
    assert page.get_by_role("link", name="Log in again").get_attribute("href") == ""
    context.close()


def test_another_period_is_a_skeleton_until_it_is_there(
    page: Page, site: Site, heard: dict[str, str]
) -> None:
    page.goto(f"{site.url}{heard['path']}?period=7d")
    # What stands still, stands for a server that takes its time.
    page.evaluate("""window.addEventListener("click", (event) => event.preventDefault())""")
    page.get_by_role("link", name="Yesterday").click()
    main = page.locator("main")
    expect(main).to_have_attribute("aria-busy", "true")
    assert audit(page) == []
    page.keyboard.press("Escape")
    expect(main).not_to_have_attribute("aria-busy", "true")
    page.reload()
    page.get_by_role("link", name="Yesterday").click()
    page.wait_for_url("**period=yesterday")
    expect(page.get_by_text("against the day before")).to_be_visible()
    expect(main).not_to_have_attribute("aria-busy", "true")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_with_and_without_a_history_are_accessible_and_fit(
    site: Site, browser: Browser, heard: dict[str, str], scheme: str
) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    problems = []
    for who, path in (
        (heard["owner"], f"{heard['path']}?period=90d"),
        (heard["owner"], f"/backstage/artists/{heard['owner']}/insights?period=today"),
        (heard["owner"], f"/backstage/albums/{heard['album']}/insights"),
        (heard["owner"], f"{HOME}/apps/{heard['begun']}/insights"),
        (heard["owner"], f"{HOME}/activity"),
        (site.ids["newcomer"], f"{HOME}/insights"),
        (site.ids["newcomer"], f"{HOME}/activity?period=yesterday"),
    ):
        site.log_in(context, who)
        page.goto(site.url + path)
        for summary in page.locator("main details > summary").all():
            summary.click()
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            if width == 320 or path.startswith(heard["path"]):
                problems += [f"{path} at {width}: {problem}" for problem in audit(page)]
            if sideways(page):
                problems.append(f"{path} scrolls sideways by {sideways(page)} at {width}")
    context.close()
    assert problems == []
