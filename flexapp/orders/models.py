"""Cart and Order: what a buyer means to buy; one purchase, one track and license type in each item of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from flexapp.storage.base import Base
from flexapp.storage.columns import EnumText, Json, Minor, Moment, UtcDateTime, public_id, refers_to


class OrderState(StrEnum):
    """Where an order stands."""

    OPEN = "open"  #: made, its exclusives reserved, the checkout not yet paid
    PAID = "paid"  #: the money arrived, licenses are granted
    CONFLICTED = "conflicted"  #: paid for an exclusive that somebody else won; its refund is under way
    EXPIRED = "expired"  #: the checkout ended without a payment
    PARTLY_REFUNDED = "partly_refunded"  #: some of the money went back
    REFUNDED = "refunded"  #: all of the money went back


class Cart(Base):
    """What a buyer means to buy, for whoever holds its token; it reserves nothing and freezes no price."""

    __tablename__ = "cart"
    __table_args__ = (Index(None, "expires_at"),)

    token: Mapped[str] = mapped_column(String(64), primary_key=True)  #: of ``/cart/<token>``
    currency: Mapped[str] = mapped_column(String(3))  #: of every line
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]  #: moved on by every use


class CartLine(Base):
    """One track under one license type; title, name and price are what was seen when it was added.

    It names track and license type without holding on to them: either may be removed any time.
    """

    __tablename__ = "cart_line"

    cart_token: Mapped[str] = mapped_column(
        String(64), ForeignKey("cart.token", ondelete="CASCADE"), primary_key=True
    )
    track_id: Mapped[str] = mapped_column(String(30), primary_key=True)
    license_type_id: Mapped[str] = mapped_column(String(30))
    track_title: Mapped[str] = mapped_column(String(120))
    license_name: Mapped[str] = mapped_column(String(60))
    price_seen: Mapped[Minor]
    placement_token: Mapped[str | None] = mapped_column(String(300))  #: of the player it was added in
    session_token: Mapped[str | None] = mapped_column(String(700))  #: of the listening session there
    added_at: Mapped[Moment]


class Order(Base):
    """One purchase; it belongs to whoever holds its token."""

    __tablename__ = "purchase_order"
    __table_args__ = (Index(None, "buyer_email"), Index(None, "state", "created_at"))

    id: Mapped[str] = public_id("ord")
    token: Mapped[str] = mapped_column(String(64), unique=True)  #: of ``/orders/<token>``
    token_expires_at: Mapped[Moment]
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)  #: one order per sent form
    public_token: Mapped[str] = mapped_column(String(64), unique=True)  #: of its public state
    cart_token: Mapped[str | None] = mapped_column(String(64), index=True)  #: whose lines it orders
    state: Mapped[OrderState] = mapped_column(EnumText(OrderState), default=OrderState.OPEN)
    buyer_email: Mapped[str] = mapped_column(String(254))
    buyer_name: Mapped[str] = mapped_column(String(120), default="")
    buyer_address_key: Mapped[str] = mapped_column(String(32), default="")  #: keyed hash of the network
    currency: Mapped[str] = mapped_column(String(3))
    total: Mapped[Minor]
    refunded: Mapped[int] = mapped_column(BigInteger, default=0)
    terms_accepted_at: Mapped[Moment]
    terms_hash: Mapped[str] = mapped_column(String(64))  #: SHA-256 over the terms as shown
    attempt: Mapped[int] = mapped_column(Integer, default=1)  #: part of the idempotency key
    checkout_session_id: Mapped[str | None] = mapped_column(String(120), unique=True)
    checkout_url: Mapped[str | None] = mapped_column(Text)
    checkout_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    payment_intent_id: Mapped[str | None] = mapped_column(String(120), unique=True)
    charge_id: Mapped[str | None] = mapped_column(String(120), unique=True)
    stripe_fee: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[Moment]
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class OldOrderToken(Base):
    """A token that a renewal replaced: it only leads to a mail with the new one."""

    __tablename__ = "old_order_token"

    token: Mapped[str] = mapped_column(String(64), primary_key=True)
    order_id: Mapped[str] = refers_to("purchase_order")
    replaced_at: Mapped[Moment]


class OrderItem(Base):
    """One track under one license type, with everything decided about it frozen.

    ``producer_amount + affiliate_amount + platform_amount == price``, exactly, in minor units.
    When the producer sold through an own app the affiliate part is zero and the rates say so:
    the producer's part then holds share, commission and bonus.
    """

    __tablename__ = "order_item"
    __table_args__ = (
        UniqueConstraint("order_id", "track_id"),
        CheckConstraint(
            "producer_amount + affiliate_amount + platform_amount = price", name="proceeds_exact"
        ),
    )

    id: Mapped[str] = public_id("itm")
    order_id: Mapped[str] = refers_to("purchase_order")
    track_id: Mapped[str] = refers_to("track")
    producer_id: Mapped[str] = refers_to("person")
    license_type_id: Mapped[str] = refers_to("license_type")
    position: Mapped[int] = mapped_column(Integer, default=0)
    track_title: Mapped[str] = mapped_column(String(120))
    producer_name: Mapped[str] = mapped_column(String(80))
    license_name: Mapped[str] = mapped_column(String(60))
    is_exclusive: Mapped[bool] = mapped_column(Boolean)
    terms: Mapped[str] = mapped_column(Text)  #: Markdown, as accepted
    caps: Mapped[dict[str, int | None]] = mapped_column(Json)
    deliverables: Mapped[list[str]] = mapped_column(Json)
    files: Mapped[list[dict[str, Any]]] = mapped_column(Json)  #: promised: kind, object_key, filename …
    price: Mapped[Minor]
    currency: Mapped[str] = mapped_column(String(3))

    placement_id: Mapped[str | None] = mapped_column(String(30))
    app_id: Mapped[str | None] = mapped_column(String(30), index=True)
    affiliate_id: Mapped[str | None] = refers_to("person", nullable=True)  #: who is credited, if anybody
    channel: Mapped[str] = mapped_column(String(20), default="direct")
    attribution: Mapped[dict[str, Any]] = mapped_column(Json)  #: rule applied and evidence seen
    rates: Mapped[dict[str, int]] = mapped_column(Json)  #: basis points used

    producer_amount: Mapped[Minor]
    affiliate_amount: Mapped[Minor]
    platform_amount: Mapped[Minor]
    refunded: Mapped[int] = mapped_column(BigInteger, default=0)
    producer_refunded: Mapped[int] = mapped_column(BigInteger, default=0)
    affiliate_refunded: Mapped[int] = mapped_column(BigInteger, default=0)
    platform_refunded: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[Moment]


class OrderRefund(Base):
    """A refund that was booked, once per processor's refund id."""

    __tablename__ = "order_refund"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[str] = refers_to("purchase_order")
    refund_id: Mapped[str] = mapped_column(String(120), unique=True)
    charge_id: Mapped[str | None] = mapped_column(String(120))  #: of another charge than the order's own
    amount: Mapped[Minor]
    legs: Mapped[list[dict[str, Any]]] = mapped_column(Json)  #: what was taken from which item and part
    is_reversed: Mapped[bool] = mapped_column(Boolean, default=False)  #: the refund failed later
    unallocated: Mapped[int] = mapped_column(BigInteger, default=0)  #: taken from no item, but from suspense
    created_at: Mapped[Moment]


class HeldPayment(Base):
    """A payment that is on its way back: of an order that lost its exclusive, or a second one."""

    __tablename__ = "held_payment"

    charge_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    order_id: Mapped[str] = refers_to("purchase_order")
    amount: Mapped[Minor]
    attempt: Mapped[int] = mapped_column(Integer, default=1)  #: one more after each definite refusal
    created_at: Mapped[Moment]
