"""A payment processor of a few lines, for races and walks: what it was told, it remembers."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import requests

from flexapp.errors import Invalid, Upstream
from flexapp.gateways.ports import (
    Checkout,
    CheckoutLine,
    CheckoutStatus,
    EventFacts,
    PaymentFacts,
    PaymentRefused,
    RefundFacts,
)
from flexapp.kernel.clock import Clock


@dataclass
class MemoryPayments:
    """In one process, idempotent by key; ``events`` are (type, object id, charge id) as they happened."""

    clock: Clock
    checkouts: dict[str, Checkout] = field(default_factory=dict)
    refunds: dict[str, list[RefundFacts]] = field(default_factory=dict)
    events: list[tuple[str, str, str]] = field(default_factory=list)
    is_down: bool = False
    refuses_refunds: bool = False  #: definitely, as without a balance; remembered by key

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._keys: dict[str, str] = {}
        self._refund_keys: dict[str, RefundFacts] = {}
        self.refused_keys: list[str] = []
        self._count = itertools.count(1)

    # what a buyer or an operator does

    def pay(self, checkout_id: str, *, fee: int | None = None) -> bool:
        """The buyer pays; False when the checkout is over."""
        with self._lock:
            checkout = self.checkouts[checkout_id]
            if checkout.status is not CheckoutStatus.OPEN or checkout.expires_at <= self.clock.now():
                return False
            number = next(self._count)
            amount = self._totals[checkout_id]
            payment = PaymentFacts(
                f"pi_{number}",
                f"ch_{number}",
                f"txn_{number}",
                amount,
                fee if fee is not None else amount * 29 // 1000 + 30,
                self._currencies[checkout_id],
            )
            self.checkouts[checkout_id] = replace(
                checkout, status=CheckoutStatus.COMPLETE, payment=payment, url=None
            )
            self.refunds[payment.charge_id] = []
            self.events.append(("payment_intent.succeeded", payment.payment_intent_id, payment.charge_id))
            self.events.append(("checkout.session.completed", checkout_id, payment.charge_id))
            return True

    def time_out(self, checkout_id: str) -> None:
        """Its time is over at the processor."""
        with self._lock:
            if self.checkouts[checkout_id].status is CheckoutStatus.OPEN:
                self._expire(checkout_id)

    def fail_refund(self, refund_id: str) -> None:
        """A refund that looked settled comes back."""
        with self._lock:
            for charge_id, refunds in self.refunds.items():
                for place, one in enumerate(refunds):
                    if one.id == refund_id:
                        refunds[place] = replace(one, status="failed")
                        self.events.append(("refund.failed", refund_id, charge_id))

    # the port

    _totals: dict[str, int] = field(default_factory=dict)
    _currencies: dict[str, str] = field(default_factory=dict)

    def create_checkout(
        self,
        *,
        order_id: str,
        attempt: int,
        lines: Sequence[CheckoutLine],
        currency: str,
        buyer_email: str,
        success_url: str,
        cancel_url: str,
        expires_at: datetime,
    ) -> Checkout:
        self._up()
        with self._lock:
            key = f"cs:{order_id}:{attempt}"
            if key in self._keys:
                return self.checkouts[self._keys[key]]
            if (expires_at - self.clock.now()).total_seconds() < 30 * 60:
                raise Upstream("expires_at must be at least 30 minutes from now")
            checkout_id = f"cs_{next(self._count)}"
            checkout = Checkout(
                checkout_id, f"https://pay.example/{checkout_id}", CheckoutStatus.OPEN, order_id, expires_at
            )
            self._keys[key] = checkout_id
            self.checkouts[checkout_id] = checkout
            self._totals[checkout_id] = sum(line.amount for line in lines)
            self._currencies[checkout_id] = currency
            return checkout

    def retrieve_checkout(self, checkout_id: str) -> Checkout:
        self._up()
        with self._lock:
            checkout = self.checkouts[checkout_id]
            if checkout.status is CheckoutStatus.OPEN and checkout.expires_at <= self.clock.now():
                self._expire(checkout_id)
            return self.checkouts[checkout_id]

    def expire_checkout(self, checkout_id: str) -> Checkout:
        self._up()
        with self._lock:
            if self.checkouts[checkout_id].status is CheckoutStatus.OPEN:
                self._expire(checkout_id)
            return self.checkouts[checkout_id]

    def checkout_of_payment(self, payment_intent_id: str) -> Checkout | None:
        self._up()
        with self._lock:
            for checkout in self.checkouts.values():
                if checkout.payment and checkout.payment.payment_intent_id == payment_intent_id:
                    return checkout
            return None

    def refund(
        self, *, charge_id: str, key: str, amount: int | None = None, metadata: dict[str, str] | None = None
    ) -> RefundFacts:
        self._up()
        with self._lock:
            if key in self._refund_keys:
                return self._refund_keys[key]
            if key in self.refused_keys or self.refuses_refunds:
                self.refused_keys.append(key)
                raise PaymentRefused("the balance does not suffice")
            payment = self.payment_of_charge(charge_id)
            left = payment.amount - sum(
                one.amount for one in self.refunds[charge_id] if one.status != "failed"
            )
            if left <= 0 or (amount or left) > left:
                raise PaymentRefused("nothing is left to refund")
            number = next(self._count)
            facts = RefundFacts(
                id=f"re_{number}",
                charge_id=charge_id,
                amount=amount or left,
                currency=payment.currency,
                status="succeeded",
                created_at=self.clock.now(),
                balance_transaction_id=f"txn_{number}",
                metadata=metadata or {},
            )
            self._refund_keys[key] = facts
            self.refunds[charge_id].append(facts)
            self.events.append(("refund.created", facts.id, charge_id))
            self.events.append(("charge.refunded", charge_id, charge_id))
            return facts

    def refunds_of(self, charge_id: str) -> list[RefundFacts]:
        self._up()
        with self._lock:
            return list(self.refunds[charge_id])

    def payment_of_charge(self, charge_id: str) -> PaymentFacts:
        self._up()
        with self._lock:
            for checkout in self.checkouts.values():
                if checkout.payment and checkout.payment.charge_id == charge_id:
                    return checkout.payment
        raise Upstream(f"no such charge: {charge_id}")

    def read_event(self, payload: bytes, signature: str) -> EventFacts:
        raise Invalid("this processor sends no webhooks")

    @property
    def balance(self) -> int:
        """What it holds for us: paid, less fees and refunds."""
        with self._lock:
            paid = sum(one.payment.amount - one.payment.fee for one in self.checkouts.values() if one.payment)
            back = sum(
                one.amount
                for refunds in self.refunds.values()
                for one in refunds
                if one.status == "succeeded"
            )
            return paid - back

    def _expire(self, checkout_id: str) -> None:
        self.checkouts[checkout_id] = replace(
            self.checkouts[checkout_id], status=CheckoutStatus.EXPIRED, url=None
        )
        self.events.append(("checkout.session.expired", checkout_id, ""))

    def _up(self) -> None:
        if self.is_down:
            raise Upstream("the processor does not answer")


def pay_with_4242(url: str) -> str:
    """Pay on the stand-in's Checkout page; returns where it sends the buyer."""
    form = {
        "card": "4242424242424242",
        "expiry": "12/34",
        "cvc": "123",
        "name": "Ana Buyer",
        "email": "ana@mail.example",
    }
    answer = requests.post(url, data=form, allow_redirects=False, timeout=10)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]
