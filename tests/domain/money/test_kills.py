"""kill -9 at each named step, then a restart: the work is finished once, nothing is lost or doubled."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from flexapp.catalog.models import Track
from flexapp.kernel import steps
from flexapp.kernel.clock import FixedClock
from flexapp.ledger import book
from flexapp.licensing.models import License, Reservation
from flexapp.notices.models import MailLog
from flexapp.orders.models import Order, OrderItem, OrderState
from flexapp.worker.runtime import Worker
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.services import Services
from tests.domain.money import victim
from tests.factories import orders as make
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_license_types, make_track
from tests.factories.payments import pay_with_4242
from tests.factories.people import make_person

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
POSTGRES = pytest.mark.postgres
KILLS = 10  #: at random moments, on each database
BUYING = (
    "checkout.reserved",
    "checkout.placed",
    "checkout.committed",
    "checkout.created",
    "checkout.saved",
    "complete.retrieved",
    "complete.locked",
    "complete.booked",
    "complete.committed",
)

# Every step on SQLite; on PostgreSQL those around a commit.
STEPS = [("sqlite", step) for step in BUYING] + [
    pytest.param("postgres", step, marks=POSTGRES)
    for step in ("checkout.placed", "checkout.created", "complete.booked", "complete.committed")
]


class Victims:
    """The process that forks victims, one at a time: see ``victim.py``."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "errors"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.domain.money.victim"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def begin(self, told: dict[str, Any]) -> int:
        """Start one and wait until it is about to begin; its pid."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        return self._read()

    def end(self) -> int:
        """Wait for it; minus its signal, or its code."""
        return self._read()

    def errors(self) -> str:
        """What victims said of their failures."""
        return self._log.read_text()

    def stop(self) -> None:
        self._process.communicate(timeout=60)

    def _read(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline() or self.errors())


@pytest.fixture(scope="module")
def victims(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victims]:
    victims = Victims(tmp_path_factory.mktemp("victims"))
    yield victims
    victims.stop()


class Shop:
    """An exclusive for sale through an affiliate's app, on the stand-in for Stripe."""

    def __init__(self, services: Services, clock: FixedClock, victims: Victims) -> None:
        self.victims = victims
        self.services = services
        self.clock = clock
        with services.database.writing() as session:
            producer, affiliate = make_person(session), make_person(session)
            *_, self.exclusive = make_license_types(session, producer)
            self.track: Track = make_track(session, producer)
            app = make_app(session, affiliate, picks=(self.track,))
            self.key = make_placement(session, app, services.signer).key

    def told(self, verb: str, *, kill_at: str = "", **arguments: Any) -> dict[str, Any]:
        """What a victim is told to do."""
        given = self.services.settings
        return {
            "settings": {
                "env": "development",
                "home": str(given.home),
                "database_url": given.database_url,
                "objects_url": given.objects_url,
                "stripe_api_base": given.stripe_api_base,
            },
            "now": self.clock.now().isoformat(),
            "verb": verb,
            "arguments": arguments,
            "kill_at": kill_at,
        }

    def kill(self, verb: str, *, at: str, **arguments: Any) -> None:
        """Run the verb until it is killed at the step."""
        self.victims.begin(self.told(verb, kill_at=at, **arguments))
        assert self.victims.end() == -signal.SIGKILL, self.victims.errors()

    def purchase(self) -> dict[str, Any]:
        """What a buyer is told."""
        return self.told("buy", track_id=self.track.id, license_type_id=self.exclusive.id, key=self.key)

    def is_killed_buying(self, *, after: float) -> bool:
        """Let a buyer buy and kill them after so many seconds; False when they were done by then."""
        pid = self.victims.begin(self.purchase())
        time.sleep(after)
        with contextlib.suppress(ProcessLookupError):  # done already
            os.kill(pid, signal.SIGKILL)
        return self.victims.end() == -signal.SIGKILL

    def buy_here(self) -> None:
        """The buyer tries again, with the same form; what is paid already is not paid again."""
        with contextlib.suppress(Exception):  # already paid: the rest of the way decides
            victim.buy(self.services, self.track.id, self.exclusive.id, self.key)
        complete_order(self.services, self.order().id)

    def order(self) -> Order:
        with self.services.database.reading() as session:
            mine = select(OrderItem.order_id).where(OrderItem.track_id == self.track.id)
            return session.scalars(select(Order).where(Order.id.in_(mine))).one()

    def work(self) -> None:
        Worker(self.services).run_once()

    def check_sold_once(self) -> None:
        order = self.order()
        assert order.state is OrderState.PAID
        make.check_books(self.services)
        assert make.reservations(self.services) == []
        with self.services.database.reading() as session:
            licenses = select(func.count()).where(License.order_id == order.id)
            assert session.scalar(licenses) == 1
            sold = session.scalar(select(func.count()).select_from(License)) or 0
            assert book.balance(session, "revenue:fee", currency="usd") == -4990 * sold
            mails = select(func.count()).where(MailLog.key == f"order.receipt:{order.id}")
            assert session.scalar(mails) == 1


@pytest.fixture
def shop(services: Services, clock: FixedClock, victims: Victims) -> Shop:
    return Shop(services, clock, victims)


def is_paid_at(step: str) -> bool:
    return step.startswith("complete.")


@pytest.mark.parametrize(("database_url", "step"), STEPS, indirect=["database_url"])
def test_a_purchase_killed_at_any_step_ends_in_one_license(shop: Shop, step: str) -> None:
    shop.kill("buy", at=step, track_id=shop.track.id, license_type_id=shop.exclusive.id, key=shop.key)
    make.check_books(shop.services)
    if is_paid_at(step):  # Nobody has to come back: the sweep finds the payment.
        shop.clock.advance(timedelta(minutes=37))
        shop.work()
    else:
        shop.buy_here()
    shop.work()
    shop.check_sold_once()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_purchase_killed_and_given_up_frees_the_track(shop: Shop) -> None:
    shop.kill(
        "buy",
        at="checkout.created",
        track_id=shop.track.id,
        license_type_id=shop.exclusive.id,
        key=shop.key,
    )
    assert make.reservations(shop.services) == [shop.track.id]
    shop.clock.advance(timedelta(minutes=37))
    shop.work()
    assert make.reservations(shop.services) == []
    assert shop.order().state is OrderState.EXPIRED


def paid_order(shop: Shop) -> Order:
    order = make.order(shop.services, shop.track, shop.exclusive, key=shop.key)
    pay_with_4242(order.checkout_url or "")
    complete_order(shop.services, order.id)
    return make.reload(shop.services, order.id)


@pytest.mark.parametrize(
    ("database_url", "step"),
    [
        ("sqlite", "refund.retrieved"),
        ("sqlite", "refund.booked"),
        ("sqlite", "refund.committed"),
        pytest.param("postgres", "refund.booked", marks=POSTGRES),
    ],
    indirect=["database_url"],
)
def test_a_refund_killed_at_any_step_is_booked_once(shop: Shop, step: str) -> None:
    order = paid_order(shop)
    shop.services.payments.refund(charge_id=order.charge_id or "", key="operator", amount=10000)
    shop.kill("refund_order", at=step, order_id=order.id)
    make.check_books(shop.services)
    victim.refund_order(shop.services, order.id)
    assert make.reload(shop.services, order.id).refunded == 10000
    make.check_books(shop.services)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("step", ["expire.asked", "expire.released", "expire.committed"])
def test_an_expiry_killed_at_any_step_frees_the_track(shop: Shop, step: str) -> None:
    order = make.order(shop.services, shop.track, shop.exclusive)
    shop.clock.advance(timedelta(minutes=37))
    shop.kill("expire_checkout", at=step, order_id=order.id)
    shop.work()
    assert make.reservations(shop.services) == []
    assert make.reload(shop.services, order.id).state is OrderState.EXPIRED


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("step", ["conflict.refunded", "refund.booked"])
def test_the_refund_of_a_loser_killed_at_any_step_is_made_once(shop: Shop, step: str) -> None:
    def give_way(name: str, facts: dict[str, Any]) -> None:
        if name == "checkout.reserved":
            facts["session"].execute(delete(Reservation))

    before = steps.install(give_way)
    loser = make.order(shop.services, shop.track, shop.exclusive)
    steps.install(before)
    pay_with_4242(loser.checkout_url or "")
    paid_order(shop)
    complete_order(shop.services, loser.id)
    shop.kill("refund_conflict", at=step, order_id=loser.id)
    shop.work()
    after = make.reload(shop.services, loser.id)
    assert (after.state, after.refunded) == (OrderState.REFUNDED, after.total)
    assert len(shop.services.payments.refunds_of(after.charge_id or "")) == 1
    make.check_books(shop.services)


def test_purchases_killed_at_random_moments_end_in_one_license_each(
    services: Services, clock: FixedClock, victims: Victims
) -> None:
    """Ten on each database, each with a track of its own, anywhere in the time that a purchase takes."""
    dice = random.Random(7)
    undisturbed = Shop(services, clock, victims)
    victims.begin(undisturbed.purchase())
    began = time.monotonic()
    assert victims.end() == 0, victims.errors()
    lasting = time.monotonic() - began
    kills = 0
    for _ in range(4 * KILLS):
        shop = Shop(services, clock, victims)
        if shop.is_killed_buying(after=dice.random() * lasting):
            kills += 1
        else:
            lasting *= 0.9  # a busy machine made the first one long
        make.check_books(services)
        shop.buy_here()
        shop.work()
        shop.check_sold_once()
        if kills == KILLS:
            return
    pytest.fail(f"only {kills} victims were killed in time")
