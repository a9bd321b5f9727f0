"""An app's page in a browser: looking through it, playing in place, its shell offline, its own host."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect
from werkzeug.serving import make_server

from flexapp.app import create_app
from flexapp.apps import hosting
from flexapp.apps.models import FlexApp
from tests.browser.conftest import Site, _Quiet, audit, sideways
from tests.factories.apps import make_app
from tests.factories.catalog import make_license_types, make_track
from tests.factories.people import make_person

pytestmark = pytest.mark.browser

DOMAIN = "beats.mara.example"
TITLES = ("Glass", "Paper", "Slow", "Blue", "Static", "Velvet", "Tide", "Concrete")


@pytest.fixture(scope="module")
def mara(site: Site) -> FlexApp:
    """Mara's app of twenty-eight beats, older than all that other tests look at; half of them House."""
    then = site.services.clock.now() - timedelta(days=3)
    with site.services.database.writing() as session:
        person = make_person(session, name="Mara Lindqvist", now=then)
        types = make_license_types(session, person)
        for place in range(28):
            make_track(
                session,
                person,
                license_types=types,
                objects=site.services.objects,
                title=f"{TITLES[place % 8]} {place}",
                slug=f"mara-{place}",
                genre="House" if place % 2 else "Drill",
                bpm=100.0 + place,
                published_at=then - timedelta(minutes=place),
                created_at=then,
            )
        return make_app(session, person, name="Mara at night", own_catalog=True, accent="#0f8b8d")


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page in one of the themes whose console stays silent."""
    context = browser.new_context(color_scheme=request.param, viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened
    context.close()
    assert said == []


def test_choices_show_at_once_and_the_address_keeps_them(page: Page, site: Site, mara: FlexApp) -> None:
    page.goto(f"{site.url}/a/{mara.slug}")
    loads: list[str] = []
    page.on("request", lambda request: loads.append(request.resource_type))
    page.get_by_label("Genre").select_option("House")
    expect(page.get_by_role("status").filter(has_text="14 of 28 beats")).to_be_visible()
    assert "document" not in loads
    assert parse_qs(urlsplit(page.url).query)["genre"] == ["House"]
    page.get_by_label("Search").fill("glass")
    expect(page.locator("[data-found-count]")).to_have_text("0 of 28 beats")
    assert page.get_by_label("Search").input_value() == "glass"
    assert audit(page) == []
    page.get_by_role("link", name="Without House").click()
    expect(page.locator("[data-found-count]")).to_have_text("4 of 28 beats")
    assert page.get_by_label("Genre").input_value() == ""
    page.go_back()
    expect(page.locator("[data-found-count]")).to_have_text("0 of 28 beats")
    page.reload()
    expect(page.locator("[data-found-count]")).to_have_text("0 of 28 beats")


def test_the_player_goes_on_while_one_looks_through_the_list(page: Page, site: Site, mara: FlexApp) -> None:
    page.goto(f"{site.url}/a/{mara.slug}")
    page.get_by_role("link", name="Play Paper 1", exact=True).click()
    player = page.locator("[data-dock] iframe")
    asked = parse_qs(urlsplit(player.get_attribute("src") or "").query)
    assert f"/embed/v1/{mara.id}?" in (player.get_attribute("src") or "")
    assert asked["autoplay"] == ["1"]
    assert asked["start_track"][0].startswith("trk_")
    assert asked["k"][0].startswith("v1.")
    handle = player.element_handle()
    page.get_by_role("link", name="More").click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    assert page.evaluate("frame => frame.isConnected", handle)
    assert page.locator("[data-listen][aria-current]").count() == 0
    page.get_by_role("link", name="Back").click()
    expect(page.locator("[data-listen][aria-current]")).to_have_attribute("aria-label", "Play Paper 1")


def test_the_form_works_without_scripts(browser: Browser, site: Site, mara: FlexApp) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}/a/{mara.slug}")
    page.get_by_label("Genre").select_option("Drill")
    page.get_by_label("Sort").select_option("bpm")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("[data-found-count]")).to_have_text("14 of 28 beats")
    assert page.locator(".row-title").first.inner_text() == "Glass 0"
    context.close()


@pytest.mark.parametrize("width", [1440, 390, 320])
def test_every_state_is_accessible_and_fits(page: Page, site: Site, mara: FlexApp, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    problems = []
    for path in (
        f"/a/{mara.slug}",
        f"/a/{mara.slug}?genre=House&bpm_from=110&page=2",
        f"/a/{mara.slug}?q=nothing&bpm_to=fast",
        f"/a/{mara.slug}/offline",
        "/p/mara-lindqvist?sort=price",
        "/t/mara-3",
    ):
        page.goto(site.url + path)
        for fold in page.locator("details").all():
            fold.evaluate("fold => { fold.open = true; }")
        problems += [f"{path}: {problem}" for problem in audit(page)]
        if sideways(page) > 0:
            problems.append(f"{path} scrolls sideways by {sideways(page)}")
    assert problems == []


@pytest.fixture
def own_server(site: Site) -> Iterator[Any]:
    """The same site on a port of its own, which a test may take down."""
    server = make_server(
        "127.0.0.1",
        0,
        create_app(site.services.settings, site.services),
        threaded=True,
        request_handler=_Quiet,
    )
    thread = threading.Thread(target=server.serve_forever, name="own", daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_shell_stays_without_a_connection_and_nothing_else_is_kept(
    context: BrowserContext, own_server: Any, mara: FlexApp
) -> None:
    page = context.new_page()
    address = f"http://127.0.0.1:{own_server.server_port}/a/{mara.slug}"
    page.goto(address)
    assert page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.goto(f"{address}?genre=House")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.get_by_role("link", name="Play Paper 1", exact=True).click()
    page.goto(f"http://127.0.0.1:{own_server.server_port}/t/mara-1")
    kept = page.evaluate(
        """async () => {
          const paths = [];
          for (const name of await caches.keys())
            for (const { url } of await (await caches.open(name)).keys()) paths.push(new URL(url).pathname);
          return paths;
        }"""
    )
    assert f"/a/{mara.slug}/offline" in kept
    assert all(path.startswith(("/static/", f"/a/{mara.slug}/")) for path in kept)
    assert f"/a/{mara.slug}" not in kept
    own_server.shutdown()
    own_server.server_close()
    page.goto(f"{address}?genre=Drill")
    expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.card')).borderTopWidth") == "1px"
    assert "$" not in page.locator("body").inner_text()


def test_an_apps_own_host_shows_plays_and_sends_to_buy(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any], site: Site, mara: FlexApp
) -> None:
    now = site.services.clock.now()
    with site.services.database.writing() as session:
        app = session.get(FlexApp, mara.id)
        assert app is not None
        hosting.set_domain(session, app, DOMAIN, own_hosts=(), now=now)
        hosting.confirm_domain(session, app, DOMAIN, now=now)
    named = [*browser_type_launch_args["args"], f"--host-resolver-rules=MAP {DOMAIN} 127.0.0.1"]
    browser = browser_type.launch(**{**browser_type_launch_args, "args": named})
    page = browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Policy" in message.text else None)
    page.goto(f"http://{DOMAIN}:{urlsplit(site.url).port}/")
    expect(page.get_by_role("heading", name="Mara at night")).to_be_visible()
    page.get_by_label("Genre").select_option("House")
    expect(page.locator("[data-found-count]")).to_have_text("14 of 28 beats")
    page.get_by_role("link", name="Play Paper 1", exact=True).click()
    player = page.locator("[data-dock] iframe")
    assert (player.get_attribute("src") or "").startswith(f"{site.url}/embed/v1/{mara.id}?")
    expect(player.content_frame.get_by_text("Paper 1").first).to_be_visible()
    page.get_by_role("link", name="Paper 1", exact=True).click()
    assert urlsplit(page.url).hostname == DOMAIN
    assert page.context.cookies() == []
    page.get_by_role("link", name="Buy the Basic lease").click()
    assert page.url.startswith(f"{site.url}/buy/mara-1?lic=lty_")
    assert "k=v1." in page.url
    browser.close()
    assert [text for text in refused if "Cross-Origin-Opener-Policy" not in text] == []
