"""A buyer at the stand-in's Checkout page, without a browser: the same form, the same clicks."""

from __future__ import annotations

from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urljoin

import requests

from flexapp.gateways.ports import Checkout, CheckoutLine, Payments
from flexapp.kernel.clock import FixedClock

PAYS = "4242 4242 4242 4242"
DECLINES = "4000 0000 0000 0002"
ASKS = "4000 0027 6000 3184"


def pay(url: str, card: str = PAYS, **typed: str) -> requests.Response:
    """Fill in the page and press Pay; the answer is the page again or a redirect, not followed."""
    form = {"email": "ada@example.com", "card": card, "expiry": "12 / 34", "cvc": "123", "name": "Ada Buyer"}
    return requests.post(url, {**form, **typed}, allow_redirects=False, timeout=20)


def answer_challenge(url: str, *, is_passed: bool) -> requests.Response:
    """Press a button of the 3-D Secure page."""
    result = "complete" if is_passed else "fail"
    return requests.post(f"{url}/authenticate", {"result": result}, allow_redirects=False, timeout=20)


def press(base: str, path: str, **form: str) -> requests.Response:
    """Press a button of the stand-in's dashboard and see where it leads."""
    return requests.post(urljoin(base, path), form, timeout=20)


def opened(payments: Payments, clock: FixedClock, *, order: str = "ord_1", attempt: int = 1) -> Checkout:
    return payments.create_checkout(
        order_id=order,
        attempt=attempt,
        lines=[CheckoutLine("Night drive", "Premium lease", 6500), CheckoutLine("Harbor", "", 2999)],
        currency="usd",
        buyer_email="ada@example.com",
        success_url="http://127.0.0.1:9/orders/tok?session={CHECKOUT_SESSION_ID}",
        cancel_url="http://127.0.0.1:9/buy/night-drive",
        expires_at=clock.now() + timedelta(minutes=31),
    )


def paid(payments: Payments, clock: FixedClock, **options: Any) -> Checkout:
    checkout = opened(payments, clock, **options)
    assert checkout.url
    assert pay(checkout.url).status_code == 303
    return payments.retrieve_checkout(checkout.id)


class Receiver(ThreadingHTTPServer):
    """Takes webhooks, and fails the first ``failures`` of them."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.failures = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.failures > 0:
                    receiver.failures -= 1
                    self.send_response(500)
                else:
                    receiver.taken.append((self.headers["Stripe-Signature"], body))
                    self.send_response(200)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
