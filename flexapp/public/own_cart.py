"""This browser's cart: a first-party cookie of our own pages that holds nothing but the cart's token."""

from __future__ import annotations

from flask import Response, request
from sqlalchemy.orm import Session

from flexapp.orders import carts, queries
from flexapp.orders.models import Cart
from flexapp.web.context import services


def own_cart(session: Session) -> Cart | None:
    """The cart that this browser fills, unless it has none or it is over."""
    token = request.cookies.get(_name(), "")
    try:
        return carts.cart_of(session, token, now=services().clock.now()) if token else None
    except (carts.CartNotFound, carts.CartExpired):
        return None


def adopt(response: Response, session: Session, token: str) -> None:
    """A cart that was begun in a player goes on here, unless the browser has one of its own with lines."""
    own = own_cart(session)
    if own is not None and (own.token == token or queries.lines_of_cart(session, own.token)):
        return
    if queries.lines_of_cart(session, token):
        keep(response, token)


def lines_elsewhere(session: Session, token: str) -> int:
    """How many lines this browser has in a cart of its own that is not the one of the token."""
    own = own_cart(session)
    return len(queries.lines_of_cart(session, own.token)) if own and own.token != token else 0


def keep(response: Response, token: str) -> None:
    """From now on this browser fills the cart of the token."""
    response.set_cookie(
        _name(),
        token,
        max_age=int(carts.LIFE.total_seconds()),
        secure=services().settings.is_secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def _name() -> str:
    return "__Host-cart" if services().settings.is_secure else "cart"
