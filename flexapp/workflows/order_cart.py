"""Order what is in a cart: one order of several lines, and never two that are open at once by plan.

The same form from the same browser gives the same order while it is open, so two tabs end at one
checkout. Any other open order of the cart is closed first, by asking Stripe; one that turns out to
be paid takes its lines out of the cart, and the buyer is shown what is left.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from flexapp.attribution.touches import Touch
from flexapp.errors import Invalid
from flexapp.listening import sessions
from flexapp.orders import carts, queries
from flexapp.orders.models import CartLine
from flexapp.orders.operations import checked_buyer
from flexapp.orders.terms import TermsChanged
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.expire_checkout import expire_checkout
from flexapp.workflows.open_checkout import Wish, form_key_of, place_order
from flexapp.workflows.services import Services


class CartEmpty(Invalid):
    """There is nothing to order."""

    code = "cart_empty"


def order_cart(
    services: Services,
    cart_token: str,
    *,
    track_ids: Sequence[str],
    buyer_email: str,
    buyer_name: str,
    accepted_terms_hash: str,
    address: str,
    browser: str,
    touches: Sequence[Touch] = (),
    public_token: str | None = None,
) -> str:
    """The id of the open order of the lines with these tracks; its exclusives are reserved.

    ``track_ids`` are the lines that the buyer saw as for sale, ``accepted_terms_hash`` is over what
    they saw of them, ``browser`` is a secret of their browser. All or nothing: raises what
    ``place_order`` raises, CartNotFound, CartExpired, CartEmpty, or Upstream when another open
    order of the cart could not be closed; the cart stays as it is then.
    """
    now, signer = services.clock.now(), services.signer
    buyer = checked_buyer(buyer_email, buyer_name)

    def nonce(session: Session) -> str:
        ended = queries.closed_orders_of_cart(session, cart_token)
        return signer.keyed_hash("cart-form", browser, cart_token, str(ended))

    with services.database.reading() as session:
        carts.cart_of(session, cart_token, now=now)
        lines = _wished(queries.lines_of_cart(session, cart_token), track_ids)
        same = form_key_of(signer, nonce(session), buyer, _wishes(lines))
        before = queries.open_orders_of_cart(session, cart_token)
    for order in before:
        if order.form_key == same:
            complete_order(services, order.id)  # paid in the other tab, perhaps, and not yet booked
        else:
            expire_checkout(services, order.id, early=True)
    with services.database.writing() as session:
        lines = _wished(queries.lines_of_cart(session, cart_token), track_ids)
        listened = {line.track_id: heard for line in lines if (heard := _session_of(services, line))}
        order = place_order(
            session,
            lines=_wishes(lines),
            buyer_email=buyer.email,
            buyer_name=buyer.name,
            accepted_terms_hash=accepted_terms_hash,
            address=address,
            touches=touches,
            services=services,
            now=now,
            nonce=nonce(session),
            public_token=public_token,
            cart_token=cart_token,
            listened=listened,
        )
        carts.cart_in_use(session, cart_token, now=now)
    services.wake_worker()
    return order.id


def _wished(lines: Sequence[CartLine], track_ids: Sequence[str]) -> list[CartLine]:
    """The lines that were seen, in the cart's order; raises when one of them has left the cart."""
    seen = set(track_ids)
    if not seen:
        raise CartEmpty("There is nothing to buy in this cart.")
    wished = [line for line in lines if line.track_id in seen]
    if len(wished) != len(seen):
        raise TermsChanged("This cart changed while you were reading. Please look again.")
    return wished


def _wishes(lines: Sequence[CartLine]) -> list[Wish]:
    return [(line.track_id, line.license_type_id, line.placement_token) for line in lines]


def _session_of(services: Services, line: CartLine) -> str:
    """The id of the listening session that a line was added in; long after it is still evidence."""
    claims = sessions.read(services.signer, line.session_token or "", line.added_at, late=sessions.LATE)
    return claims.session_id if claims else ""
