"""Stripe behind the ``Payments`` port: the only file that imports its library.

Separate charges and transfers: a charge belongs to the platform, and names its order in
``client_reference_id``, ``metadata.order_id`` and ``transfer_group``.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import stripe
from stripe import StripeClient, WebhookSignature
from stripe.checkout import Session as CheckoutSession

from flexapp.config import STRIPE_API, Settings, StripeMode
from flexapp.errors import Invalid, NotFound, Upstream
from flexapp.gateways.ports import (
    WATCHED_EVENTS,
    Checkout,
    CheckoutLine,
    CheckoutStatus,
    EventFacts,
    PaymentFacts,
    PaymentRefused,
    Payments,
    RefundFacts,
)

T = TypeVar("T")

_TIMEOUT_SECONDS = (5.0, 20.0)  # to connect, to read
_RETRIES = 2
_TOLERANCE_SECONDS = 300
_PAYMENT = ["payment_intent.latest_charge.balance_transaction"]
_IN_USE = "idempotency_key_in_use"
_SECRET_FILE = "stripe_webhook_secret"  # noqa: S105

stripe.enable_telemetry = False
os.environ.setdefault("STRIPE_SUPPRESS_NOTICES", "true")


class PaymentsUnavailable(Upstream):
    """Stripe did not answer, or not as expected; the same call may succeed later."""

    code = "payments_unavailable"


class UnknownPayment(NotFound):
    """Stripe knows no such object."""

    code = "unknown_payment"


class BadSignature(Invalid):
    """A webhook that Stripe did not sign, or not within the last five minutes."""

    code = "bad_signature"


def payments_from(settings: Settings) -> Payments:
    """The payments that the settings name: Stripe itself or the stand-in."""
    return StripePayments(settings)


class StripePayments:
    """Calls Stripe with business keys; nothing here writes to our database."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        base = settings.stripe_api_base
        # All hosts, else a call to another one would leave the machine in local mode.
        addresses: Any = (
            {} if base == STRIPE_API else dict.fromkeys(("api", "files", "connect", "meter_events"), base)
        )
        self._client = StripeClient(
            settings.stripe_secret_key or "sk_test_missing",
            base_addresses=addresses,
            max_network_retries=_RETRIES,
            http_client=stripe.RequestsClient(timeout=_TIMEOUT_SECONDS),
        )

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
        facts = {"order_id": order_id}
        session = _call(
            lambda: self._client.v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "client_reference_id": order_id,
                    "customer_email": buyer_email,
                    "success_url": success_url,
                    "cancel_url": cancel_url,
                    "expires_at": int(expires_at.timestamp()),
                    "metadata": facts,
                    "payment_intent_data": {"transfer_group": order_id, "metadata": facts},
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": currency,
                                "unit_amount": line.amount,
                                "product_data": _product(line),
                            },
                        }
                        for line in lines
                    ],
                },
                {"idempotency_key": f"cs:{order_id}:{attempt}"},
            )
        )
        return _checkout(session)

    def retrieve_checkout(self, checkout_id: str) -> Checkout:
        """The checkout as it stands now."""
        return _checkout(
            _call(lambda: self._client.v1.checkout.sessions.retrieve(checkout_id, {"expand": _PAYMENT}))
        )

    def expire_checkout(self, checkout_id: str) -> Checkout:
        """Close it if it is open; returns how it stands afterwards (it may be complete)."""
        with contextlib.suppress(PaymentRefused):  # complete or expired already: the retrieve says which
            _call(lambda: self._client.v1.checkout.sessions.expire(checkout_id))
        return self.retrieve_checkout(checkout_id)

    def checkout_of_payment(self, payment_intent_id: str) -> Checkout | None:
        """The checkout that a payment intent belongs to."""
        found = _call(
            lambda: self._client.v1.checkout.sessions.list(
                {
                    "payment_intent": payment_intent_id,
                    "limit": 1,
                    "expand": [f"data.{path}" for path in _PAYMENT],
                }
            )
        )
        return _checkout(found.data[0]) if found.data else None

    def refund(
        self, *, charge_id: str, key: str, amount: int | None = None, metadata: dict[str, str] | None = None
    ) -> RefundFacts:
        """Give back ``amount`` minor units, or all that remains; idempotent by ``key``."""
        params: Any = {"charge": charge_id}
        if amount is not None:
            params["amount"] = amount
        if metadata:
            params["metadata"] = metadata
        return _refund(_call(lambda: self._client.v1.refunds.create(params, {"idempotency_key": key})))

    def refunds_of(self, charge_id: str) -> list[RefundFacts]:
        """Every refund of a charge, oldest first."""
        pages = _call(
            lambda: list(self._client.v1.refunds.list({"charge": charge_id, "limit": 100}).auto_paging_iter())
        )
        return sorted((_refund(one) for one in pages), key=lambda refund: (refund.created_at, refund.id))

    def payment_of_charge(self, charge_id: str) -> PaymentFacts:
        """The facts of the payment a charge belongs to."""
        charge = _call(
            lambda: self._client.v1.charges.retrieve(charge_id, {"expand": ["balance_transaction"]})
        )
        return _payment(charge)

    def undelivered_events(self, *, since: datetime) -> list[EventFacts]:
        """Watched events since a moment that did not reach every endpoint, oldest first."""
        events = _call(
            lambda: list(
                self._client.v1.events.list(
                    {
                        "created": {"gte": int(since.timestamp())},
                        "delivery_success": False,
                        "types": list(WATCHED_EVENTS),
                        "limit": 100,
                    }
                ).auto_paging_iter()
            )
        )
        return [_facts(event.to_dict()) for event in reversed(events)]

    def read_event(self, payload: bytes, signature: str) -> EventFacts:
        """Verify a webhook's raw body; raises BadSignature when it is not Stripe's."""
        secrets = [secret for secret in self._webhook_secrets() if secret.strip()]
        if not secrets:
            raise BadSignature("This door is closed: no webhook secret is set.")
        if not any(_is_signed(payload, signature, secret) for secret in secrets):
            raise BadSignature("The signature is not Stripe's, or older than five minutes.")
        try:
            event = json.loads(payload)
        except ValueError as problem:
            raise BadSignature("The body is no JSON.") from problem
        return _facts(event)

    def check(self) -> None:
        """Ask for something small; raises ``errors.Upstream`` with the reason."""
        _call(self._client.v1.balance.retrieve)

    def _webhook_secrets(self) -> list[str]:
        settings = self._settings
        secrets = [settings.stripe_webhook_secret, settings.stripe_webhook_secret_old]
        if settings.stripe_mode is StripeMode.LOCAL:
            secrets.append(_kept_secret(settings.home / _SECRET_FILE))
        return secrets


def register_webhook(settings: Settings) -> str:
    """Have the stand-in send its events to this app, through the API as with Stripe; returns the secret.

    An endpoint's secret is told only when it is made, so an older one for the same address is
    replaced. The secret is kept in FLEXAPP_HOME, readable by its owner, for every web process.
    Raises Upstream.
    """
    client = StripePayments(settings)._client
    url = f"{settings.base_url}/hooks/stripe"
    known = _call(lambda: list(client.v1.webhook_endpoints.list({"limit": 100}).auto_paging_iter()))
    for endpoint in known:
        if endpoint.url == url:
            _call(partial(client.v1.webhook_endpoints.delete, endpoint.id))
    params: Any = {"url": url, "enabled_events": list(WATCHED_EVENTS), "api_version": stripe.api_version}
    made = _call(lambda: client.v1.webhook_endpoints.create(params))
    secret = str(made.secret)
    path = settings.home / _SECRET_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    unseen = path.with_suffix(".new")
    unseen.unlink(missing_ok=True)
    unseen.touch(mode=0o600)
    unseen.write_text(secret)
    unseen.replace(path)
    return secret


def _call(request: Callable[[], T]) -> T:
    try:
        return request()
    except (
        stripe.InvalidRequestError,
        stripe.CardError,
        stripe.IdempotencyError,
        stripe.PermissionError,
    ) as problem:
        if problem.http_status == 404 and problem.code == "resource_missing":
            raise UnknownPayment(str(problem.user_message)) from problem
        if problem.code == _IN_USE:  # the first call with this key still runs: it may yet succeed
            raise _unavailable(problem) from problem
        raise _refused(problem) from problem
    except stripe.StripeError as problem:
        raise _unavailable(problem) from problem


def _unavailable(problem: stripe.StripeError) -> PaymentsUnavailable:
    return PaymentsUnavailable(
        "The payment service does not answer at the moment. Try again in a minute.",
        stripe_request_id=problem.request_id,
        reason=str(problem.user_message or type(problem).__name__),
    )


def _refused(problem: stripe.StripeError) -> PaymentRefused:
    return PaymentRefused(
        str(problem.user_message or problem),
        stripe_request_id=problem.request_id,
        stripe_code=problem.code,
    )


def _product(line: CheckoutLine) -> Any:
    product = {"name": line.name}
    if line.description:
        product["description"] = line.description
    return product


def _checkout(session: CheckoutSession) -> Checkout:
    payment = None
    if session.payment_status == "paid" and isinstance(session.payment_intent, stripe.PaymentIntent):
        charge = session.payment_intent.latest_charge
        if isinstance(charge, stripe.Charge) and isinstance(
            charge.balance_transaction, stripe.BalanceTransaction
        ):
            payment = _payment(charge)
    return Checkout(
        id=session.id,
        url=session.url,
        status=CheckoutStatus(session.status or "open"),
        order_id=session.client_reference_id or "",
        expires_at=_moment(session.expires_at),
        payment=payment,
    )


def _payment(charge: stripe.Charge) -> PaymentFacts:
    entry = charge.balance_transaction
    if not isinstance(entry, stripe.BalanceTransaction):
        raise PaymentsUnavailable("The payment's balance transaction is not there yet. Try again shortly.")
    intent = charge.payment_intent
    return PaymentFacts(
        payment_intent_id=intent.id if isinstance(intent, stripe.PaymentIntent) else str(intent),
        charge_id=charge.id,
        balance_transaction_id=entry.id,
        amount=charge.amount,
        fee=entry.fee,
        currency=charge.currency,
    )


def _refund(refund: stripe.Refund) -> RefundFacts:
    return RefundFacts(
        id=refund.id,
        charge_id=_id_of(refund.charge),
        amount=refund.amount,
        currency=refund.currency,
        status=refund.status or "pending",
        created_at=_moment(refund.created),
        balance_transaction_id=_id_of(refund.balance_transaction) or None,
        metadata=dict(refund.metadata.to_dict()) if refund.metadata else {},
    )


def _facts(event: dict[str, Any]) -> EventFacts:
    """The facts of a snapshot event, or of a thin one that names its object only."""
    try:
        if event["object"] == "v2.core.event":
            identity = event["related_object"]["id"] if event.get("related_object") else ""
        else:
            identity = event["data"]["object"].get("id", "")
        return EventFacts(id=event["id"], type=event["type"], object_id=identity, payload=event)
    except (KeyError, TypeError, AttributeError) as problem:
        raise BadSignature("The body is no event.") from problem


def _is_signed(payload: bytes, header: str, secret: str) -> bool:
    try:
        WebhookSignature.verify_header(payload, header, secret, _TOLERANCE_SECONDS)
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False
    # The library's tolerance is one-sided: a moment in the far future passes it.
    stamps = [part[2:] for part in header.split(",") if part.startswith("t=")]
    return bool(stamps) and int(stamps[0]) <= time.time() + _TOLERANCE_SECONDS


def _kept_secret(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _id_of(thing: Any) -> str:
    return "" if thing is None else thing if isinstance(thing, str) else str(thing.id)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
