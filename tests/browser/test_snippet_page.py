"""A placement's page in Chromium: options show at once, tabs by keyboard, and each pasted text plays."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from flexapp.apps.queries import app_by_id
from tests.browser.conftest import audit, sideways
from tests.browser.stage import Stage, page, player_of, stage, visitor, wait_for, wait_until_it_plays

__all__ = ["page", "stage", "visitor"]
pytestmark = pytest.mark.browser
ESBUILD = Path(__file__).resolve().parents[2] / "widgets/node_modules/.bin/esbuild"
#: What React's createElement does with elements, attributes and functions that return them.
CREATE = """const React = { createElement(kind, props) {
  if (typeof kind === "function") return kind(props);
  const element = document.createElement(kind);
  for (const [name, value] of Object.entries(props)) {
    if (name === "style") Object.assign(element.style, value); else element.setAttribute(name, value);
  }
  return element;
} };"""


def snippets_path(stage: Stage) -> str:
    return f"/producer-dashboard/apps/{stage.app_id}/placements/{stage.placement_id}"


@pytest.fixture
def room(browser: Browser, stage: Stage) -> Iterator[Page]:
    """The placement's page as its owner has it open; nothing on it may fail."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    with stage.site.services.database.reading() as session:
        app = app_by_id(session, stage.app_id)
        assert app is not None
        owner_id = app.owner_id
    stage.site.log_in(context, owner_id)
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.goto(stage.site.url + snippets_path(stage))
    yield opened
    context.close()
    assert said == []


def test_a_changed_option_shows_at_once_in_the_player_and_in_the_text(room: Page, stage: Stage) -> None:
    text = room.locator("#html-element")
    room.get_by_label("Layout", exact=True).select_option("compact")
    room.get_by_label("Accent").fill("1A4FD6")
    room.get_by_label("Hide the artwork").check()
    expect(text).to_contain_text('layout="compact" color="1a4fd6" art="0"')
    expect(room.locator("#wordpress-link")).to_contain_text("&layout=compact&color=1a4fd6&art=0")
    preview = room.locator("[data-snippet-preview]")
    expect(preview).to_have_attribute("height", "166")
    query = parse_qs(urlsplit(preview.get_attribute("src") or "").query)
    assert (query["layout"], query["color"], query["art"], query["preview"]) == (
        ["compact"],
        ["1a4fd6"],
        ["0"],
        ["1"],
    )
    room.get_by_role("button", name="Fill the column").click()
    expect(room.locator("#squarespace-iframe")).to_contain_text('width="100%"')
    room.get_by_label("Accent").fill("reddish")
    expect(room.locator("#color-error")).to_have_text("Write the color as #rrggbb, such as #cf3a10.")
    expect(text).not_to_contain_text("color=")
    room.get_by_label("Accent").fill("")
    expect(room.locator("#color-error")).to_have_count(0)
    room.reload()
    expect(room.get_by_label("Layout", exact=True)).to_have_value("compact")


def test_tabs_go_by_keyboard_and_say_which_is_open(room: Page) -> None:
    tabs = room.get_by_role("tablist", name="Kinds of websites")
    expect(tabs.get_by_role("tab")).to_have_count(9)
    tabs.get_by_role("tab", name="Plain HTML").focus()
    for key, name in (("ArrowRight", "WordPress"), ("End", "React"), ("ArrowRight", "Plain HTML")):
        room.keyboard.press(key)
        chosen = tabs.get_by_role("tab", selected=True)
        expect(chosen).to_have_text(name)
        expect(chosen).to_be_focused()
        expect(room.get_by_role("tabpanel")).to_have_count(1)
        expect(room.get_by_role("tabpanel")).to_have_accessible_name(name)
    room.keyboard.press("Tab")
    assert room.evaluate("document.activeElement.id") == "way-html"


def test_a_copied_text_is_the_one_that_is_shown(room: Page, stage: Stage) -> None:
    room.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=stage.site.url)
    room.get_by_role("combobox", name="Theme").select_option("dark")
    expect(room.locator("#html-element")).to_contain_text('theme="dark"')
    button = room.get_by_role("tabpanel").get_by_role("button", name="Copy").first
    button.click()
    expect(button.get_by_role("status")).to_have_text("Copied")
    assert room.evaluate("navigator.clipboard.readText()") == room.locator("#html-element").text_content()


def test_it_is_accessible_and_fits_every_screen(room: Page) -> None:
    problems = []
    for scheme in ("light", "dark"):
        room.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width in (1440, 390, 320):
            room.set_viewport_size({"width": width, "height": 900})
            problems += [f"{scheme} {width}: {problem}" for problem in audit(room)]
            if sideways(room):
                problems.append(f"{scheme} {width}: scrolls sideways by {sideways(room)}")
    assert problems == []


@pytest.mark.parametrize(
    "name",
    [
        "html-element",
        "html-script",
        "html-iframe",
        "html-pinned",
        "wordpress-link",
        "wix-full_iframe",
        "google-sites-address",
        "react-jsx",
    ],
)
def test_every_text_plays_with_all_its_options_where_it_is_pasted(
    room: Page, page: Page, stage: Stage, name: str
) -> None:
    start = stage.track_ids[1]
    query = f"layout=compact&theme=dark&color=1a4fd6&bg=101820&art=0&start_track={start}&t=12&loop=1&lang=fr"
    room.goto(f"{stage.site.url}{snippets_path(stage)}?{query}&width=480&height=200")
    text = room.locator(f"#{name}").text_content() or ""
    page.goto(stage.put(_pasted(page, stage, name, text)))
    frame = player_of(page)
    asked = parse_qs(urlsplit(frame.url).query)
    assert {key: value for key, [value] in asked.items() if key in parse_qs(query)} == {
        key: value for key, [value] in parse_qs(query).items()
    }
    assert asked["k"] == [stage.key]
    height = page.locator("iframe").first.evaluate("frame => frame.clientHeight")
    assert height in (166, 200), "the room that was chosen, or what a loader's player needs"
    wait_for(frame, "document.querySelector('.player').matches('.compact')")
    frame.locator(".now .play").click()
    wait_until_it_plays(frame, beyond=12)


def _pasted(page: Page, stage: Stage, name: str, text: str) -> str:
    """What the kind of website makes of a pasted text."""
    if name == "wordpress-link":
        shared = page.request.get(text).text()
        link = re.search(r'application/json\+oembed" href="([^"]+)"', shared)
        assert link is not None, "a page that is shared names its player early in its head"
        return str(page.request.get(unescape(link.group(1))).json()["html"])
    if name == "google-sites-address":
        return f'<iframe src="{text.replace("&", "&amp;")}" width="480" height="200"></iframe>'
    if name == "react-jsx":
        built = subprocess.run(
            [str(ESBUILD), "--loader=jsx", "--format=esm"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return f'<script type="module">{CREATE}{built};document.body.append(BeatPlayer());</script>'
    return text


def test_the_page_sees_its_snippet_load_and_play_on_the_strangers_site(
    room: Page, browser: Browser, stage: Stage
) -> None:
    visitor = browser.new_context(user_agent="Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0 Safari/537.36")
    page = visitor.new_page()
    form = room.locator("[data-arrivals]")
    expect(form.get_by_role("status").first).to_have_text("Waiting for the first load")
    room.get_by_label("Address of the page").fill(stage.url + "/tested")
    expect(form.get_by_role("link", name="Open it")).to_have_attribute("href", stage.url + "/tested")
    page.goto(stage.put(stage.snippet("iframe"), path="/tested"))
    frame = player_of(page)
    expect(form.get_by_text("It works: this arrived")).to_be_visible(timeout=10_000)
    expect(form.get_by_text("As a plain frame")).to_be_visible()
    frame.locator(".now .play").click()
    wait_until_it_plays(frame)
    expect(form.locator("[data-kind=done]", has_text="Played")).to_be_visible(timeout=15_000)
    room.get_by_label("Address of the page").fill("javascript:alert(1)")
    expect(form.get_by_role("link", name="Open it")).to_have_count(0)
    room.get_by_role("button", name="Begin again").click()
    expect(form.get_by_text("Waiting for the first load")).to_be_visible(timeout=10_000)
    visitor.close()
