"""Make an order with everything about it frozen, and move it through its life."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from flexapp.errors import Invalid, NotFound
from flexapp.kernel.ids import new_id, new_secret
from flexapp.orders import queries
from flexapp.orders.lifecycle import move
from flexapp.orders.models import HeldPayment, OldOrderToken, Order, OrderItem, OrderState
from flexapp.orders.proceeds import Proceeds
from flexapp.storage.once import insert_once

MOST_ITEMS = 50
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]+\.[^@\s.,;<>\"]{2,}")
PUBLIC_TOKEN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What a player may choose for the state of its order: a UUID."""


class InvalidOrder(Invalid):
    """The form is incomplete; ``fields`` names what to mend."""

    code = "invalid_order"


class TrackTwice(Invalid):
    """One order holds a track once."""

    code = "track_twice_in_order"


class OrderNotFound(NotFound):
    """There is no such order, or it is none of the caller's business."""

    code = "order_not_found"


@dataclass(frozen=True)
class NewItem:
    """One line of an order about to be made; ``terms`` as accepted, ``proceeds`` of its price."""

    track_id: str
    producer_id: str
    license_type_id: str
    track_title: str
    producer_name: str
    license_name: str
    is_exclusive: bool
    terms: str
    caps: dict[str, int | None]
    deliverables: tuple[str, ...]
    files: tuple[dict[str, Any], ...]  #: one for each deliverable, as ``Download`` keeps it
    currency: str
    proceeds: Proceeds
    placement_id: str | None = None
    app_id: str | None = None
    affiliate_id: str | None = None
    channel: str = "direct"
    attribution: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Buyer:
    """Who buys, checked: lower-case address, name without surrounding blanks."""

    email: str
    name: str


def checked_buyer(email: str, name: str) -> Buyer:
    """The buyer of a form; raises InvalidOrder with a sentence for each field that is wrong."""
    is_plain = not _has_controls(name)
    email, name = email.strip().lower(), " ".join(name.split())
    fields = {}
    if len(email) > 254 or not _EMAIL.fullmatch(email) or _has_controls(email):
        fields["email"] = "Enter the e-mail address that your files should go to."
    if not 1 <= len(name) <= 120 or not is_plain:
        fields["name"] = "Enter the name that the license should be made out to."
    if fields:
        raise InvalidOrder("Please mend the marked fields.", fields=fields)
    return Buyer(email, name)


def _has_controls(text: str) -> bool:
    """Control characters and halves of surrogate pairs: no address and no name has any."""
    return any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text)


def place(
    session: Session,
    items: Sequence[NewItem],
    *,
    buyer: Buyer,
    terms_hash: str,
    address_key: str,
    checkout_until: datetime,
    page_until: datetime,
    now: datetime,
    form_key: str | None = None,
    public_token: str | None = None,
    cart_token: str | None = None,
) -> Order:
    """The open order of these items, in one currency.

    A ``form_key`` that was used before gives the order it made. ``public_token`` is the one a
    player chose for its polling, used when it is a UUID and free. ``cart_token`` names the cart
    whose lines they are.
    Raises InvalidOrder or TrackTwice.
    """
    if not 1 <= len(items) <= MOST_ITEMS or len({item.currency for item in items}) != 1:
        raise InvalidOrder(f"An order holds 1 to {MOST_ITEMS} tracks priced in one currency.")
    if len({item.track_id for item in items}) != len(items):
        raise TrackTwice("The same track is in this order twice.")
    if not public_token or not PUBLIC_TOKEN.fullmatch(public_token):
        public_token = new_secret(18)
    if queries.order_by_public_token(session, public_token) is not None:
        public_token = new_secret(18)
    order_id = new_id("ord")
    made = insert_once(
        session,
        Order,
        id=order_id,
        token=new_secret(24),
        token_expires_at=page_until,
        form_key=form_key,
        public_token=public_token,
        cart_token=cart_token,
        state=OrderState.OPEN,
        buyer_email=buyer.email,
        buyer_name=buyer.name,
        buyer_address_key=address_key,
        currency=items[0].currency,
        total=sum(item.proceeds.price for item in items),
        refunded=0,
        terms_accepted_at=now,
        terms_hash=terms_hash,
        attempt=1,
        checkout_expires_at=checkout_until,
        created_at=now,
    )
    if not made:
        before = queries.order_by_form_key(session, form_key) if form_key else None
        if before is None:
            raise InvalidOrder("This form could not be taken. Please send it again.")
        return before
    session.add_all(_item(order_id, item, position=position, now=now) for position, item in enumerate(items))
    session.flush()
    return queries.order_by_id(session, order_id)


def mark_paid(
    order: Order,
    *,
    payment_intent_id: str,
    charge_id: str,
    fee: int,
    now: datetime,
    conflicted: bool,
) -> None:
    """The money of the order arrived; in conflict it is on its way back."""
    move(order, OrderState.CONFLICTED if conflicted else OrderState.PAID)
    order.payment_intent_id = payment_intent_id
    order.charge_id = charge_id
    order.stripe_fee = fee
    order.paid_at = now


def hold_payment(session: Session, order: Order, *, charge_id: str, amount: int, now: datetime) -> None:
    """Note that a payment of the order, in minor units, has to go back; once per charge."""
    insert_once(
        session, HeldPayment, charge_id=charge_id, order_id=order.id, amount=amount, attempt=1, created_at=now
    )


def note_refusal(session: Session, charge_id: str, *, attempt: int) -> None:
    """The processor refused to give a held payment back: the next try is another one, once for all."""
    tried = update(HeldPayment).where(HeldPayment.charge_id == charge_id, HeldPayment.attempt == attempt)
    session.execute(tried.values(attempt=attempt + 1).execution_options(synchronize_session=False))


def renew_token(session: Session, order: Order, *, now: datetime, lasting: timedelta) -> None:
    """A new token for the order's page when the current one has run out; old ones only lead to a mail."""
    if order.token_expires_at > now:
        return
    session.add(OldOrderToken(token=order.token, order_id=order.id, replaced_at=now))
    order.token = new_secret(24)
    order.token_expires_at = now + lasting
    session.flush()


def _item(order_id: str, item: NewItem, *, position: int, now: datetime) -> OrderItem:
    return OrderItem(
        id=new_id("itm"),
        order_id=order_id,
        track_id=item.track_id,
        producer_id=item.producer_id,
        license_type_id=item.license_type_id,
        position=position,
        track_title=item.track_title,
        producer_name=item.producer_name,
        license_name=item.license_name,
        is_exclusive=item.is_exclusive,
        terms=item.terms,
        caps=item.caps,
        deliverables=list(item.deliverables),
        files=list(item.files),
        price=item.proceeds.price,
        currency=item.currency,
        placement_id=item.placement_id,
        app_id=item.app_id,
        affiliate_id=item.affiliate_id,
        channel=item.channel,
        attribution=item.attribution,
        rates=item.proceeds.rates,
        producer_amount=item.proceeds.producer,
        affiliate_amount=item.proceeds.affiliate,
        platform_amount=item.proceeds.platform,
        refunded=0,
        producer_refunded=0,
        affiliate_refunded=0,
        platform_refunded=0,
        created_at=now,
    )
