"""Bring the books in line with whatever a webhook names: retrieve the object, book under business keys.

An event is only a hint. So duplicates, order, delay and loss of events are all harmless.
"""

from __future__ import annotations

from typing import Any

from flexapp.errors import Upstream
from flexapp.gateways.ports import Checkout
from flexapp.inbox.models import InboundEvent
from flexapp.orders import queries
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.expire_checkout import settle_checkout
from flexapp.workflows.refund_order import refund_order
from flexapp.workflows.services import Services

CHECKOUT_EVENTS = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
    }
)
PAYMENT_EVENTS = frozenset({"payment_intent.succeeded"})
REFUND_EVENTS = frozenset({"charge.refunded", "refund.created", "refund.updated", "refund.failed"})
HANDLED = CHECKOUT_EVENTS | PAYMENT_EVENTS | REFUND_EVENTS
"""Event types that change the books; the endpoint asks Stripe for these."""
IGNORED = frozenset(
    {
        "charge.succeeded",
        "charge.updated",
        "charge.failed",
        "charge.pending",
        "charge.captured",
        "charge.expired",
        "charge.refund.updated",
        "payment_intent.created",
        "payment_intent.processing",
        "payment_intent.requires_action",
        "payment_intent.payment_failed",
        "payment_intent.canceled",
        "balance.available",
    }
)
"""Event types that say nothing the others do not."""


def handle_event(services: Services, event: InboundEvent) -> None:
    """Do what one stored event asks for; repeatable. Raises Upstream when Stripe cannot be asked."""
    if event.type in CHECKOUT_EVENTS:
        settle_checkout(services, services.payments.retrieve_checkout(event.object_id))
    elif event.type in PAYMENT_EVENTS:
        _settle_payment(services, event.object_id)
    elif event.type in REFUND_EVENTS:
        charge_id = event.object_id if event.type == "charge.refunded" else _charge_of(event.payload)
        if charge_id:
            sync_charge(services, charge_id)


def sync_charge(services: Services, charge_id: str) -> None:
    """Book everything about a charge; its payment first, when it is not known yet."""
    with services.database.reading() as session:
        order = queries.order_by_charge(session, charge_id)
    if order is not None:
        refund_order(services, order.id)
        return
    payment = services.payments.payment_of_charge(charge_id)
    checkout = _settle_payment(services, payment.payment_intent_id)
    if checkout is None:
        return
    with services.database.reading() as session:
        order = queries.find_order(session, checkout.order_id)
    if order is not None:
        refund_order(services, order.id, None if order.charge_id == charge_id else charge_id)


def sync_order(services: Services, order_id: str) -> None:
    """Look at everything Stripe knows of one order."""
    complete_order(services, order_id)
    refund_order(services, order_id)


def _settle_payment(services: Services, payment_intent_id: str) -> Checkout | None:
    checkout = services.payments.checkout_of_payment(payment_intent_id)
    if checkout is not None:
        settle_checkout(services, checkout)
    return checkout


def _charge_of(payload: dict[str, Any]) -> str | None:
    data = payload.get("data")
    refund = data.get("object") if isinstance(data, dict) else None
    if not isinstance(refund, dict):
        raise Upstream("A refund event came in without its object: ask for snapshot events, not thin ones.")
    charge = refund.get("charge")
    return charge if isinstance(charge, str) else None
