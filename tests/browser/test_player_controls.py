"""What a listener can do in the player beyond play: the menu, the order, languages, and any hand or eye."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect

from tests.browser.conftest import audit
from tests.browser.stage import (
    Stage,
    is_playing,
    page,
    player_of,
    stage,
    visitor,
    wait_for,
    wait_until_it_plays,
)

__all__ = ["page", "stage", "visitor"]
pytestmark = pytest.mark.browser

CLIPBOARD = 'allow="autoplay; clipboard-read; clipboard-write"'


def _open_menu(frame: Frame, row: int) -> None:
    frame.locator(".play").focus()
    frame.locator(f".rows li:nth-child({row}) .more").click()
    expect(frame.locator("dialog.menu")).to_be_visible()


def _end_of(frame: Frame) -> None:
    """Jump to the last second, so that the beat ends by itself."""
    frame.locator(".seek").evaluate(
        "it => { it.value = Number(it.max) - 0.4; it.dispatchEvent(new Event('input', { bubbles: true })) }"
    )


def _title(frame: Frame) -> str:
    return frame.locator(".what h1").inner_text()


def test_a_beat_can_be_put_next_and_then_the_order_goes_on(page: Page, stage: Stage) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    _open_menu(frame, 3)
    frame.get_by_role("button", name="Play next").click()
    expect(frame.locator(".notice")).to_have_text("Lagos Sunrise plays next.")
    frame.click(".play")
    wait_until_it_plays(frame)
    _end_of(frame)
    expect(frame.locator(".what h1")).to_have_text("Lagos Sunrise")
    wait_until_it_plays(frame)
    frame.locator("[data-step='1']").click()
    expect(frame.locator(".what h1")).to_have_text("Dusty Corner")
    assert is_playing(frame)


def test_a_beat_repeats_itself_or_all_of_them_when_asked(page: Page, stage: Stage) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    _open_menu(frame, 1)
    loop = frame.locator("[data-loop]")
    for words in ("Loop: off", "Loop: all beats", "Loop: this beat"):
        expect(loop).to_have_text(words)
        if words != "Loop: this beat":
            loop.click()
    page.keyboard.press("Escape")
    frame.click(".play")
    wait_until_it_plays(frame)
    _end_of(frame)
    wait_for(frame, "document.querySelector('.seek').valueAsNumber < 10")
    wait_until_it_plays(frame)
    assert _title(frame) == "Midnight Trap"
    _open_menu(frame, 1)
    loop.click()
    loop.click()
    expect(loop).to_have_text("Loop: all beats")
    page.keyboard.press("Escape")
    frame.locator("[data-step='-1']").click()
    expect(frame.locator(".what h1")).to_have_text("Lagos Sunrise")


def test_shuffle_plays_each_beat_once_and_is_switched_off_again(page: Page, stage: Stage) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    _open_menu(frame, 1)
    shuffle = frame.locator("[data-shuffle]")
    expect(shuffle).to_have_attribute("aria-pressed", "false")
    shuffle.click()
    expect(shuffle).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    played = [_title(frame)]
    for _ in range(2):
        frame.locator("[data-step='1']").click()
        played.append(_title(frame))
    assert sorted(played) == ["Dusty Corner", "Lagos Sunrise", "Midnight Trap"]
    frame.locator("[data-step='1']").click()
    assert _title(frame) == played[-1], "without loop the last one is the last"


def test_links_and_embed_code_are_copied_with_the_placement_and_the_time(
    visitor: BrowserContext, page: Page, stage: Stage
) -> None:
    visitor.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(stage.put(stage.frame("t=42", extra=CLIPBOARD)))
    frame = player_of(page)

    def copied(name: str) -> str:
        _open_menu(frame, 1)
        frame.get_by_role("button", name=name, exact=True).click()
        expect(frame.locator("dialog.menu")).to_be_hidden()
        expect(frame.locator(".notice")).to_have_text("Copied.")
        return str(frame.evaluate("navigator.clipboard.readText()"))

    link = urlsplit(copied("Copy link"))
    assert f"{link.scheme}://{link.netloc}" == stage.site.url
    assert link.path == f"/t/{stage.track_slugs[0]}"
    assert parse_qs(link.query) == {"k": [stage.key]}
    moment = urlsplit(copied("Copy link at 0:42"))
    assert moment.path == f"/embed/v1/{stage.track_ids[0]}"
    assert parse_qs(moment.query) == {"k": [stage.key], "t": ["42"]}
    code = copied("Copy embed code")
    page.goto(stage.put(code))
    other = player_of(page)
    other.click(".play")
    wait_until_it_plays(other)
    assert _title(other) == "Midnight Trap"


def test_without_the_clipboard_the_address_is_shown(page: Page, stage: Stage) -> None:
    page.goto(stage.put(stage.frame(extra='sandbox="allow-scripts"')))
    frame = player_of(page)
    frame.evaluate("void (document.execCommand = () => false)")
    frame.evaluate("void (navigator.clipboard && (navigator.clipboard.writeText = () => Promise.reject()))")
    _open_menu(frame, 2)
    frame.get_by_role("button", name="Copy link", exact=True).click()
    expect(frame.locator(".notice")).to_contain_text(f"{stage.site.url}/t/{stage.track_slugs[1]}")


def test_the_right_button_opens_the_menu_of_its_beat_and_escape_gives_the_focus_back(
    page: Page, stage: Stage
) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    frame.locator(".play").focus()
    expect(frame.locator(".more").first).to_be_visible()
    frame.locator(".rows li:nth-child(2) .cue").click(button="right")
    expect(frame.locator("dialog.menu h2")).to_have_text("Dusty Corner")
    page.keyboard.press("Escape")
    row = ".rows li:nth-child(2) .cue"
    assert frame.locator(row).evaluate("it => it === document.activeElement")


def test_a_license_is_bought_with_the_keyboard_alone(
    page: Page, visitor: BrowserContext, stage: Stage
) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    frame.locator(".play").focus()
    expect(frame.locator(".more").first).to_be_visible()
    for _ in range(40):
        if frame.evaluate("document.activeElement.matches('.rows li:nth-child(2) .buy')"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(frame.locator("dialog[open] h2")).to_have_text("License “Dusty Corner”")
    for _ in range(20):
        if frame.evaluate("document.activeElement.matches('[type=radio]')"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(frame.locator(".licenses .cta")).to_have_text("Buy · $65.00")
    for _ in range(20):
        if frame.evaluate("document.activeElement.matches('.cta')"):
            break
        page.keyboard.press("Tab")
    with visitor.expect_page() as opened:
        page.keyboard.press("Enter")
    shop = opened.value
    shop.wait_for_load_state()
    assert urlsplit(shop.url).path == f"/buy/{stage.track_slugs[1]}"
    assert "$65.00" in shop.inner_text("body")


def test_without_the_late_script_it_plays_and_sells_and_the_next_touch_fetches_it(
    page: Page, visitor: BrowserContext, stage: Stage
) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    visitor.route("**/static/player-*", lambda route: route.abort())
    frame.click(".play")
    wait_until_it_plays(frame)
    with visitor.expect_page() as opened:
        frame.click(".rows li:nth-child(2) .buy")
    opened.value.wait_for_load_state()
    assert urlsplit(opened.value.url).path == f"/buy/{stage.track_slugs[1]}"
    opened.value.close()
    assert frame.locator("dialog").count() == 0
    visitor.unroute("**/static/player-*")
    with page.expect_request("**/api/v1/listens"):
        frame.click(".rows li:nth-child(3) .buy")
    expect(frame.locator("dialog[open]")).to_be_visible()


def test_autoplay_that_is_allowed_reports_although_nobody_touched_it(browser: Browser, stage: Stage) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(stage.put("<button>Hello</button>", path="/before"))
    page.click("button")
    page.goto(stage.put("<button>Hello</button>"))
    page.click("button")
    with page.expect_request("**/api/v1/listens"):
        page.evaluate(
            "html => document.body.insertAdjacentHTML('beforeend', html)", stage.frame("autoplay=1")
        )
    wait_until_it_plays(player_of(page))
    context.close()


def test_it_begins_at_the_moment_of_the_address(page: Page, stage: Stage) -> None:
    page.goto(stage.put(stage.frame(f"t=21&start_track={stage.track_ids[1]}")))
    frame = player_of(page)
    assert _title(frame) == "Dusty Corner"
    assert frame.locator(".at").inner_text() == "0:21"
    frame.click(".play")
    wait_until_it_plays(frame, beyond=21)


def test_where_loudness_does_not_stick_its_slider_is_not_shown(page: Page, stage: Stage) -> None:
    page.add_init_script(
        "Object.defineProperty(HTMLMediaElement.prototype, 'volume', { get: () => 1, set() {} })"
    )
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    frame.click(".play")
    wait_until_it_plays(frame)
    expect(frame.locator("[data-ask=mute]")).to_be_visible()
    assert frame.locator(".volume input").count() == 0


@pytest.mark.parametrize(
    ("lang", "label", "spoken"),
    [
        ("es", "Reproducir Midnight Trap", "0 segundos de 58 segundos"),
        ("de", "Midnight Trap abspielen", "0 Sekunden von 58 Sekunden"),
        ("fr", "Écouter Midnight Trap", "0 seconde sur 58 secondes"),
        ("pt", "Tocar Midnight Trap", "0 segundo de 58 segundos"),
        ("ja", "Midnight Trap を再生", "58 秒 中の 0 秒"),
    ],
)
def test_it_speaks_the_language_of_its_address(
    page: Page, stage: Stage, lang: str, label: str, spoken: str
) -> None:
    page.goto(stage.put(stage.frame(f"lang={lang}")))
    frame = player_of(page)
    expect(frame.locator(".play")).to_have_attribute("aria-label", label)
    slider = frame.locator(".seek")
    slider.focus()
    wait_for(frame, f"document.querySelector('.seek').ariaValueText.replace(/\\s/g, ' ') === {spoken!r}")
    _open_menu(frame, 2)
    assert "Loop" not in frame.locator("dialog.menu").inner_text()


def test_nothing_shifts_while_it_loads_or_when_the_late_parts_come(browser: Browser, stage: Stage) -> None:
    for layout, size in {
        "bar": (600, 80),
        "compact": (600, 166),
        "list": (600, 450),
        "card": (340, 500),
    }.items():
        context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        page = context.new_page()
        page.add_init_script(
            "window.moved = [];"
            "new PerformanceObserver((list) => window.moved.push(...list.getEntries().map("
            "({ value, sources }) => [value, ...sources.map(({ node }) => node?.className)])))"
            ".observe({ type: 'layout-shift', buffered: true })"
        )
        page.goto(stage.embed(f"layout={layout}", target=stage.site.ids["corner"]))
        wait_for(page.main_frame, "document.querySelector('.player').hasAttribute('data-live')")
        page.wait_for_timeout(300)
        page.locator(".play").focus()
        expect(page.locator(".time .more")).to_be_attached()
        page.wait_for_timeout(300)
        assert page.evaluate("window.moved") == [], layout
        context.close()


@pytest.mark.parametrize(
    ("layout", "lang"), [("bar", "ar"), ("compact", "he"), ("list", "fa-IR"), ("card", "ur")]
)
def test_every_layout_reads_from_right_to_left_and_in_forced_colors(
    browser: Browser, stage: Stage, layout: str, lang: str
) -> None:
    context = browser.new_context(viewport={"width": 380, "height": 480}, forced_colors="active")
    page = context.new_page()
    page.goto(stage.embed(f"layout={layout}&lang={lang}"))
    wait_for(page.main_frame, "document.querySelector('.player').hasAttribute('data-live')")
    expect(page.locator("html[dir=rtl][lang=en] .play")).to_have_attribute("aria-label", "Play Midnight Trap")
    play, price = (
        page.locator(".play").bounding_box(),
        page.locator(".buy >> visible=true").first.bounding_box(),
    )
    assert play is not None
    assert price is not None
    if layout != "list":
        assert play["x"] > price["x"], "the first control is on the right"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert audit(page) == []
    context.close()


def test_at_four_times_the_size_everything_is_still_reached(browser: Browser, stage: Stage) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 256}, device_scale_factor=4)
    page = context.new_page()
    page.goto(stage.embed("layout=list"))
    wait_for(page.main_frame, "document.querySelector('.player').hasAttribute('data-live')")
    page.click(".buy >> visible=true")
    expect(page.locator("dialog[open]")).to_be_visible()
    for control in page.locator("dialog[open] :is(button, a, select) >> visible=true").all():
        control.scroll_into_view_if_needed()
        box = control.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
        assert box["y"] + box["height"] <= 256
    assert audit(page) == []
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("layout", "size"),
    [
        ("list", (600, 450)),
        ("compact", (600, 166)),
        ("bar", (600, 80)),
        ("card", (320, 500)),
        ("list", (320, 352)),
        ("bar", (200, 80)),
    ],
)
def test_every_layout_is_usable_by_everybody(
    browser: Browser, stage: Stage, theme: str, layout: str, size: tuple[int, int]
) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    page.goto(stage.embed(f"layout={layout}&theme={theme}&color=ffe95c"))
    wait_for(page.main_frame, "document.querySelector('.player').hasAttribute('data-live')")
    assert audit(page) == []
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0
    play = page.locator(".play").bounding_box()
    assert play is not None
    assert min(play["width"], play["height"]) >= 44
    page.click(".buy >> visible=true")
    expect(page.locator("dialog.licenses")).to_be_visible()
    assert audit(page) == []
    context.close()
