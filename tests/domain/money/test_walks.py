"""Random walks over everything that happens to money; the invariants hold after each and at rest."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from flexapp.catalog.models import Track
from flexapp.errors import Conflict, TooMany, Upstream
from flexapp.gateways.ports import CheckoutStatus
from flexapp.ledger import book
from flexapp.ledger.models import JournalEntry
from flexapp.licensing.models import ExclusiveSale
from flexapp.orders.models import Order, OrderItem, OrderState
from flexapp.worker.runtime import Worker
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.expire_checkout import expire_checkout
from tests.domain.money.conftest import Market
from tests.factories import orders as make
from tests.factories.catalog import make_track

pytestmark = pytest.mark.slow
STEPS = 45


class Walk:
    """One walk; every choice comes from its seed."""

    def __init__(self, market: Market, seed: int) -> None:
        self.market = market
        self.dice = random.Random(seed)
        self.delivered = 0
        with market.database.writing() as session:
            self.tracks: list[Track] = [
                market.track,
                market.other,
                *(make_track(session, market.producer) for _ in range(3)),
            ]

    def go(self) -> None:
        moves: list[tuple[int, Callable[[], None]]] = [
            (6, self.buy),
            (6, self.pay),
            (4, self.look),
            (8, self.event),
            (4, self.refund),
            (1, self.fail_refund),
            (1, self.outage),
            (2, self.expire),
            (2, self.pass_time),
            (3, self.work),
        ]
        weights = [weight for weight, _ in moves]
        for number in range(STEPS):
            (move,) = self.dice.choices([move for _, move in moves], weights)
            move()
            if number % 5 == 0:
                make.check_books(self.market.services)
        self.rest()

    def buy(self) -> None:
        market = self.market
        track = self.dice.choice(self.tracks)
        license_type = self.dice.choice(
            [market.basic, market.premium, market.trackout, market.exclusive, market.exclusive]
        )
        key = self.dice.choice([None, market.affiliate_key, market.own_key])
        with contextlib.suppress(Conflict, TooMany, ValueError):  # a sold track offers nothing to accept
            make.order(market.services, track, license_type, key=key)

    def pay(self) -> None:
        open_ = [
            one.id for one in self.market.payments.checkouts.values() if one.status is CheckoutStatus.OPEN
        ]
        if open_:
            self.market.payments.pay(self.dice.choice(open_))

    def look(self) -> None:
        if orders := self.orders():
            complete_order(self.market.services, self.dice.choice(orders).id)

    def event(self) -> None:
        if events := self.market.payments.events:
            for _ in range(self.dice.randint(1, 3)):
                make.deliver(self.market.services, *self.dice.choice(events))

    def refund(self) -> None:
        charges = list(self.market.payments.refunds)
        if not charges:
            return
        charge = self.dice.choice(charges)
        left = self.market.payments.payment_of_charge(charge).amount - sum(
            one.amount for one in self.market.payments.refunds[charge] if one.status != "failed"
        )
        if left > 0:
            amount = None if self.dice.random() < 0.3 else self.dice.randint(1, left)
            key = f"walk-{self.dice.random()}"
            self.market.payments.refund(charge_id=charge, key=key, amount=amount)

    def fail_refund(self) -> None:
        settled = [
            one.id
            for refunds in self.market.payments.refunds.values()
            for one in refunds
            if one.status == "succeeded" and not one.metadata and self.is_operators(one.id)
        ]
        if settled:
            self.market.payments.fail_refund(self.dice.choice(settled))

    def is_operators(self, refund_id: str) -> bool:
        """A refund of ours must not fail here: a human would have to look at it."""
        keys = self.market.payments._refund_keys
        return any(facts.id == refund_id and key.startswith("walk") for key, facts in keys.items())

    def outage(self) -> None:
        self.market.payments.is_down = True
        try:
            self.look()
        except Upstream:
            pass
        finally:
            self.market.payments.is_down = False

    def expire(self) -> None:
        if orders := self.orders():
            early = self.dice.random() < 0.5
            expire_checkout(self.market.services, self.dice.choice(orders).id, early=early)

    def pass_time(self) -> None:
        self.market.clock.advance(timedelta(minutes=self.dice.choice([3, 20, 40, 60 * 24 * 3])))

    def work(self) -> None:
        Worker(self.market.services).run_once()

    def orders(self) -> list[Order]:
        with self.market.database.reading() as session:
            return list(session.scalars(select(Order)))

    def rest(self) -> None:
        """Everything arrives, all time runs out, all work is done: nothing may be left hanging."""
        services, payments = self.market.services, self.market.payments
        self.market.clock.advance(timedelta(hours=2))
        for order in self.orders():
            if order.state is OrderState.OPEN and order.checkout_session_id:
                payments.retrieve_checkout(order.checkout_session_id)
        events = payments.events * 3
        self.dice.shuffle(events)
        for event in events:
            make.deliver(services, *event)
        for _ in range(3):
            self.work()
        self.market.clock.advance(timedelta(days=8))
        self.work()
        make.check_books(services)
        assert make.reservations(services) == []
        left = {order.state for order in self.orders()}
        assert left <= {
            OrderState.PAID,
            OrderState.EXPIRED,
            OrderState.REFUNDED,
            OrderState.PARTLY_REFUNDED,
        }
        with services.database.reading() as session:
            assert book.balance(session, "stripe", currency="usd") == payments.balance
            assert book.balance(session, "suspense", currency="usd") == 0
            sold = select(OrderItem.track_id).join(ExclusiveSale, ExclusiveSale.order_item_id == OrderItem.id)
            assert len(list(session.scalars(sold))) == len(set(session.scalars(sold)))
            failed = sum(one.status == "failed" for refunds in payments.refunds.values() for one in refunds)
            entries = len(list(session.scalars(select(JournalEntry.id))))
            refunds = sum(len(refunds) for refunds in payments.refunds.values())
            assert len(payments.refunds) + refunds <= entries + failed
            assert entries <= len(payments.refunds) + refunds + failed


@pytest.mark.parametrize("seed", range(4))
def test_a_random_walk_keeps_the_books(market: Market, seed: int) -> None:
    Walk(market, seed).go()


@pytest.mark.parametrize("seed", range(3))
def test_every_event_three_times_in_any_order_gives_the_same_books(market: Market, seed: int) -> None:
    services, payments = market.services, market.payments
    keys = (None, market.affiliate_key, market.own_key)
    orders = [make.order(services, market.track, market.premium, key=key) for key in keys]
    orders.append(make.order(services, market.other, market.exclusive, key=market.affiliate_key))
    for order in orders:
        assert payments.pay(order.checkout_session_id or "")
    charges = list(payments.refunds)
    payments.refund(charge_id=charges[0], key="a", amount=1234)
    payments.refund(charge_id=charges[1], key="b")
    payments.refund(charge_id=charges[0], key="c", amount=77)
    market.clock.advance(timedelta(seconds=5))
    events = payments.events * 3
    random.Random(seed).shuffle(events)
    for event in events:
        make.deliver(services, *event)
    Worker(services).run_once()
    with services.database.reading() as session:
        balances = book.balances(session, currency="usd")
        entries = len(list(session.scalars(select(JournalEntry.id))))
    assert entries == 4 + 3
    # Of the one without an app 13.11 went back, of it 75 % the producer's; the one through Mara's app whole.
    assert balances == {
        "stripe": payments.balance,
        "expense:stripe_fee": balances["expense:stripe_fee"],
        "revenue:fee": -(1625 - 328) - 650 - 4990,
        f"payable:{market.producer.id}": -(4875 - 983) - 5850 - 39920,
        f"payable:{market.affiliate.id}": -4990,
    }
    make.check_books(services)
