"""Complete a paid order: licenses, exclusivity, one balanced entry, and what follows, in one commit.

Idempotent three times over: the event is stored once, the transition happens once under the
order's lock, and the ledger takes each reference once. Nothing is believed but what Stripe says
when asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from flexapp.catalog.models import Track
from flexapp.gateways.ports import Checkout, CheckoutStatus, PaymentFacts
from flexapp.kernel.steps import step
from flexapp.ledger import journal, recipes
from flexapp.licensing import exclusivity
from flexapp.licensing import operations as licensing
from flexapp.licensing import queries as licensed
from flexapp.listening import sold as listened
from flexapp.orders import carts, queries
from flexapp.orders.models import Order, OrderItem, OrderState
from flexapp.orders.operations import hold_payment, mark_paid
from flexapp.orders.proceeds import producer_roles
from flexapp.outbox.operations import enqueue
from flexapp.workflows import order_mails
from flexapp.workflows.locks import lock_order, lock_tracks
from flexapp.workflows.services import Services


def complete_order(services: Services, order_id: str) -> None:
    """Ask Stripe how the order's checkout stands and book it when it is paid; else change nothing.

    May be called by anybody at any time: the webhook's worker, the success page, a sweep.
    Raises Upstream when Stripe cannot be asked.
    """
    with services.database.reading() as session:
        order = queries.find_order(session, order_id)
    if order is None or order.checkout_session_id is None:
        return
    if order.state not in (OrderState.OPEN, OrderState.EXPIRED):
        return
    book_checkout(services, services.payments.retrieve_checkout(order.checkout_session_id))


def book_checkout(services: Services, checkout: Checkout) -> None:
    """Book a checkout that was just retrieved, when it is complete and paid."""
    step("complete.retrieved")
    if checkout.status is not CheckoutStatus.COMPLETE or checkout.payment is None:
        return
    now = services.clock.now()
    with services.database.writing() as session:
        if queries.find_order(session, checkout.order_id) is None:
            return
        order = lock_order(session, checkout.order_id)
        if order.state in (OrderState.OPEN, OrderState.EXPIRED):
            _book(session, order, checkout, checkout.payment, services, now=now)
        elif order.charge_id != checkout.payment.charge_id:
            _hold_second_payment(session, order, checkout.payment, now=now)
        step("complete.booked", session=session, order_id=order.id)
    services.wake_worker()
    step("complete.committed")


def _book(
    session: Session,
    order: Order,
    checkout: Checkout,
    payment: PaymentFacts,
    services: Services,
    *,
    now: datetime,
) -> None:
    items = queries.items_of(session, order.id)
    tracks = {track.id: track for track in lock_tracks(session, {item.track_id for item in items})}
    step("complete.locked")
    sold = set(licensed.sold_among(session, list(tracks)))
    order.checkout_session_id = order.checkout_session_id or checkout.id
    mark_paid(
        order,
        payment_intent_id=payment.payment_intent_id,
        charge_id=payment.charge_id,
        fee=payment.fee,
        now=now,
        conflicted=bool(sold),
    )
    if sold:
        _send_back(session, order, payment, now=now)
    else:
        _grant(session, order, items, tracks, payment, services, now=now)
    exclusivity.release(session, order.id, now=now, pause=False)
    session.flush()


def _grant(
    session: Session,
    order: Order,
    items: Sequence[OrderItem],
    tracks: dict[str, Track],
    payment: PaymentFacts,
    services: Services,
    *,
    now: datetime,
) -> None:
    for item in items:
        if item.is_exclusive:
            won = exclusivity.sell(session, tracks[item.track_id], order_item_id=item.id, now=now)
            assert won, "the track's row is locked and nobody had it"
            enqueue(
                session,
                "checkout.expire_rivals",
                key=f"checkout.expire_rivals:{item.track_id}:{order.id}",
                payload={"track_id": item.track_id, "order_id": order.id},
                now=now,
            )
        licensing.grant(session, order, item, now=now)
    journal.post(
        session,
        reference=f"charge:{payment.charge_id}",
        currency=order.currency,
        lines=recipes.charge(
            gross=payment.amount,
            fee=payment.fee,
            transaction=payment.balance_transaction_id,
            shares=[share for item in items for share in shares_of(item)],
            available_at=now + services.settings.hold,
        ),
        now=now,
        memo=f"Order {order.id}",
    )
    if order.cart_token is not None:
        _settle_cart(session, order, order.cart_token, items, now=now)
    listened.note_sale(session, items, now=now)
    order_mails.send_receipt(session, order, items, services, now=now)
    order_mails.send_sale_notices(session, order, items, services, now=now)


def _settle_cart(
    session: Session, order: Order, token: str, items: Sequence[OrderItem], *, now: datetime
) -> None:
    """What was paid leaves the cart, and no other order of the cart is to be paid by mistake."""
    carts.take_bought(session, token, items)
    step("complete.cart_settled", session=session, order_id=order.id)
    for other in queries.open_orders_of_cart(session, token):
        enqueue(
            session,
            "checkout.expire",
            key=f"checkout.expire:{other.id}:cart:{order.id}",
            payload={"order_id": other.id, "early": True, "pause": False},
            now=now,
        )


def shares_of(item: OrderItem) -> list[recipes.Share]:
    """Who gets what of an item, by role."""
    shares = [
        recipes.Share(item.producer_id, role, amount, item.id)
        for role, amount in producer_roles(item.producer_amount, item.rates).items()
    ]
    if item.affiliate_amount and item.affiliate_id is not None:
        shares.append(recipes.Share(item.affiliate_id, "commission", item.affiliate_amount, item.id))
    return [*shares, recipes.Share(None, "fee", item.platform_amount, item.id)]


def _send_back(session: Session, order: Order, payment: PaymentFacts, *, now: datetime) -> None:
    _hold(session, order, payment, now=now)
    enqueue(
        session,
        "order.refund_conflict",
        key=f"order.refund_conflict:{order.id}",
        payload={"order_id": order.id},
        now=now,
    )


def _hold_second_payment(session: Session, order: Order, payment: PaymentFacts, *, now: datetime) -> None:
    """The order was paid already by another charge: this one waits in suspense and goes back."""
    if _hold(session, order, payment, now=now):
        enqueue(
            session,
            "order.refund_conflict",
            key=f"order.refund_conflict:{order.id}:{payment.charge_id}",
            payload={"order_id": order.id, "charge_id": payment.charge_id},
            now=now,
        )


def _hold(session: Session, order: Order, payment: PaymentFacts, *, now: datetime) -> bool:
    hold_payment(session, order, charge_id=payment.charge_id, amount=payment.amount, now=now)
    return journal.post(
        session,
        reference=f"charge:{payment.charge_id}",
        currency=order.currency,
        lines=recipes.held(gross=payment.amount, fee=payment.fee, transaction=payment.balance_transaction_id),
        now=now,
        memo=f"Order {order.id}, to be refunded",
    )
