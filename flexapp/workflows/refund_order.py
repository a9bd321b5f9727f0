"""Bring the books in line with an order's refunds: every leg reversed by the remaining amounts.

Whoever refunds, on whichever page, the same door: ask Stripe for all refunds of the charge, book
those that are not booked, invert those that failed after they were. Under the order's lock, each
refund once by its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from flexapp.gateways.ports import PaymentRefused, RefundFacts
from flexapp.kernel.steps import step
from flexapp.ledger import journal, recipes
from flexapp.licensing import operations as licensing
from flexapp.licensing import queries as licensed
from flexapp.listening import sold as listened
from flexapp.orders import queries
from flexapp.orders.lifecycle import move
from flexapp.orders.models import Order, OrderItem, OrderRefund, OrderState
from flexapp.orders.operations import note_refusal
from flexapp.orders.proceeds import producer_roles
from flexapp.orders.refunds import RefundLeg, Remaining, spread
from flexapp.workflows import order_mails
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.locks import lock_order
from flexapp.workflows.services import Services

ITEM_KEY = "order_item"
"""Metadata of a refund that is for one item; without it a refund goes over all items pro rata."""

_FAILED = ("failed", "canceled")


def refund_order(services: Services, order_id: str, charge_id: str | None = None) -> None:
    """Book what Stripe settled of an order's refunds. ``charge_id`` names another than the order's.

    A refund heard of before its payment pulls the payment first. Raises Upstream.
    """
    complete_order(services, order_id)
    with services.database.reading() as session:
        order = queries.find_order(session, order_id)
    charge_id = charge_id or (order.charge_id if order else None)
    if order is None or charge_id is None:
        return
    facts = services.payments.refunds_of(charge_id)
    step("refund.retrieved")
    if not facts:
        return
    now = services.clock.now()
    with services.database.writing() as session:
        order = lock_order(session, order_id)
        items = queries.items_of(session, order_id)
        for fact in sorted(facts, key=lambda one: (one.created_at, one.id)):
            _apply(session, order, items, fact, services, now=now)
        step("refund.booked", session=session, order_id=order_id)
    services.wake_worker()
    step("refund.committed")


def refund_conflict(services: Services, order_id: str, charge_id: str | None = None) -> None:
    """Give a payment back that lost its exclusive, or that paid an order twice; then book it.

    However often this runs Stripe refunds once: the key is the payment's, and changes only when
    Stripe definitely refused it or a refund failed later, since a used key answers the same for
    ever. Raises Upstream, PaymentRefused among it; a later call tries again.
    """
    refund_order(services, order_id, charge_id)
    with services.database.reading() as session:
        order = queries.find_order(session, order_id)
        charge_id = charge_id or (order.charge_id if order else None)
        held = queries.held_payment(session, charge_id) if charge_id else None
    if held is None:
        return
    facts = services.payments.refunds_of(held.charge_id)
    failed = [one for one in facts if one.status in _FAILED]
    if sum(one.amount for one in facts) - sum(one.amount for one in failed) >= held.amount:
        return
    key = f"conflict:{order_id}:{held.charge_id}:{held.attempt + len(failed)}"
    try:
        services.payments.refund(charge_id=held.charge_id, key=key)
    except PaymentRefused:
        with services.database.writing() as session:
            note_refusal(session, held.charge_id, attempt=held.attempt)
        raise
    step("conflict.refunded")
    refund_order(services, order_id, held.charge_id)


def _apply(
    session: Session,
    order: Order,
    items: Sequence[OrderItem],
    fact: RefundFacts,
    services: Services,
    *,
    now: datetime,
) -> None:
    booked = {one.refund_id: one for one in queries.refunds_of(session, order.id)}
    row = booked.get(fact.id)
    settled = fact.status == "succeeded" or (
        fact.status == "pending" and fact.balance_transaction_id is not None
    )
    failed = fact.status in _FAILED
    if row is None and settled:
        _book(session, order, items, list(booked.values()), fact, services, now=now)
    elif row is not None and failed and not row.is_reversed:
        _invert(session, order, items, row, fact, services, now=now)


def _book(
    session: Session,
    order: Order,
    items: Sequence[OrderItem],
    before: Sequence[OrderRefund],
    fact: RefundFacts,
    services: Services,
    *,
    now: datetime,
) -> None:
    ours = fact.charge_id == order.charge_id
    granted = ours and bool(licensed.licenses_of_order(session, order.id))
    legs: list[RefundLeg] = []
    if granted:
        left = remaining(items, before)
        fits = min(fact.amount, sum(one.total for one in left))
        legs = spread(fits, left, item_id=fact.metadata.get(ITEM_KEY))
    unallocated = fact.amount - sum(leg.total for leg in legs)
    journal.post(
        session,
        reference=f"refund:{fact.id}",
        currency=order.currency,
        lines=_lines(order, items, legs, fact, unallocated, services),
        now=now,
        memo=f"Refund of order {order.id}",
    )
    row = OrderRefund(
        order_id=order.id,
        refund_id=fact.id,
        charge_id=None if ours else fact.charge_id,
        amount=fact.amount,
        legs=[leg.to_json() for leg in legs],
        unallocated=unallocated,
        is_reversed=False,
        created_at=now,
    )
    session.add(row)
    _move_amounts(items, legs, sign=1)
    for item in items:
        if item.refunded >= item.price and (kept := licensed.license_of_item(session, item.id)):
            licensing.revoke(session, kept, now=now)
    if ours:
        order.refunded += fact.amount
        _settle_state(order, granted=granted)
        order_mails.send_refund_notice(session, order, items, fact, services, now=now)
    session.flush()
    listened.note_refund(session, items, legs, number=2 * row.id, now=now)


def _invert(
    session: Session,
    order: Order,
    items: Sequence[OrderItem],
    row: OrderRefund,
    fact: RefundFacts,
    services: Services,
    *,
    now: datetime,
) -> None:
    legs = [RefundLeg.from_json(kept) for kept in row.legs]
    journal.post(
        session,
        reference=f"refund_failed:{fact.id}",
        currency=order.currency,
        lines=recipes.inverse(_lines(order, items, legs, fact, row.unallocated, services)),
        now=now,
        memo=f"Refund of order {order.id} failed",
    )
    row.is_reversed = True
    _move_amounts(items, legs, sign=-1)
    for item in items:
        if item.refunded < item.price and (kept := licensed.license_of_item(session, item.id)):
            licensing.restore(session, kept)
    if row.charge_id is None:
        order.refunded -= row.amount
        _settle_state(order, granted=bool(licensed.licenses_of_order(session, order.id)))
    session.flush()
    listened.note_refund(session, items, legs, number=2 * row.id + 1, sign=-1, now=now)


def remaining(items: Sequence[OrderItem], booked: Sequence[OrderRefund]) -> list[Remaining]:
    """What is left of each item after the refunds that stand."""
    taken: dict[str, dict[str, int]] = {}
    for leg in (RefundLeg.from_json(kept) for one in booked if not one.is_reversed for kept in one.legs):
        roles = taken.setdefault(leg.item_id, {})
        for role, amount in leg.roles.items():
            roles[role] = roles.get(role, 0) + amount
    return [
        Remaining(
            item.id,
            {
                role: amount - taken.get(item.id, {}).get(role, 0)
                for role, amount in producer_roles(item.producer_amount, item.rates).items()
            },
            item.affiliate_amount - item.affiliate_refunded,
            item.platform_amount - item.platform_refunded,
        )
        for item in items
    ]


def _lines(
    order: Order,
    items: Sequence[OrderItem],
    legs: Sequence[RefundLeg],
    fact: RefundFacts,
    unallocated: int,
    services: Services,
) -> list[journal.Line]:
    by_id = {item.id: item for item in items}
    shares = [share for leg in legs for share in _shares(by_id[leg.item_id], leg)]
    paid_at = order.paid_at or order.created_at
    return recipes.refund(
        amount=fact.amount,
        transaction=fact.balance_transaction_id or fact.id,
        shares=shares,
        available_at=paid_at + services.settings.hold,
        unallocated=unallocated,
    )


def _shares(item: OrderItem, leg: RefundLeg) -> list[recipes.Share]:
    shares = [recipes.Share(item.producer_id, role, amount, item.id) for role, amount in leg.roles.items()]
    if leg.affiliate and item.affiliate_id is not None:
        shares.append(recipes.Share(item.affiliate_id, "commission", leg.affiliate, item.id))
    return [*shares, recipes.Share(None, "fee", leg.platform, item.id)]


def _move_amounts(items: Sequence[OrderItem], legs: Sequence[RefundLeg], *, sign: int) -> None:
    by_id: dict[str, Any] = {item.id: item for item in items}
    for leg in legs:
        item = by_id[leg.item_id]
        item.refunded += sign * leg.total
        item.producer_refunded += sign * leg.producer
        item.affiliate_refunded += sign * leg.affiliate
        item.platform_refunded += sign * leg.platform


def _settle_state(order: Order, *, granted: bool) -> None:
    if order.refunded >= order.total:
        move(order, OrderState.REFUNDED)
    elif not granted:
        move(order, OrderState.CONFLICTED)
    else:
        move(order, OrderState.PARTLY_REFUNDED if order.refunded else OrderState.PAID)
