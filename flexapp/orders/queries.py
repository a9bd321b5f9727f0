"""Reading carts and orders: by id, by the tokens of their pages, by what was paid, by who earns from them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from flexapp.orders.models import (
    Cart,
    CartLine,
    HeldPayment,
    OldOrderToken,
    Order,
    OrderItem,
    OrderRefund,
    OrderState,
)

EARNING = (OrderState.PAID, OrderState.PARTLY_REFUNDED, OrderState.REFUNDED)


def order_by_id(session: Session, order_id: str) -> Order:
    """The order; raises sqlalchemy's NoResultFound for an id that was never ours."""
    return session.get_one(Order, order_id)


def find_order(session: Session, order_id: str) -> Order | None:
    """The order, if there is one."""
    return session.get(Order, order_id)


def order_for_update(session: Session, order_id: str) -> Order:
    """The order as it is now, its row locked until the transaction ends."""
    query = select(Order).where(Order.id == order_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def order_by_token(session: Session, token: str) -> Order | None:
    """The order of a page's current token."""
    return session.scalar(select(Order).where(Order.token == token))


def order_by_old_token(session: Session, token: str) -> Order | None:
    """The order that had this token before a renewal."""
    order_id = session.scalar(select(OldOrderToken.order_id).where(OldOrderToken.token == token))
    return session.get(Order, order_id) if order_id else None


def order_by_public_token(session: Session, token: str) -> Order | None:
    """The order whose public state a player polls."""
    return session.scalar(select(Order).where(Order.public_token == token))


def order_by_form_key(session: Session, form_key: str) -> Order | None:
    """The order that a sent form made."""
    return session.scalar(select(Order).where(Order.form_key == form_key))


def cart_by_token(session: Session, token: str) -> Cart | None:
    """The cart of a token, expired or not."""
    return session.get(Cart, token)


def cart_for_update(session: Session, token: str) -> Cart | None:
    """The cart as it is now, its row locked until the transaction ends."""
    query = select(Cart).where(Cart.token == token).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def lines_of_cart(session: Session, token: str) -> Sequence[CartLine]:
    """The lines of a cart in the order they were added; populated afresh."""
    query = select(CartLine).where(CartLine.cart_token == token)
    query = query.order_by(CartLine.added_at, CartLine.track_id)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def select_carts_over(*, before: datetime) -> Select[str]:
    """Tokens of carts that had expired at a moment."""
    return select(Cart.token).where(Cart.expires_at <= before)


def open_orders_of_cart(session: Session, token: str) -> Sequence[Order]:
    """Orders of a cart that may still be paid, oldest first."""
    query = select(Order).where(Order.cart_token == token, Order.state == OrderState.OPEN)
    return session.scalars(query.order_by(Order.created_at, Order.id)).all()


def closed_orders_of_cart(session: Session, token: str) -> int:
    """How many orders of a cart were paid or given up."""
    query = select(func.count()).where(Order.cart_token == token, Order.state != OrderState.OPEN)
    return session.scalar(query) or 0


def order_by_charge(session: Session, charge_id: str) -> Order | None:
    """The order that a charge paid."""
    return session.scalar(select(Order).where(Order.charge_id == charge_id))


def items_of(session: Session, order_id: str) -> Sequence[OrderItem]:
    """The items of an order, in its order; populated afresh."""
    query = select(OrderItem).where(OrderItem.order_id == order_id).order_by(OrderItem.position)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def items_of_orders(session: Session, order_ids: Collection[str]) -> dict[str, list[OrderItem]]:
    """The items of several orders, by order."""
    query = select(OrderItem).where(OrderItem.order_id.in_(order_ids)).order_by(OrderItem.position)
    found: dict[str, list[OrderItem]] = {order_id: [] for order_id in order_ids}
    for item in session.scalars(query):
        found[item.order_id].append(item)
    return found


def orders_by_ids(session: Session, order_ids: Collection[str]) -> dict[str, Order]:
    """Orders by id."""
    return {one.id: one for one in session.scalars(select(Order).where(Order.id.in_(order_ids)))}


def items_by_ids(session: Session, item_ids: Collection[str]) -> dict[str, OrderItem]:
    """Items by id: what a ledger line's group stands for."""
    query = select(OrderItem).where(OrderItem.id.in_(item_ids))
    return {item.id: item for item in session.scalars(query)}


def refunds_of(session: Session, order_id: str) -> Sequence[OrderRefund]:
    """The refunds booked for an order, oldest first."""
    query = select(OrderRefund).where(OrderRefund.order_id == order_id).order_by(OrderRefund.id)
    return session.scalars(query).all()


def held_payment(session: Session, charge_id: str) -> HeldPayment | None:
    """The payment of a charge that has to go back, whether or not it did."""
    return session.get(HeldPayment, charge_id)


def held_payments_owed(session: Session, *, limit: int) -> Sequence[HeldPayment]:
    """Payments that have to go back and of which the refunds that stand do not cover all, oldest first."""
    of_it = or_(
        OrderRefund.charge_id == HeldPayment.charge_id,
        and_(OrderRefund.charge_id.is_(None), Order.charge_id == HeldPayment.charge_id),
    )
    returned = (
        select(func.coalesce(func.sum(OrderRefund.amount), 0))
        .where(OrderRefund.order_id == HeldPayment.order_id, OrderRefund.is_reversed.is_(False), of_it)
        .correlate(HeldPayment, Order)
        .scalar_subquery()
    )
    query = (
        select(HeldPayment)
        .join(Order, Order.id == HeldPayment.order_id)
        .where(returned < HeldPayment.amount)
        .order_by(HeldPayment.created_at, HeldPayment.charge_id)
        .limit(limit)
    )
    return session.scalars(query).all()


def open_orders_with(session: Session, track_id: str, *, except_order_id: str) -> list[str]:
    """Ids of other open orders that hold the track."""
    query = (
        select(Order.id)
        .join(OrderItem, OrderItem.order_id == Order.id)
        .where(
            OrderItem.track_id == track_id,
            Order.state == OrderState.OPEN,
            Order.id != except_order_id,
        )
        .order_by(Order.id)
    )
    return list(session.scalars(query))


def open_orders_over(session: Session, *, before: datetime, limit: int) -> list[str]:
    """Ids of open orders whose checkout's time was over before a moment, the oldest first."""
    query = (
        select(Order.id)
        .where(Order.state == OrderState.OPEN, Order.checkout_expires_at < before)
        .order_by(Order.checkout_expires_at)
        .limit(limit)
    )
    return list(session.scalars(query))


def orders_without_license(session: Session, granted: Any) -> list[str]:
    """Paid orders with an item that ``granted`` (a column of item ids) lacks; always empty."""
    query = (
        select(Order.id)
        .join(OrderItem, OrderItem.order_id == Order.id)
        .where(
            Order.state.in_([OrderState.PAID, OrderState.PARTLY_REFUNDED]),
            OrderItem.id.not_in(select(granted)),
        )
    )
    return list(session.scalars(query))


def select_orders_of_producer(person_id: str) -> Select[Order]:
    """Paid orders with a track of the producer, for a keyset page by (created_at, id)."""
    return select(Order).where(
        Order.state.in_(EARNING),
        Order.id.in_(select(OrderItem.order_id).where(OrderItem.producer_id == person_id)),
    )


def select_orders_earning(
    person_id: str, *, state: OrderState | None = None, since: datetime | None = None
) -> Select[Order]:
    """Paid orders with an item that earns the person something; for a keyset page by (created_at, id)."""
    query = select(Order).where(
        Order.state.in_(EARNING),
        Order.id.in_(select(OrderItem.order_id).where(_earns(person_id))),
        _not_conflicted_order(),
    )
    if state is not None:
        query = query.where(Order.state == state)
    if since is not None:
        query = query.where(Order.created_at >= since)
    return query


def order_earning(session: Session, person_id: str, order_id: str) -> Order | None:
    """The order, if it is paid and the person earns something by it."""
    return session.scalar(select_orders_earning(person_id).where(Order.id == order_id))


def select_sales_of(person_id: str) -> Select[OrderItem]:
    """Paid items that earn the person something, as producer or affiliate; by (created_at, id)."""
    return (
        select(OrderItem)
        .join(Order, Order.id == OrderItem.order_id)
        .where(Order.state.in_(EARNING), Order.paid_at.is_not(None), _earns(person_id))
        .where(_not_conflicted())
    )


def sold_moments(
    session: Session, person_id: str, *, since: datetime, until: datetime
) -> list[tuple[datetime, str]]:
    """When, and in which channel, items were paid that earned the person something; without refunded ones."""
    query = (
        select(Order.paid_at, OrderItem.channel)
        .join(Order, Order.id == OrderItem.order_id)
        .where(
            Order.state.in_(EARNING),
            Order.paid_at >= since,
            Order.paid_at < until,
            _earns(person_id),
            _not_conflicted(),
            OrderItem.refunded < OrderItem.price,
        )
    )
    return [(paid_at, channel) for paid_at, channel in session.execute(query) if paid_at is not None]


@dataclass(frozen=True)
class SalesFigures:
    """Counts and sums over a person's sales; money in minor units of ``currency``."""

    currency: str
    sold: int
    exclusives: int
    gross: int
    earned: int


def sales_figures(
    session: Session,
    person_id: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    currency: str = "usd",
) -> SalesFigures:
    """What was sold between two moments and what of it is the person's, refunds taken off."""
    own = case(
        (
            OrderItem.producer_id == person_id,
            OrderItem.producer_amount - OrderItem.producer_refunded,
        ),
        else_=OrderItem.affiliate_amount - OrderItem.affiliate_refunded,
    )
    query = (
        select(
            func.count(),
            func.coalesce(func.sum(case((OrderItem.is_exclusive.is_(True), 1), else_=0)), 0),
            func.coalesce(func.sum(OrderItem.price - OrderItem.refunded), 0),
            func.coalesce(func.sum(own), 0),
        )
        .select_from(OrderItem)
        .join(Order, Order.id == OrderItem.order_id)
        .where(
            Order.state.in_(EARNING),
            Order.paid_at.is_not(None),
            _earns(person_id),
            _not_conflicted(),
            OrderItem.currency == currency,
            OrderItem.refunded < OrderItem.price,
        )
    )
    if since is not None:
        query = query.where(Order.paid_at >= since)
    if until is not None:
        query = query.where(Order.paid_at < until)
    sold, exclusives, gross, earned = session.execute(query).one()
    return SalesFigures(currency, int(sold), int(exclusives), int(gross), int(earned))


@dataclass(frozen=True)
class BuyerRow:
    """One buyer of a producer; ``spent`` in minor units, refunds taken off."""

    email: str
    name: str
    orders: int
    spent: int
    currency: str
    last_at: datetime
    last_track: str


def buyers_of(session: Session, producer_id: str, *, limit: int = 200) -> list[BuyerRow]:
    """Who bought the producer's tracks, the latest first, one row by address and currency."""
    query = (
        select(OrderItem, Order)
        .join(Order, Order.id == OrderItem.order_id)
        .where(Order.state.in_(EARNING), OrderItem.producer_id == producer_id, _not_conflicted())
        .order_by(Order.paid_at.desc(), OrderItem.id.desc())
    )
    rows: dict[tuple[str, str], BuyerRow] = {}
    orders: dict[tuple[str, str], set[str]] = {}
    for item, order in session.execute(query):
        key = (order.buyer_email, item.currency)
        orders.setdefault(key, set()).add(order.id)
        before = rows.get(key)
        net = item.price - item.refunded
        rows[key] = BuyerRow(
            email=order.buyer_email,
            name=before.name if before else order.buyer_name,
            orders=len(orders[key]),
            spent=net + (before.spent if before else 0),
            currency=item.currency,
            last_at=before.last_at if before else order.paid_at or order.created_at,
            last_track=before.last_track if before else item.track_title,
        )
    return list(rows.values())[:limit]


def _earns(person_id: str) -> ColumnElement[bool]:
    return or_(OrderItem.producer_id == person_id, OrderItem.affiliate_id == person_id)


def _not_conflicted_order() -> ColumnElement[bool]:
    """The same for a select of orders alone."""
    refunded = select(OrderItem.order_id).where(OrderItem.refunded > 0)
    return or_(Order.state != OrderState.REFUNDED, Order.id.in_(refunded))


def _not_conflicted() -> ColumnElement[bool]:
    """A conflicted order ends as refunded too, but no item of it was ever earned or refunded."""
    return or_(Order.state != OrderState.REFUNDED, OrderItem.refunded > 0)
