"""What the product asks of the outside world; gateways answer it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from flexapp.errors import Upstream

WATCHED_EVENTS = (
    "checkout.session.completed",
    "checkout.session.expired",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "payment_intent.succeeded",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
)
"""Event types that the processor is asked to send: each is handled."""


class PaymentRefused(Upstream):
    """The processor answered that it will not do this; the same call will be refused again."""

    code = "payment_refused"


class CheckoutStatus(StrEnum):
    """How a checkout stands at the processor."""

    OPEN = "open"  #: the buyer may still pay
    COMPLETE = "complete"  #: the buyer finished
    EXPIRED = "expired"  #: nobody can pay it any more


@dataclass(frozen=True)
class CheckoutLine:
    """One line of a checkout; ``amount`` in minor units."""

    name: str
    description: str
    amount: int


@dataclass(frozen=True)
class PaymentFacts:
    """A payment that succeeded; amounts in minor units, ``fee`` is the processor's."""

    payment_intent_id: str
    charge_id: str
    balance_transaction_id: str
    amount: int
    fee: int
    currency: str


@dataclass(frozen=True)
class Checkout:
    """A hosted checkout; ``payment`` is there once it is paid."""

    id: str
    url: str | None
    status: CheckoutStatus
    order_id: str
    expires_at: datetime
    payment: PaymentFacts | None = None


@dataclass(frozen=True)
class RefundFacts:
    """A refund at the processor; ``status`` is pending, succeeded, failed, canceled or requires_action."""

    id: str
    charge_id: str
    amount: int
    currency: str
    status: str
    created_at: datetime
    balance_transaction_id: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EventFacts:
    """A verified webhook: which object changed, and what the processor sent."""

    id: str
    type: str
    object_id: str
    payload: dict[str, Any]


class Payments(Protocol):
    """The payment processor. Every call may raise ``errors.Upstream``; all are idempotent by key."""

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
        """Open a hosted checkout; the same order and attempt return the same one."""
        ...

    def retrieve_checkout(self, checkout_id: str) -> Checkout:
        """The checkout as it stands now."""
        ...

    def expire_checkout(self, checkout_id: str) -> Checkout:
        """Close it if it is open; returns how it stands afterwards (it may be complete)."""
        ...

    def checkout_of_payment(self, payment_intent_id: str) -> Checkout | None:
        """The checkout that a payment intent belongs to."""
        ...

    def refund(
        self, *, charge_id: str, key: str, amount: int | None = None, metadata: dict[str, str] | None = None
    ) -> RefundFacts:
        """Give back ``amount`` minor units, or all that remains; idempotent by ``key``.

        Raises PaymentRefused when it is definitely not done, for the key for good.
        """
        ...

    def refunds_of(self, charge_id: str) -> list[RefundFacts]:
        """Every refund of a charge, oldest first."""
        ...

    def payment_of_charge(self, charge_id: str) -> PaymentFacts:
        """The facts of the payment a charge belongs to."""
        ...

    def undelivered_events(self, *, since: datetime) -> list[EventFacts]:
        """Watched events since a moment that did not arrive everywhere, oldest first."""
        ...

    def read_event(self, payload: bytes, signature: str) -> EventFacts:
        """Verify a webhook's raw body; raises ``errors.Invalid`` when it is not the processor's."""
        ...

    def check(self) -> None:
        """Ask the processor something harmless; raises ``errors.Upstream`` with the reason."""
        ...


class Objects(Protocol):
    """Files by key: media, deliverables, covers."""

    def put_file(self, key: str, path: Path, *, content_type: str) -> None:
        """Store a file whole or not at all."""
        ...

    def put_bytes(self, key: str, data: bytes, *, content_type: str) -> None:
        """Store a small object."""
        ...

    def size(self, key: str) -> int:
        """Bytes of the object; raises ``errors.NotFound``."""
        ...

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` in slices of at most 1 MiB."""
        ...

    def fetch_to(self, key: str, path: Path) -> None:
        """Copy the object to a local file."""
        ...

    def delete(self, key: str) -> None:
        """Remove it; a missing one is no error."""
        ...

    def check(self) -> None:
        """Write, read and delete a probe; raises ``errors.Upstream`` with the reason."""
        ...


@dataclass(frozen=True)
class Mail:
    """A mail to one person."""

    recipient: str
    subject: str
    text: str
    html: str = ""
    key: str = ""


class Mailer(Protocol):
    """Sends mail."""

    def send(self, mail: Mail) -> None:
        """Hand it to the mail server; raises ``errors.Upstream``."""
        ...


class Countries(Protocol):
    """Knows in which country a network address is used."""

    def country_of(self, address: str) -> str:
        """ISO 3166-1's two letters; empty when it is not known."""
        ...


class Networks(Protocol):
    """Knows to which autonomous system a network address belongs."""

    def number_of(self, address: str) -> int:
        """The system's number; 0 when it is not known."""
        ...


class NoNetworks:
    """Knows none: where no data is at hand."""

    def number_of(self, address: str) -> int:
        """Always 0."""
        return 0


class NoCountries:
    """Knows none: where no data is at hand."""

    def country_of(self, address: str) -> str:
        """Always empty."""
        return ""
