"""The cart on a stranger's page: add, change, remove, hear of it elsewhere, check out, pay, download."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from flexapp.apps.queries import placement_by_id
from flexapp.catalog.models import Deliverable
from flexapp.catalog.queries import license_choices, license_types_of, track_by_id
from flexapp.orders.models import CartLine, Order, OrderItem, OrderState
from flexapp.workflows.fill_cart import put_in_cart
from tests.browser.conftest import audit, sideways
from tests.browser.stage import Stage, add, page, paths_of, player_of, requests_of, stage, visitor, wait_for
from tests.factories.catalog import make_license_types, make_track
from tests.factories.people import make_person

__all__ = ["page", "stage", "visitor"]
pytestmark = pytest.mark.browser
SANDBOX = 'sandbox="allow-scripts" allow="autoplay"'


def count_in(frame: Frame) -> str:
    return frame.locator(".cart span").inner_text()


def token_of(frame: Frame) -> str:
    """The token in the link that checks out."""
    return str(frame.evaluate("document.querySelector('.sheet .cta').pathname")).removeprefix("/cart/")


def stored(frame: Frame) -> dict[str, str]:
    """All that the player keeps in the browser; where a browser refuses storage, nothing."""
    kept = frame.evaluate("(() => { try { return {...localStorage}; } catch { return {}; } })()")
    return {str(name): str(value) for name, value in kept.items()}


def give_files(stage: Stage) -> None:
    """Real bytes behind every file that the stage's beats are sold with."""
    services = stage.site.services
    with services.database.reading() as session:
        files = session.scalars(select(Deliverable).where(Deliverable.track_id.in_(stage.track_ids))).all()
    for file in files:
        data = f"{file.kind.value} of {file.track_id}\n".encode() * 50
        services.objects.put_bytes(file.object_key, data, content_type=file.content_type)


def test_two_beats_are_added_changed_removed_and_paid_in_one_checkout(
    page: Page, visitor: BrowserContext, stage: Stage
) -> None:
    give_files(stage)
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    assert stored(frame) == {}
    seen = requests_of(page)
    add(frame, 1)
    expect(frame.locator(".notice")).to_contain_text("“Midnight Trap” is in your cart.")
    (created,) = [one for one in seen if urlsplit(one.url).path == "/embed/v1/carts"]
    body = json.loads(created.post_data or "")
    assert (body["track_id"], body["k"]) == (stage.track_ids[0], stage.key)
    assert "cookie" not in created.headers
    assert created.headers["content-type"].startswith("text/plain")
    assert "OPTIONS" not in [one.method for one in seen]
    add(frame, 2, "Premium")
    add(frame, 3)
    assert count_in(frame) == "3"

    frame.click(".cart")
    sheet = frame.locator("dialog.sheet")
    expect(sheet.locator("footer")).to_contain_text("$124.98")
    sheet.get_by_label("License of Midnight Trap").select_option(label="Trackout lease · $149.00")
    expect(sheet.locator("footer")).to_contain_text("$243.99")
    sheet.get_by_label("Remove Lagos Sunrise").click()
    expect(sheet.locator(".cart-said")).to_have_text("“Lagos Sunrise” was removed.")
    expect(sheet.locator("footer")).to_contain_text("$214.00")
    assert frame.evaluate("document.activeElement.getAttribute('aria-label')") == "Remove Dusty Corner"

    with visitor.expect_page() as opened:
        sheet.get_by_role("link", name="Check out").click()
    cart = opened.value
    cart.wait_for_load_state()
    assert urlsplit(cart.url).path == f"/cart/{token_of(frame)}"
    assert parse_qs(urlsplit(cart.url).query)["k"] == [stage.key]
    assert audit(cart) == []
    cart.fill("[name=email]", "ana@mail.example")
    cart.fill("[name=name]", "Ana Buyer")
    cart.check("[name=accept]")
    cart.click("text=Pay $214.00")
    cart.fill("[name=card]", "4242 4242 4242 4242")
    cart.fill("[name=expiry]", "12 / 34")
    cart.fill("[name=cvc]", "123")
    cart.fill("[name=name]", "Ana Buyer")
    cart.click("button[type=submit]")
    cart.wait_for_url("**/orders/**")
    expect(cart.get_by_role("heading", name="Thank you, Ana Buyer")).to_be_visible()
    for title in ("Midnight Trap", "Dusty Corner"):
        link = cart.get_by_role("region", name=title).get_by_role("link", name="Download").first
        with cart.expect_download() as download:
            link.click()
        assert download.value.path().stat().st_size > 0
    with stage.site.services.database.reading() as session:
        items = session.scalars(
            select(OrderItem).join(Order, Order.id == OrderItem.order_id).where(Order.total == 21400)
        ).all()
        assert {item.placement_id for item in items} == {stage.placement_id}
        assert {item.attribution["rule"] for item in items} == {"placement"}
        assert session.scalars(select(Order.state).where(Order.total == 21400)).one() is OrderState.PAID
    page.bring_to_front()
    wait_for(frame, "!document.querySelector('.cart')")
    assert visitor.cookies(stage.url) == []


def test_before_anything_is_added_no_cart_is_asked_for_and_nothing_is_stored(
    page: Page, stage: Stage
) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    seen = requests_of(page)
    frame.click(".rows li:nth-child(1) .buy")
    expect(frame.locator("dialog[open] .cart-add")).to_have_text("Add to cart")
    assert [path for path in paths_of(seen, stage.site.url) if "carts" in path] == []
    assert stored(frame) == {}
    assert frame.locator(".cart").count() == 0


def test_players_of_one_page_share_a_cart_and_each_line_keeps_its_own_placement(
    page: Page, stage: Stage
) -> None:
    other = stage.site.ids["own_app"]
    with stage.site.services.database.reading() as session:
        found = placement_by_id(session, stage.site.ids["own_placement"])
        assert found is not None
        own_key = found.key
    source = f"{stage.site.url}/embed/v1/{other}?k={own_key}&layout=list"
    second = f'<iframe src="{source}" width=600 height=450 title=Other></iframe>'
    # A website of the same site as ours, where every browser lets frames keep something.
    page.goto(stage.put(stage.frame() + second).replace("localhost", "127.0.0.1"))
    one, two = player_of(page), player_of(page, 1)
    two.click(".rows li:nth-child(1) .buy")
    two.locator("dialog[open]").get_by_label("Close").click()
    add(one, 1)
    wait_for(two, "document.querySelector('.cart span')?.textContent === '1'")
    add(two, 1)
    wait_for(one, "document.querySelector('.cart span')?.textContent === '2'")
    token = token_of(one)
    assert token == token_of(two)
    assert stored(one) == stored(two) == {"beat-cart": token}
    with stage.site.services.database.reading() as session:
        keys = session.scalars(select(CartLine.placement_token).where(CartLine.cart_token == token)).all()
    assert set(keys) == {stage.key, own_key}
    one.click(".cart")
    one.locator("dialog.sheet").get_by_label("Remove Midnight Trap").first.click()
    wait_for(two, "document.querySelector('.cart span')?.textContent === '1'")


def test_in_a_sandbox_without_storage_or_tabs_the_cart_lives_in_memory_and_shows_its_address(
    page: Page, stage: Stage
) -> None:
    page.goto(stage.put(stage.frame(extra=SANDBOX)))
    frame = player_of(page)
    add(frame, 1)
    add(frame, 2)
    assert count_in(frame) == "2"
    frame.click(".cart")
    frame.locator("dialog.sheet").get_by_role("link", name="Check out").click()
    expect(frame.locator(".notice")).to_contain_text("/cart/", timeout=5000)
    assert "Open this address to pay" in frame.locator(".notice").inner_text()


def test_on_a_wordpress_page_the_parent_is_asked_to_open_the_cart(page: Page, stage: Stage) -> None:
    hears = (
        "<script>addEventListener('message', ({data}) => { if (data.message) window.heard = data; })</script>"
    )
    frame_html = stage.frame(extra='sandbox="allow-scripts"').replace('" width', '#?secret=abc123" width')
    page.goto(stage.put(frame_html, head=hears))
    frame = player_of(page)
    add(frame, 1)
    frame.click(".cart")
    frame.locator("dialog.sheet").get_by_role("link", name="Check out").click()
    page.wait_for_function("window.heard")
    heard = page.evaluate("window.heard")
    assert (heard["message"], heard["secret"]) == ("link", "abc123")
    assert heard["value"].startswith(f"{stage.site.url}/cart/")


def test_a_beat_sold_meanwhile_is_said_and_stays_out_of_the_total(page: Page, stage: Stage) -> None:
    services = stage.site.services
    with services.database.writing() as session:
        now = services.clock.now()
        producer = make_person(session, name="Ines", now=now)
        make_license_types(session, producer)
        gone = make_track(session, producer, title="Soon Gone", created_at=now, published_at=now)
        gone_id = gone.id
    page.goto(stage.put(stage.frame(target=gone_id, query="layout=card", height=500)))
    frame = player_of(page)
    frame.click(".buy")
    frame.locator("dialog[open] .cart-add").click()
    expect(frame.locator(".cart span")).to_have_text("1")
    with services.database.writing() as session:
        track = track_by_id(session, gone_id)
        assert track is not None
        track.sold_exclusively_at = services.clock.now()
    frame.click(".cart")
    sheet = frame.locator("dialog.sheet")
    expect(sheet.locator(".bad")).to_have_text("This beat was sold exclusively.")
    expect(sheet.locator("footer")).to_be_hidden()
    sheet.get_by_label("Remove Soon Gone").click()
    expect(sheet.get_by_text("Your cart is empty")).to_be_visible()
    assert frame.evaluate("document.activeElement.getAttribute('aria-label')") == "Close"


def test_when_the_cart_does_not_answer_it_says_so_and_keeps_what_it_has(page: Page, stage: Stage) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    add(frame, 1)
    page.route("**/embed/v1/carts/**", lambda route: route.abort())
    frame.click(".cart")
    sheet = frame.locator("dialog.sheet")
    expect(sheet.locator(".cart-said")).to_contain_text("does not answer")
    sheet.get_by_label("License of Midnight Trap").select_option(index=1)
    expect(sheet.locator(".cart-said")).to_contain_text("does not answer")
    expect(sheet.get_by_label("License of Midnight Trap")).to_have_value(
        str(frame.evaluate("document.querySelector('.sheet select').options[0].value"))
    )
    page.unroute("**/embed/v1/carts/**")
    sheet.get_by_label("License of Midnight Trap").select_option(index=1)
    expect(sheet.locator("footer")).to_contain_text("$65.00")


def test_the_cart_is_used_by_keyboard_alone_and_gives_the_focus_back(page: Page, stage: Stage) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    frame.locator(".rows li:nth-child(1) .buy").focus()
    page.keyboard.press("Enter")
    expect(frame.locator("dialog[open] .cart-add")).to_be_visible()
    frame.locator(".cart-add").focus()
    page.keyboard.press("Enter")
    expect(frame.locator(".cart span")).to_have_text("1")
    expect(frame.locator(".rows li:nth-child(1) .buy")).to_be_focused()
    frame.locator(".cart").focus()
    page.keyboard.press("Enter")
    expect(frame.locator("dialog.sheet")).to_be_visible()
    page.keyboard.press("Escape")
    expect(frame.locator("dialog.sheet")).to_be_hidden()
    expect(frame.locator(".cart")).to_be_focused()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("layout", "width", "height"), [("list", 600, 450), ("card", 320, 500), ("bar", 600, 80)]
)
def test_the_open_cart_has_no_accessibility_violations(
    page: Page, stage: Stage, theme: str, layout: str, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(stage.embed(f"layout={layout}&theme={theme}"))
    frame = page.main_frame
    wait_for(frame, "document.querySelector('.player')?.hasAttribute('data-live')")
    frame.click(".buy >> visible=true")
    frame.locator("dialog[open] .cart-add").click()
    expect(frame.locator(".cart span")).to_have_text("1")
    assert audit(page) == []
    frame.click(".cart")
    expect(frame.locator("dialog.sheet")).to_be_visible()
    assert audit(page) == []


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_the_carts_page_fits_and_has_no_violations_empty_full_or_expired(
    page: Page, stage: Stage, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{stage.site.url}/cart")
    expect(page.get_by_role("heading", name="Your cart is empty")).to_be_visible()
    assert audit(page) == []
    page.goto(f"{stage.site.url}/buy/{stage.track_slugs[0]}")
    page.click("text=Add to cart")
    page.wait_for_url("**/cart/**")
    expect(page.get_by_role("heading", name="Your cart")).to_be_visible()
    assert audit(page) == []
    assert sideways(page) == 0
    services = stage.site.services
    token = urlsplit(page.url).path.removeprefix("/cart/")
    with services.database.writing() as session:
        now = services.clock.now()
        producer = make_person(session, name="Ines", now=now)
        gone = make_track(
            session,
            producer,
            title="A title that is long enough to need a second line",
            created_at=now,
            published_at=now,
        )
        lease = license_types_of(session, producer)[0]
        put = {"placement_token": None, "session_token": None, "services": services, "now": now}
        put_in_cart(session, token, track_id=gone.id, license_type_id=lease.id, **put)
        gone.sold_exclusively_at = now
        other = put_in_cart(
            session,
            None,
            track_id=stage.track_ids[1],
            license_type_id=offered(session, stage.track_ids[1]),
            **put,
        ).token
    page.goto(f"{stage.site.url}/cart/{token}")
    expect(page.get_by_text("It is not part of this order")).to_be_visible()
    assert audit(page) == []
    assert sideways(page) == 0
    page.goto(f"{stage.site.url}/cart/{other}")
    expect(page.get_by_role("button", name="Put all into this one")).to_be_visible()
    assert audit(page) == []
    assert sideways(page) == 0


def offered(session: Session, track_id: str) -> str:
    """A license type that the track is offered under."""
    return license_choices(session, [track_id])[0][1].id
