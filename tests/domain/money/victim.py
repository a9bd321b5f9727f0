"""Processes that are killed: each does one verb of money on the test's database and stand-in.

Told line by line, as JSON objects with ``settings`` (for Settings), ``now``, ``verb``, its
``arguments`` and ``kill_at``, the step at which SIGKILL ends it (or empty). This process has
imported everything; it opens nothing and forks for each line. The child says its pid when it is
about to begin, and this process how the child ended: minus its signal, or its code.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from datetime import datetime
from typing import Any

from sqlalchemy import text

from flexapp.catalog.models import LicenseType
from flexapp.catalog.queries import track_by_id
from flexapp.config import Settings
from flexapp.gateways.mail import mailer_from
from flexapp.gateways.objects import objects_from
from flexapp.gateways.stripe import payments_from
from flexapp.kernel import steps
from flexapp.kernel.clock import FixedClock
from flexapp.kernel.signing import Signer
from flexapp.storage.session import Database
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.expire_checkout import expire_checkout
from flexapp.workflows.open_checkout import start_checkout
from flexapp.workflows.order_cart import order_cart
from flexapp.workflows.refund_order import refund_conflict, refund_order
from flexapp.workflows.services import Services
from tests.factories import orders as make
from tests.factories.payments import pay_with_4242


def services_of(given: dict[str, Any], now: str) -> Services:
    settings = Settings(**given)
    database = Database(settings.database_url, pool_size=2)
    return Services(
        settings=settings,
        database=database,
        clock=FixedClock(datetime.fromisoformat(now)),
        signer=Signer(settings.secret_key),
        payments=payments_from(settings),
        objects=objects_from(settings),
        mailer=mailer_from(settings, database),
    )


def buy(services: Services, track_id: str, license_type_id: str, key: str | None) -> None:
    """Send the form, go to the checkout, pay with 4242, come back."""
    with services.database.reading() as session:
        track = track_by_id(session, track_id)
        license_type = session.get_one(LicenseType, license_type_id)
    assert track is not None
    order = make.order(
        services,
        track,
        license_type,
        key=key,
        nonce="the-form-of-this-buyer",
        buyer_email="ana@mail.example",
        buyer_name="Ana",
        address="198.51.100.9",
    )
    pay_with_4242(order.checkout_url or "")
    complete_order(services, order.id)


def buy_cart(services: Services, cart_token: str, seen: dict[str, Any]) -> None:
    """Check a cart out, pay with 4242, come back."""
    order_id = order_cart(
        services,
        cart_token,
        buyer_email="ana@mail.example",
        buyer_name="Ana",
        address="198.51.100.7",
        browser="hers",
        **seen,
    )
    pay_with_4242(start_checkout(services, order_id))
    complete_order(services, order_id)


VERBS = {
    "buy": buy,
    "buy_cart": buy_cart,
    "complete_order": complete_order,
    "refund_order": refund_order,
    "refund_conflict": refund_conflict,
    "expire_checkout": expire_checkout,
}


def be_victim(told: dict[str, Any]) -> int:
    try:
        try:
            services = services_of(told["settings"], told["now"])
            services.payments.check()
            with services.database.reading() as session:
                session.execute(text("SELECT 1"))
            steps._kill_at = told["kill_at"] or None
        finally:
            say(os.getpid())
        VERBS[told["verb"]](services, **told["arguments"])
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os._exit(be_victim(json.loads(line)))
        say(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
