"""The stand-in's pages in a real browser: a buyer pays, a bank asks, an operator refunds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from flexapp.config import Settings
from flexapp.gateways.ports import Checkout, CheckoutLine, Payments
from flexapp.gateways.stripe import payments_from
from flexapp.kernel.clock import FixedClock
from flexapp.localstripe.server import Server
from tests.browser.conftest import audit, sideways

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def payments(tmp_path: Path, localstripe: Server) -> Payments:
    return payments_from(Settings(home=tmp_path, stripe_api_base=localstripe.url))


@pytest.fixture
def checkout(payments: Payments, clock: FixedClock, localstripe: Server) -> Checkout:
    return payments.create_checkout(
        order_id="ord_1",
        attempt=1,
        lines=[CheckoutLine("Night drive, premium lease", "MP3 and WAV", 6500)],
        currency="usd",
        buyer_email="ada@example.com",
        success_url=f"{localstripe.url}/?bought={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{localstripe.url}/?canceled",
        expires_at=clock.now() + timedelta(minutes=31),
    )


def fill(page: Page, card: str) -> None:
    page.get_by_label("Card number").fill(card)
    page.get_by_label("Expiry").fill("12 / 34")
    page.get_by_label("CVC").fill("123")
    page.get_by_label("Name on card").fill("Ada Buyer")
    page.get_by_role("button", name="Pay $65.00").click()


def test_a_declined_card_says_so_and_the_next_one_pays(
    page: Page, checkout: Checkout, payments: Payments
) -> None:
    page.goto(str(checkout.url))
    expect(page.get_by_label("E-mail")).to_have_value("ada@example.com")
    expect(page.get_by_text("This is not Stripe.")).to_be_visible()
    fill(page, "4000 0000 0000 0002")
    expect(page.get_by_role("alert")).to_have_text("Your card was declined.")
    assert audit(page) == []
    fill(page, "4242 4242 4242 4242")
    page.wait_for_url(f"**/?bought={checkout.id}")
    assert payments.retrieve_checkout(checkout.id).payment
    page.goto(str(checkout.url))
    expect(page.get_by_role("heading", name="You have paid")).to_be_visible()


def test_a_bank_that_asks_is_answered_on_a_page_of_its_own(
    page: Page, checkout: Checkout, payments: Payments
) -> None:
    page.goto(str(checkout.url))
    fill(page, "4000 0027 6000 3184")
    assert audit(page) == []
    page.get_by_role("button", name="Fail authentication").click()
    expect(page.get_by_role("alert")).to_contain_text("unable to authenticate")
    fill(page, "4000 0025 0000 3155")
    page.get_by_role("button", name="Complete authentication").click()
    page.wait_for_url(f"**/?bought={checkout.id}")
    assert payments.retrieve_checkout(checkout.id).payment


def test_the_way_back_leads_to_the_shop(page: Page, checkout: Checkout) -> None:
    page.goto(str(checkout.url))
    page.get_by_role("link", name="Back to the beat").click()
    page.wait_for_url("**/?canceled")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_an_operator_refunds_and_moves_the_clock(
    page: Page, checkout: Checkout, payments: Payments, localstripe: Server, scheme: str, width: int
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(str(checkout.url))
    assert sideways(page) == 0
    assert audit(page) == []
    fill(page, "4242 4242 4242 4242")
    page.wait_for_url("**/?bought=*")
    page.locator("[data-order=ord_1] summary").click()
    page.get_by_label("Amount").fill("15.00")
    page.get_by_label("Reason").select_option("requested_by_customer")
    page.get_by_role("button", name="Refund", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Refunded.")
    expect(page.get_by_text("partly refunded")).to_be_visible()
    page.get_by_label("Days forward").fill("3")
    page.get_by_role("button", name="Advance").click()
    expect(page.get_by_role("status")).to_have_text("The clock was moved.")
    assert sideways(page) == 0
    assert audit(page) == []
    payment = payments.retrieve_checkout(checkout.id).payment
    assert payment
    assert [refund.amount for refund in payments.refunds_of(payment.charge_id)] == [1500]
