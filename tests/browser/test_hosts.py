"""Two sites: each kind of page plays, counts, and leads to a purchase of its own placement."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect
from sqlalchemy import select

from flexapp.listening.models import Decision, Play
from flexapp.listening.upkeep import fold_listens
from flexapp.orders.models import Order, OrderItem, OrderState
from tests.browser.stage import (
    BEATS,
    Stage,
    paths_of,
    player_of,
    requests_of,
    stage,
    wait_for,
    wait_until_it_plays,
)
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_track
from tests.factories.listening import CHROME
from tests.factories.people import make_person

__all__ = ["stage"]
pytestmark = pytest.mark.browser
SECONDS = 8  #: of each beat: half of it is a play
SECRET = "aB3dE5fG7h"
WORDPRESS = f"""<script>
  const secret = {SECRET!r}, heights = [];
  const frame = document.querySelector("iframe.wp-embedded-content");
  addEventListener("message", ({{ data, source }}) => {{
    if (!data || !data.secret || !data.message || !data.value || /[^a-zA-Z0-9]/.test(data.secret)) return;
    if (data.secret !== secret || source !== frame.contentWindow) return;
    if (data.message === "height") {{
      heights.push(data.value);
      frame.height = Math.min(1000, Math.max(200, parseInt(data.value, 10)));
    }}
    if (data.message === "link") {{
      const [from, to] = [new URL(frame.getAttribute("src")), new URL(data.value)];
      if (!/^https?:$/.test(to.protocol) || to.host !== from.host) return;
      if (document.activeElement === frame) window.top.location.href = data.value;
    }}
  }});
  addEventListener("load", () => frame.contentWindow.postMessage({{ message: "ready", secret }}, "*"));
</script>"""
ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}


@dataclass(frozen=True)
class Host:
    """One page of a stranger with an app and a placement of its own."""

    stage: Stage
    app_id: str
    placement_id: str
    key: str

    @property
    def address(self) -> str:
        return f"{self.stage.site.url}/embed/v1/{self.app_id}?k={self.key}"

    def frame(self, extra: str = "") -> str:
        return (
            f'<iframe src="{escape(self.address)}" width="600" height="450" title="Beats" {extra}></iframe>'
        )

    def element(self) -> str:
        site = self.stage.site.url
        return (
            f'<script async src="{site}/sdk/v1/embed.js"></script>'
            f'<beat-player app="{self.app_id}" key="{self.key}" height="352">'
            f'<a href="{site}">Beats</a></beat-player>'
        )


@pytest.fixture
def host(stage: Stage) -> Host:
    """An app of one short beat that nobody else shows."""
    services = stage.site.services
    cut = (BEATS / "midnight-trap.mp3").read_bytes()[: SECONDS * 16_000]
    services.objects.put_bytes("hosts/short.mp3", cut, content_type="audio/mpeg")
    with services.database.writing() as session:
        now = services.clock.now()
        owner = make_person(session, now=now)
        track = make_track(
            session,
            make_person(session, now=now),
            duration_ms=SECONDS * 1000,
            preview_key="hosts/short.mp3",
            preview_bytes=len(cut),
            created_at=now,
            published_at=now,
        )
        app = make_app(session, owner, picks=(track,), now=now)
        placement = make_placement(session, app, services.signer, channel="affiliate", now=now)
        return Host(stage, app.id, placement.id, placement.key)


@pytest.fixture
def listener(browser: Browser) -> Iterator[BrowserContext]:
    """A person's browser; the headless one calls itself a program, which counts nothing."""
    context = browser.new_context(viewport={"width": 900, "height": 900}, user_agent=CHROME)
    yield context
    context.close()


@pytest.fixture
def page(listener: BrowserContext) -> Iterator[Page]:
    """A page that must not throw."""
    opened = listener.new_page()
    thrown: list[str] = []
    opened.on("pageerror", lambda error: thrown.append(str(error)))
    yield opened
    assert thrown == []


def kept_by_wordpress(html: str) -> str:
    """What WordPress leaves of an unknown provider's frame, and what it adds."""
    kept = re.findall(
        r'\b(src|width|height|frameborder|marginwidth|marginheight|scrolling|title)="([^"]*)"', html
    )
    attributes = " ".join(
        f'{name}="{value}#?secret={SECRET}"' if name == "src" else f'{name}="{value}"' for name, value in kept
    )
    sandbox = f'sandbox="allow-scripts" class="wp-embedded-content" data-secret="{SECRET}"'
    return f"<iframe {attributes} {sandbox}></iframe>"


def listen(host: Host, frame: Frame) -> None:
    """Half of the beat is heard; the database then has a counted play of the placement."""
    frame.click(".play")
    wait_until_it_plays(frame, beyond=SECONDS / 2 + 0.5)
    frame.click(".play")
    wait_for(frame, "!document.querySelector('.player').hasAttribute('data-playing')")
    frame.page.wait_for_timeout(700)
    fold_listens(host.stage.site.services)
    with host.stage.site.services.database.reading() as session:
        [play] = session.scalars(select(Play).where(Play.placement_id == host.placement_id)).all()
        assert (play.decision, play.is_counted, play.reason) == (Decision.VALID, True, "")


def choose(frame: Frame) -> None:
    """The licenses are opened and the link to the checkout is tapped."""
    frame.locator(".buy:visible").first.click()
    frame.locator("dialog[open] .cta").click()


def pay(host: Host, checkout: Page) -> None:
    """The buyer pays; the order item is the placement's."""
    assert urlsplit(checkout.url).path.startswith("/buy/")
    assert parse_qs(urlsplit(checkout.url).query)["k"] == [host.key]
    checkout.fill("[name=email]", "ana@mail.example")
    checkout.fill("[name=name]", "Ana Buyer")
    checkout.check("[name=accept]")
    checkout.locator("main form [type=submit]").first.click()
    checkout.fill("[name=card]", "4242 4242 4242 4242")
    checkout.fill("[name=expiry]", "12 / 34")
    checkout.fill("[name=cvc]", "123")
    checkout.fill("[name=name]", "Ana Buyer")
    checkout.click("button[type=submit]")
    checkout.wait_for_url("**/orders/**")
    checkout.get_by_role("heading", name="Thank you, Ana Buyer").wait_for()
    with host.stage.site.services.database.reading() as session:
        [(item, state)] = session.execute(
            select(OrderItem, Order.state)
            .join(Order, Order.id == OrderItem.order_id)
            .where(OrderItem.placement_id == host.placement_id)
        ).all()
        assert state is OrderState.PAID
        assert item.attribution["rule"] == "placement"


def buy_in_a_tab(host: Host, frame: Frame, listener: BrowserContext) -> None:
    with listener.expect_page() as opened:
        choose(frame)
    opened.value.wait_for_load_state()
    pay(host, opened.value)
    assert listener.cookies(host.stage.url) == []


def test_a_plain_page(host: Host, page: Page, listener: BrowserContext) -> None:
    page.goto(host.stage.put(host.frame('allow="autoplay"')))
    frame = player_of(page)
    listen(host, frame)
    buy_in_a_tab(host, frame, listener)


def test_a_page_with_a_strict_policy(host: Host, page: Page, listener: BrowserContext) -> None:
    site = host.stage.site.url
    policy = f"default-src 'none'; script-src {site}; frame-src {site}; require-trusted-types-for 'script'"
    page.goto(host.stage.put(host.element(), headers={"Content-Security-Policy": policy}))
    frame = player_of(page)
    listen(host, frame)
    buy_in_a_tab(host, frame, listener)


def test_a_page_that_sends_no_referrer(host: Host, page: Page, listener: BrowserContext) -> None:
    page.goto(host.stage.put(host.frame('referrerpolicy="no-referrer"')))
    frame = player_of(page)
    listen(host, frame)
    buy_in_a_tab(host, frame, listener)


def test_a_page_that_isolates_itself(host: Host, page: Page, listener: BrowserContext) -> None:
    policy = '<script crossorigin="anonymous" async src='
    body = host.element().replace("<script async src=", policy)
    page.goto(host.stage.put(body, headers=ISOLATED))
    frame = player_of(page)
    assert page.evaluate("crossOriginIsolated") is True
    listen(host, frame)
    buy_in_a_tab(host, frame, listener)


def test_a_sandbox_without_tabs_shows_the_address_and_its_code(
    host: Host, page: Page, listener: BrowserContext
) -> None:
    page.goto(host.stage.put(host.frame('sandbox="allow-scripts"')))
    frame = player_of(page)
    assert frame.evaluate("window.origin") == "null"
    listen(host, frame)
    choose(frame)
    notice = frame.locator(".notice.by-hand")
    notice.wait_for()
    wait_for(frame, "document.querySelector('.by-hand img')?.naturalWidth > 0")
    address = notice.locator("a").inner_text()
    assert len(address) < 320
    assert "&s=" not in address
    expect(notice.get_by_role("button")).to_have_text("Copy link")
    checkout = listener.new_page()
    checkout.goto(address)
    pay(host, checkout)


def test_a_wordpress_page(host: Host, page: Page, listener: BrowserContext) -> None:
    """The embed block of a WordPress: what is kept of our oEmbed answer, and its script."""
    site = host.stage.site
    with urlopen(
        f"{site.url}/oembed?{urlencode({'url': host.address, 'maxwidth': 600, 'dnt': 1})}"
    ) as answer:
        html = json.load(answer)["html"]
    page.goto(host.stage.put(kept_by_wordpress(html) + WORDPRESS))
    frame = player_of(page)
    assert frame.evaluate("window.origin") == "null"
    assert "dnt=1" in frame.url
    page.wait_for_function("heights.length > 0")
    assert page.evaluate("document.querySelector('iframe').height") == str(
        min(1000, max(200, page.evaluate("heights.at(-1)")))
    )
    listen(host, frame)
    frame.locator(".seek").focus()
    before = frame.locator(".seek").input_value()
    page.keyboard.press("ArrowLeft")
    assert frame.locator(".seek").input_value() != before
    frame.locator(".buy:visible").first.click()
    page.wait_for_function("heights.at(-1) >= 420")
    assert int(page.evaluate("document.querySelector('iframe').height")) >= 420, "the licenses got their room"
    page.evaluate(
        "document.querySelector('iframe').contentWindow.postMessage({ message: 'ready', secret }, '*')"
    )
    frame.locator("dialog[open] .cta").click()
    page.wait_for_url(f"{site.url}/buy/**")
    pay(host, page)


def test_a_link_message_of_another_frame_or_another_host_moves_no_wordpress_page(
    host: Host, page: Page
) -> None:
    """The rules of WordPress's script hold, as the emulation above keeps them."""
    html = f'<iframe src="{escape(host.address)}" width="600" height="352" title="Beats"></iframe>'
    page.goto(host.stage.put(kept_by_wordpress(html) + WORDPRESS))
    frame = player_of(page)
    say = "(message) => parent.postMessage({ ...message, secret: 'aB3dE5fG7h' }, '*')"
    frame.evaluate(say, {"message": "link", "value": "https://elsewhere.example/"})
    frame.evaluate(say, {"message": "height", "value": 5000})
    page.wait_for_function("document.querySelector('iframe').height === '1000'")
    assert page.url.startswith(host.stage.url)


def test_where_browsers_refuse_the_frame_the_pages_own_link_stays(host: Host, page: Page) -> None:
    """No source of ``frame-ancestors`` means an opaque origin: a builder's sandbox around our script."""
    inner = host.stage.put(host.element(), path="/inner")
    page.goto(
        host.stage.put(f'<iframe src="{inner}" sandbox="allow-scripts" width="620" height="500"></iframe>')
    )
    builder = page.frames[1]
    wait_for(builder, "document.querySelector('beat-player').shadowRoot?.querySelector('iframe')")
    page.wait_for_timeout(1000)
    assert builder.locator("beat-player a").is_visible()
    frame = "document.querySelector('beat-player').shadowRoot.querySelector('iframe')"
    assert builder.evaluate(f"getComputedStyle({frame}).visibility") == "hidden"


def test_ten_players_on_one_page_cost_what_is_seen(host: Host, page: Page) -> None:
    near = "".join(host.element() for _ in range(2))
    far = '<div style="height:5000px"></div>' + "".join(host.element() for _ in range(8))
    seen = requests_of(page)
    page.goto(host.stage.put(near + far))
    player_of(page, 1)
    page.wait_for_timeout(1500)
    paths = paths_of(seen, host.stage.site.url)
    assert paths.count(f"/embed/v1/{host.app_id}") == 2
    assert paths.count("/sdk/v1/embed.js") == 1
    assert [
        path for path in paths if path.startswith(("/media/", "/api/")) and path.endswith((".mp3", "listens"))
    ] == []
    assert page.evaluate("BeatPlayer.all().length") == 10
    page.evaluate("BeatPlayer.all()[9].scrollIntoView()")
    last = player_of(page, 2)
    listen(host, last)
