"""Every layout, theme and state of the player: fits, is usable by everybody, and has its picture taken.

With ``FLEXAPP_GALLERY=1`` the pictures go to ``embed/gallery``, whose README shows them side by side.
"""

from __future__ import annotations

import io
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, audit
from tests.browser.stage import BEATS, TITLES, wait_for
from tests.factories.apps import make_app
from tests.factories.catalog import make_track
from tests.factories.people import make_person

pytestmark = pytest.mark.browser
GALLERY = Path(__file__).resolve().parents[2] / "embed/gallery"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZES = {"bar": (600, 80), "compact": (600, 166), "list": (600, 450), "card": (340, 500)}
COLORS = 64  #: of a picture: a few kilobytes each
MORE = {"warehouse-light": "Warehouse Light", "rooftop-rain": "Rooftop Rain", "neon-perreo": "Neon Perreo"}


@dataclass(frozen=True)
class Shelf:
    """Ids of what is looked at."""

    url: str
    full: str
    empty: str
    sold: str


@pytest.fixture(scope="module")
def shelf(site: Site) -> Shelf:
    """A producer's six beats with their artwork, an app of them, an empty app, and a beat that is sold."""
    services, dice = site.services, random.Random(7)
    with services.database.writing() as session:
        now = services.clock.now()
        mara = make_person(session, name="Mara Lindqvist", now=now)
        tracks = []
        for place, (slug, title) in enumerate({**TITLES, **MORE}.items()):
            art = io.BytesIO()
            Image.open(BEATS / f"{slug}.jpg").convert("RGB").resize((192, 192)).save(art, "WEBP", quality=80)
            sound = (BEATS / f"{slug}.mp3").read_bytes()
            services.objects.put_bytes(f"shelf/{slug}.webp", art.getvalue(), content_type="image/webp")
            services.objects.put_bytes(f"shelf/{slug}.mp3", sound, content_type="audio/mpeg")
            level, peaks = 90, []
            for step in range(160):
                level = min(235, max(25, level + dice.randint(-40, 42)))
                peaks.append(level if step % 16 < 14 else level // 2)
            fields = {"bpm": 78.0 + 16 * place, "genre": ["Trap", "Lo-Fi", "House"][place % 3]}
            tracks.append(
                make_track(
                    session,
                    mara,
                    title=title,
                    cover_key=f"shelf/{slug}.webp",
                    cover_small_key=f"shelf/{slug}.webp",
                    preview_key=f"shelf/{slug}.mp3",
                    preview_bytes=len(sound),
                    peaks=bytes(peaks).hex(),
                    created_at=now,
                    published_at=now,
                    **fields,
                )
            )
        sold = make_track(
            session,
            mara,
            title="Ember and Ash",
            sold_exclusively_at=datetime(2026, 1, 1, tzinfo=UTC),
            cover_key="shelf/neon-perreo.webp",
            cover_small_key="shelf/neon-perreo.webp",
            peaks=tracks[0].peaks,
            created_at=now,
            published_at=now,
        )
        full = make_app(session, mara, name="Last bus home", picks=tuple(tracks), now=now)
        empty = make_app(session, mara, name="Nothing yet", picks=(), now=now)
        return Shelf(site.url, full.id, empty.id, sold.id)


def _playing(page: Page) -> None:
    page.click(".play")
    wait_for(page.main_frame, "document.querySelector('.seek').valueAsNumber > 0.3")
    page.locator(".seek").evaluate("it => { it.value = 21; it.dispatchEvent(new Event('input')) }")
    wait_for(page.main_frame, "document.querySelector('.seek').valueAsNumber > 20.5")


def _buffering(page: Page) -> None:
    page.route("**/media/*.mp3*", lambda _route: None)  # an answer that never comes
    page.click(".play")
    wait_for(page.main_frame, "document.querySelector('.player').hasAttribute('data-waiting')")


def _failing(page: Page) -> None:
    page.route("**/media/*.mp3*", lambda route: route.fulfill(status=503, body="no"))
    page.click(".play")
    expect(page.locator(".notice button")).to_be_visible()


def _licenses(page: Page) -> None:
    page.click(".buy >> visible=true")
    expect(page.locator("dialog[open]")).to_be_visible()


def _filled(page: Page) -> None:
    page.locator("dialog[open] .cart-add").click()
    expect(page.locator(".cart span")).to_have_text("1")


def _cart(page: Page) -> None:
    page.click(".cart")
    expect(page.locator("dialog.sheet footer")).to_be_visible()


def _menu(page: Page) -> None:
    page.locator(".play").focus()
    expect(page.locator(".time .more")).to_be_visible()
    page.locator(".time .more").click()
    expect(page.locator("dialog.menu")).to_be_visible()


def _refused(page: Page) -> None:
    refuse = "() => Promise.reject(new DOMException('no', 'NotAllowedError'))"
    page.evaluate(f"void (HTMLMediaElement.prototype.play = {refuse})")
    page.click(".play")
    wait_for(page.main_frame, "document.querySelector('.player').hasAttribute('data-refused')")


def _as_it_is(_page: Page) -> None:
    pass


#: What of the shelf is opened, and its states in turn, with how one gets from each to the next.
JOURNEYS: list[tuple[str, dict[str, Callable[[Page], None]]]] = [
    ("full", {"ready": _as_it_is, "licenses": _licenses, "filled": _filled, "cart": _cart}),
    ("full", {"menu": _menu}),
    ("full", {"playing": _playing}),
    ("full", {"buffering": _buffering}),
    ("full", {"refused": _refused}),
    ("full", {"error": _failing}),
    ("sold", {"sold": _as_it_is}),
    ("empty", {"empty": _as_it_is}),
    ("gone", {"gone": _as_it_is}),
]


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Page]:
    """One page for all pictures: layouts are sizes of it, and themes what it says the system likes."""
    context = browser.new_context(reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(("target", "states"), JOURNEYS, ids=[" ".join(states) for _, states in JOURNEYS])
@pytest.mark.parametrize("layout", SIZES)
def test_every_state_of_every_layout_is_usable_by_everybody(
    window: Page, shelf: Shelf, layout: str, target: str, states: dict[str, Callable[[Page], None]]
) -> None:
    _open(window, _address(shelf, target, f"layout={layout}&theme=auto"), SIZES[layout])
    found: list[str] = []
    for state, reach in states.items():
        reach(window)
        for theme in THEMES:
            window.emulate_media(color_scheme=theme)
            found += [f"{state}, {theme}: {problem}" for problem in (*audit(window), *_outside(window))]
            _take_picture(window, f"{layout}-{theme}-{state}")
    assert found == []


@pytest.mark.parametrize("size", [(200, 80), (320, 80), (260, 166), (320, 352), (1000, 1200), (1200, 400)])
@pytest.mark.parametrize("layout", SIZES)
@pytest.mark.parametrize("lang", ["de", "ja"])
def test_every_layout_fits_from_tiny_to_huge_also_in_longer_words(
    window: Page, shelf: Shelf, layout: str, size: tuple[int, int], lang: str
) -> None:
    _open(window, _address(shelf, "full", f"layout={layout}&lang={lang}"), size)
    window.locator(".play").focus()
    expect(window.locator(".more").first).to_be_attached()
    assert _outside(window) == []
    play = window.locator(".play").bounding_box()
    assert play is not None
    assert min(play["width"], play["height"]) >= 44
    if lang == "de" and size[0] < 400:
        _take_picture(window, f"size-{layout}-{size[0]}x{size[1]}")


def _open(page: Page, address: str, size: tuple[int, int]) -> None:
    """Show a player as somebody finds it who has never been here."""
    page.unroute_all()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme="light")
    page.goto(address)
    page.evaluate("localStorage.clear()")
    wait_for(page.main_frame, "document.querySelector('.player[data-live], .empty')")


def _address(shelf: Shelf, target: str, query: str) -> str:
    ids = {"full": shelf.full, "empty": shelf.empty, "sold": shelf.sold}
    return f"{shelf.url}/embed/v1/{ids.get(target, 'app_00000000000000000000000000')}?{query}"


def _outside(page: Page) -> list[str]:
    """Controls that the frame cuts off, texts that lie over controls, and sideways scrolling."""
    found: list[str] = page.evaluate(
        """() => {
          const open = document.querySelector("dialog[open]");
          const within = open ?? document;
          const shown = [...within.querySelectorAll("button, a, input, select")].filter((it) =>
            it.checkVisibility({ visibilityProperty: true }) &&
            !it.closest(".rows, fieldset, .items, .by, .notice"));
          const cut = shown.filter((it) => {
            const { left, top, right, bottom } = it.getBoundingClientRect();
            return left < -1 || top < -1 || right > innerWidth + 1 || bottom > innerHeight + 1;
          });
          const boxes = shown.map((it) => [it, it.getBoundingClientRect()]);
          const over = boxes.flatMap(([one, a], place) => boxes.slice(place + 1).filter(([, b]) =>
            Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 &&
            Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2).map(([two]) =>
              `${one.className || one.tagName} lies over ${two.className || two.tagName}`));
          const wide = document.documentElement.scrollWidth > innerWidth ? ["it scrolls sideways"] : [];
          return [...cut.map((it) => `cut off: ${it.className || it.tagName}`), ...over, ...wide];
        }"""
    )
    return found


def _take_picture(page: Page, name: str) -> None:
    if not os.environ.get("FLEXAPP_GALLERY"):
        return
    GALLERY.mkdir(exist_ok=True)
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
    shot.convert("RGB").quantize(COLORS).save(GALLERY / f"{name}.png", optimize=True)
