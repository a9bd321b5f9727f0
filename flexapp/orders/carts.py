"""Make a cart, put lines in and take them out; it lives for 30 days after its last use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from flexapp.errors import Conflict, NotFound
from flexapp.kernel.ids import new_secret
from flexapp.orders import queries
from flexapp.orders.models import Cart, CartLine, OrderItem

MOST_LINES = 30
LIFE = timedelta(days=30)
REMEMBERED = timedelta(days=30)
"""How long an expired cart still says that it has expired, without its lines."""


class CartNotFound(NotFound):
    """There is no such cart, or it is forgotten."""

    code = "cart_not_found"


class CartExpired(NotFound):
    """Nobody used the cart for 30 days."""

    code = "cart_expired"


class CartFull(Conflict):
    """A cart holds 30 tracks."""

    code = "cart_full"


class OtherCurrency(Conflict):
    """One cart is paid in one currency."""

    code = "cart_currency"


@dataclass(frozen=True)
class NewLine:
    """A track under a license type, as it is offered now; ``price`` in minor units of ``currency``."""

    track_id: str
    license_type_id: str
    track_title: str
    license_name: str
    price: int
    currency: str
    placement_token: str | None = None
    session_token: str | None = None


def open_cart(session: Session, *, currency: str, now: datetime) -> Cart:
    """A new empty cart under a token that nobody can guess."""
    cart = Cart(token=new_secret(24), currency=currency, created_at=now, expires_at=now + LIFE)
    session.add(cart)
    session.flush()
    return cart


def cart_of(session: Session, token: str, *, now: datetime) -> Cart:
    """The cart of a token, to be looked at. Raises CartNotFound or CartExpired."""
    return _alive(queries.cart_by_token(session, token), now)


def cart_in_use(session: Session, token: str, *, now: datetime) -> Cart:
    """The cart of a token under its lock; it lives on from now. Raises CartNotFound or CartExpired."""
    cart = _alive(queries.cart_for_update(session, token), now)
    cart.expires_at = now + LIFE
    return cart


def put(session: Session, cart: Cart, new: NewLine, *, now: datetime) -> CartLine:
    """Add a line; a track that is there already takes the new license and keeps its place.

    It keeps its placement too, unless it is added anew from another one. The cart is new, or locked
    by ``cart_in_use``. Raises CartFull or OtherCurrency.
    """
    lines = {line.track_id: line for line in queries.lines_of_cart(session, cart.token)}
    if new.currency != cart.currency:
        if lines.keys() - {new.track_id}:
            raise OtherCurrency(
                f"This cart is paid in {cart.currency.upper()}, and this license costs "
                f"{new.currency.upper()}. Check out first, or buy it on its own."
            )
        cart.currency = new.currency
    line = lines.get(new.track_id)
    if line is None:
        if len(lines) >= MOST_LINES:
            raise CartFull(f"A cart holds {MOST_LINES} beats. Check out, or take one out first.")
        line = CartLine(cart_token=cart.token, track_id=new.track_id, added_at=now)
        session.add(line)
    line.license_type_id = new.license_type_id
    line.track_title, line.license_name = new.track_title, new.license_name
    line.price_seen = new.price
    line.placement_token = new.placement_token or line.placement_token
    line.session_token = new.session_token or line.session_token
    session.flush()
    return line


def remove(session: Session, cart: Cart, track_id: str) -> None:
    """Take a track out; one that is not there changes nothing."""
    session.execute(delete(CartLine).where(CartLine.cart_token == cart.token, CartLine.track_id == track_id))


def take_bought(session: Session, token: str, items: Iterable[OrderItem]) -> None:
    """The items were paid: their lines leave the cart. What was added or changed since stays.

    Called in the transaction that books the payment, so it happens exactly once.
    """
    if queries.cart_for_update(session, token) is None:
        return
    for item in items:
        session.execute(
            delete(CartLine).where(
                CartLine.cart_token == token,
                CartLine.track_id == item.track_id,
                CartLine.license_type_id == item.license_type_id,
            )
        )


def forget(session: Session, *, now: datetime) -> None:
    """Drop the lines of expired carts, and a month later the carts."""
    over = queries.select_carts_over(before=now)
    session.execute(
        delete(CartLine).where(CartLine.cart_token.in_(over)).execution_options(synchronize_session=False)
    )
    session.execute(
        delete(Cart).where(Cart.expires_at < now - REMEMBERED).execution_options(synchronize_session=False)
    )


def _alive(cart: Cart | None, now: datetime) -> Cart:
    if cart is None:
        raise CartNotFound("There is no cart at this address.")
    if cart.expires_at <= now:
        raise CartExpired("Nobody used this cart for 30 days, so it was emptied. Start a new one.")
    return cart
