"""Orders as a producer or an affiliate sees them: each their own part."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from flexapp.api.shapes.base import Listed, Moment, Money, PageQuery, Shape
from flexapp.orders.models import Order as StoredOrder
from flexapp.orders.models import OrderItem as StoredItem
from flexapp.orders.models import OrderState


class OrderQuery(PageQuery):
    """Which orders."""

    state: OrderState | None = None
    since: AwareDatetime | None = Field(None, description="Made at this moment or later")


class Buyer(Shape):
    """Who pays and holds the license."""

    name: str
    email: str


class OrderItem(Shape):
    """One track under one license type.

    Its producer sees all proceeds; an affiliate sees ``earned``, the own commission, alone.
    """

    id: str
    track_id: str
    track_title: str
    license_name: str
    is_exclusive: bool
    roles: list[str] = Field(description="What the caller earned as: producer, affiliate")
    earned: Money = Field(description="The caller's part after refunds")
    price: Money | None
    producer_amount: Money | None
    affiliate_amount: Money | None
    platform_amount: Money | None
    refunded: Money | None
    app_id: str | None
    placement_id: str | None
    channel: str

    @classmethod
    def of(cls, item: StoredItem, person_id: str) -> OrderItem:
        """The shape of an item for one person who earns by it."""
        is_producer = item.producer_id == person_id
        is_affiliate = item.affiliate_id == person_id
        roles = [role for held, role in ((is_producer, "producer"), (is_affiliate, "affiliate")) if held]

        def money(amount: int) -> Money:
            return Money(amount=amount, currency=item.currency)

        return cls(
            id=item.id,
            track_id=item.track_id,
            track_title=item.track_title,
            license_name=item.license_name,
            is_exclusive=item.is_exclusive,
            roles=roles,
            earned=money(earned_by(item, person_id)),
            price=money(item.price) if is_producer else None,
            producer_amount=money(item.producer_amount) if is_producer else None,
            affiliate_amount=money(item.affiliate_amount),
            platform_amount=money(item.platform_amount) if is_producer else None,
            refunded=money(item.refunded if is_producer else item.affiliate_refunded),
            app_id=item.app_id,
            placement_id=item.placement_id,
            channel=item.channel,
        )


class Order(Shape):
    """One purchase, as far as it is the caller's."""

    id: str = Field(examples=["ord_01k9zxcv3h8e4t2m6n0p5q7r9s"])
    state: OrderState
    currency: str
    items: list[OrderItem]
    earned: Money
    buyer: Buyer | None = Field(description="Null for an affiliate")
    created_at: Moment
    paid_at: Moment | None

    @classmethod
    def of(cls, order: StoredOrder, items: list[StoredItem], person_id: str) -> Order:
        """The shape of an order with the items that the person earns by."""
        is_producer = any(item.producer_id == person_id for item in items)
        total = sum(earned_by(item, person_id) for item in items)
        return cls(
            id=order.id,
            state=order.state,
            currency=order.currency,
            items=[OrderItem.of(item, person_id) for item in items],
            earned=Money(amount=total, currency=order.currency),
            buyer=Buyer(name=order.buyer_name, email=order.buyer_email) if is_producer else None,
            created_at=order.created_at,
            paid_at=order.paid_at,
        )


class OrderPage(Listed[Order]):
    """Orders that the caller earned by."""


def earned_by(item: StoredItem, person_id: str) -> int:
    """A person's part of an item after refunds, in minor units."""
    part = 0
    if item.producer_id == person_id:
        part += item.producer_amount - item.producer_refunded
    if item.affiliate_id == person_id:
        part += item.affiliate_amount - item.affiliate_refunded
    return part
