"""End a checkout that nobody pays, and give its reservations back: only when Stripe says it ended.

The clock alone releases nothing: a buyer who pays in the last second wins.
"""

from __future__ import annotations

from datetime import datetime

from flexapp.gateways.ports import Checkout, CheckoutStatus
from flexapp.kernel.steps import step
from flexapp.licensing import exclusivity
from flexapp.orders import queries
from flexapp.orders.lifecycle import move
from flexapp.orders.models import OrderState
from flexapp.outbox.operations import enqueue
from flexapp.workflows.complete_order import book_checkout
from flexapp.workflows.locks import lock_address, lock_order
from flexapp.workflows.services import Services


def expire_checkout(services: Services, order_id: str, early: bool = False, pause: bool = True) -> None:
    """Close the order's checkout once its time is over, or now when ``early``.

    When Stripe says that it was paid after all, the order is completed instead. ``pause`` makes
    the address of an exclusive that was held for long wait before the next. Raises Upstream.
    """
    now = services.clock.now()
    with services.database.reading() as session:
        order = queries.find_order(session, order_id)
    if order is None or order.state is not OrderState.OPEN:
        return
    if not early and order.checkout_expires_at is not None and now < order.checkout_expires_at:
        return
    if order.checkout_session_id is None:
        # Its page was never made, or its address never stored: nobody can pay it.
        _close(services, order_id, now=now, pause=pause)
        return
    checkout = services.payments.expire_checkout(order.checkout_session_id)
    step("expire.asked")
    settle_checkout(services, checkout, pause=pause)


def settle_checkout(services: Services, checkout: Checkout, *, pause: bool = True) -> None:
    """Bring the order in line with a checkout that was just retrieved."""
    if checkout.status is CheckoutStatus.COMPLETE:
        book_checkout(services, checkout)
        return
    if checkout.status is not CheckoutStatus.EXPIRED:
        return
    now = services.clock.now()
    with services.database.reading() as session:
        order = queries.find_order(session, checkout.order_id)
    if order is None or order.state is not OrderState.OPEN:
        return
    if order.checkout_session_id is None:
        over = order.checkout_expires_at is None or order.checkout_expires_at <= now
    else:
        over = order.checkout_session_id == checkout.id
    if over:
        _close(services, order.id, now=now, pause=pause)


def expire_rivals(services: Services, track_id: str, order_id: str) -> None:
    """The track was sold to ``order_id``: every other open checkout that holds it is to be closed."""
    now = services.clock.now()
    with services.database.writing() as session:
        for rival in queries.open_orders_with(session, track_id, except_order_id=order_id):
            enqueue(
                session,
                "checkout.expire",
                key=f"checkout.expire:{rival}:sold:{track_id}",
                payload={"order_id": rival, "early": True, "pause": False},
                now=now,
            )
    services.wake_worker()


def _close(services: Services, order_id: str, *, now: datetime, pause: bool) -> None:
    with services.database.writing() as session:
        address_key = queries.order_by_id(session, order_id).buyer_address_key
        lock_address(session, address_key, now=now)
        order = lock_order(session, order_id)
        if order.state is OrderState.OPEN:
            move(order, OrderState.EXPIRED)
            exclusivity.release(session, order_id, now=now, pause=pause)
        step("expire.released", session=session, order_id=order_id)
    step("expire.committed")
