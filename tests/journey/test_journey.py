"""One journey across two sites, on the demo as a new user starts it: play, buy, download, earn."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from flexapp_sdk import FlexApp, Money
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect

from tests.journey.conftest import Demo, start_demo

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FORMS = ("oembed", "iframe", "script", "element")
WAIT = 20_000


@pytest.mark.parametrize("form", FORMS)
def test_each_snippet_form_plays_real_audio_on_the_strangers_page(demo: Demo, page: Page, form: str) -> None:
    page.goto(f"{demo.papers['stranger_url']}/{form}")
    frame = player_in(page)
    frame.locator(".now .play").click()
    expect(frame.locator(".time .at")).not_to_have_text("0:00", timeout=WAIT)
    assert not page.context.cookies(demo.papers["base_url"])


def test_a_beat_heard_on_a_strangers_page_is_bought_delivered_and_credited(
    demo: Demo, browser: Browser, tmp_path: Path
) -> None:
    before = balances(demo)
    heard = plays_of(demo.sdk("Noa Fields"), demo.app("Noa Fields")["id"])
    with browser.new_context(accept_downloads=True) as context:
        page = context.new_page()
        page.goto(f"{demo.papers['stranger_url']}/iframe")
        frame = player_in(page)
        row = frame.locator("ol.rows li", has_text="Midnight Trap")
        row.locator("button.cue").click()
        expect(frame.locator(".time .at")).to_have_text("0:30", timeout=60_000)
        frame.locator(".now .play").click()
        paused = time.monotonic()
        order = buy(context, page, frame, row.locator("a.buy"))
        files = download_all(order, tmp_path)
        token = order.url.rstrip("/").split("/")[-1].split("?")[0]
    wanted = dict(
        demo.rows(
            "SELECT d.filename, d.sha256 FROM download d JOIN license l ON l.id = d.license_id"
            " JOIN purchase_order o ON o.id = l.order_id WHERE o.token = ?",
            token,
        )
    )
    assert len(files) == 2
    assert files == wanted
    made = {sha for (sha,) in demo.rows("SELECT sha256 FROM deliverable")}
    assert set(files.values()) <= made
    assert difference(demo, before) == {"Kaito Sounds": 4875, "Noa Fields": 650, "platform": 975}
    sold = next(iter(demo.sdk("Kaito Sounds").orders.list())).items[0]
    assert (sold.producer_amount, sold.affiliate_amount, sold.platform_amount) == (
        Money(4875, "usd"),
        Money(650, "usd"),
        Money(975, "usd"),
    )
    commission = next(iter(demo.sdk("Noa Fields").orders.list())).items[0]
    assert (commission.earned, commission.price) == (Money(650, "usd"), None)
    while plays_of(demo.sdk("Noa Fields"), demo.app("Noa Fields")["id"]) <= heard:
        assert time.monotonic() - paused < 60, "the play was not counted"
        time.sleep(0.2)


def test_through_the_own_app_the_producer_earns_commission_and_bonus(demo: Demo, browser: Browser) -> None:
    before = balances(demo)
    placement = next(one for one in demo.app("Kaito Sounds")["placements"] if one["form"] == "iframe")
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{demo.papers['base_url']}/embed/v1/{demo.app('Kaito Sounds')['id']}?k={placement['key']}")
        link = page.locator("ol.rows li", has_text="Midnight Trap").locator("a.buy")
        buy(context, page, page.main_frame, link)
    assert difference(demo, before) == {"Kaito Sounds": 5850, "platform": 650}


def test_without_an_app_the_producer_earns_the_share(demo: Demo, browser: Browser) -> None:
    before = balances(demo)
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{demo.papers['base_url']}/buy/midnight-trap")
        page.get_by_role("radio", name="Premium lease").check()
        pay(page)
    assert difference(demo, before) == {"Kaito Sounds": 4875, "platform": 1625}


def test_a_declined_card_buys_nothing_and_may_be_tried_again(demo: Demo, browser: Browser) -> None:
    before = balances(demo)
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{demo.papers['base_url']}/buy/dusty-corner")
        page.get_by_role("radio", name="Basic lease").check()
        fill_order(page)
        fill_card(page, "4000 0000 0000 0002")
        expect(page.get_by_role("alert").first).to_contain_text("declined")
        assert difference(demo, before) == {}
        fill_card(page, "4000 0000 0000 3155")
        page.locator("#complete-authentication").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you", timeout=WAIT)


def test_a_refund_in_stripes_dashboard_reverses_every_leg(demo: Demo, browser: Browser) -> None:
    before = balances(demo)
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{demo.papers['base_url']}/buy/midnight-trap")
        page.get_by_role("radio", name="Basic lease").check()
        pay(page)
        order = page.url
        assert difference(demo, before) == {"Kaito Sounds": 2129, "platform": 870}
        page.goto(demo.papers["localstripe_url"])
        charge = page.locator("#payments > li").first
        charge.locator("summary").click()
        charge.get_by_role("button", name="Refund").click()
        deadline = time.monotonic() + 20
        while difference(demo, before) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert difference(demo, before) == {}
        page.goto(order)
        expect(page.get_by_role("heading", level=1)).to_have_text("Your money went back")


def test_the_quickstart_does_the_producers_side(demo: Demo) -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, root / "sdk/examples/quickstart.py"],
        env=demo.environment,
        cwd=root,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "<iframe" in done.stdout


def test_a_second_start_keeps_the_state_and_ctrl_c_ends_all(demo: Demo) -> None:
    before = balances(demo)
    tokens = [person["api_token"] for person in demo.papers["people"]]
    assert demo.stop() == []
    again = start_demo(demo.home)
    try:
        assert [person["api_token"] for person in again.papers["people"]] == tokens
        assert balances(again) == before
    finally:
        assert again.stop(signal.SIGINT) == []
        demo.process, demo.papers = again.process, again.papers


def test_a_taken_port_and_a_folder_that_cannot_be_written_are_one_clear_line(tmp_path: Path) -> None:
    import socket

    flexapp = Path(sys.executable).parent / "flexapp"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        environment = dict(os.environ, FLEXAPP_HOME=str(tmp_path), FLEXAPP_PORT=port)
        done = subprocess.run([flexapp, "demo"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"Port {port} is taken" in done.stderr
    (tmp_path / "file").write_text("in the way")
    environment = dict(os.environ, FLEXAPP_HOME=str(tmp_path / "file" / "home"))
    done = subprocess.run([flexapp, "demo"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "Cannot write" in done.stderr


def player_in(page: Page) -> Frame:
    """The player's frame; a facade becomes one when it is near the viewport."""
    page.locator("figure").first.scroll_into_view_if_needed()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for frame in page.frames:
            if "/embed/v1/" in frame.url and frame.locator(".now .play").count():
                return frame
        page.wait_for_timeout(100)
    raise AssertionError(f"no player in {page.url}: {[frame.url for frame in page.frames]}")


def buy(context: BrowserContext, page: Page, frame: Frame, link: Any) -> Page:
    """From the player's license picker to the paid order, in the tab that it opens."""
    link.click()
    frame.get_by_role("radio", name="Premium lease").check()
    cta = frame.get_by_role("link", name="Buy ·")
    expect(cta).to_contain_text("$65.00")
    with context.expect_page() as opened:
        cta.click()
    shop = opened.value
    expect(shop.get_by_role("radio", name="Premium lease")).to_be_checked()
    pay(shop)
    return shop


def pay(page: Page) -> None:
    """The buy page, then the card."""
    fill_order(page)
    fill_card(page, "4242 4242 4242 4242")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you", timeout=WAIT)


def fill_order(page: Page) -> None:
    """Who buys, and that the terms are accepted."""
    page.get_by_label("E-mail").fill("ada@buyer.example")
    page.get_by_label("Name", exact=True).fill("Ada Buyer")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Go to payment").click()
    page.wait_for_url("**/c/pay/**")


def fill_card(page: Page, number: str) -> None:
    """The stand-in's page."""
    page.locator("#card").fill(number)
    page.locator("#expiry").fill("12 / 34")
    page.locator("#cvc").fill("123")
    page.locator("#name").fill("Ada Buyer")
    page.locator("#pay").click()


def download_all(page: Page, folder: Path) -> dict[str, str]:
    """Every file of the order: name and SHA-256."""
    found = {}
    for link in page.get_by_role("link", name="Download").all():
        with page.expect_download() as waiting:
            link.click()
        path = folder / waiting.value.suggested_filename
        waiting.value.save_as(path)
        found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def balances(demo: Demo) -> dict[str, int]:
    """What each payee has, pending and available, by the SDK, and the platform by its books."""
    found = {}
    for person in demo.papers["people"]:
        summary = demo.sdk(person["name"]).earnings.summary()
        found[person["name"]] = summary.pending.amount + summary.available.amount
    (platform,) = demo.rows("SELECT coalesce(-sum(amount), 0) FROM ledger_line WHERE account = 'revenue:fee'")
    return {**found, "platform": platform[0]}


def difference(demo: Demo, before: dict[str, int]) -> dict[str, int]:
    """Whose balance changed, by how many minor units."""
    return {name: now - before[name] for name, now in balances(demo).items() if now != before[name]}


def plays_of(sdk: FlexApp, app_id: str) -> int:
    """Counted plays of an app since yesterday."""
    return sdk.insights.plays(app_id=app_id, interval="total").plays
