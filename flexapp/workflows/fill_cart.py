"""Put a license of a track into a cart, with the placement and the listening session that led to it.

Both tokens are checked here and kept as they came: who is credited is decided for each line when
it is ordered. A token that is not ours counts as none, since nothing about it may stop a purchase.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from flexapp.apps.models import Channel
from flexapp.apps.queries import placement_by_token
from flexapp.apps.tokens import read_placement_token
from flexapp.catalog.models import Visibility
from flexapp.catalog.offers import offers_for
from flexapp.catalog.operations import TrackSold
from flexapp.catalog.queries import TrackNotFound, track_by_id
from flexapp.listening import sessions
from flexapp.listening.ingest import append
from flexapp.listening.rows import a_page, add_row
from flexapp.listening.sessions import SessionClaims
from flexapp.orders import carts, queries
from flexapp.orders.carts import NewLine
from flexapp.orders.models import Cart
from flexapp.workflows.open_checkout import OfferGone
from flexapp.workflows.services import Services


def put_in_cart(
    session: Session,
    cart_token: str | None,
    *,
    track_id: str,
    license_type_id: str,
    placement_token: str | None,
    session_token: str | None,
    services: Services,
    now: datetime,
    visitor_key: str | None = None,
) -> Cart:
    """The cart after the line was added, or its license changed; a new cart without ``cart_token``.

    By ``visitor_key`` (of the listening session's site) adds of owners are known as their own.

    Raises TrackNotFound, TrackSold, OfferGone, CartNotFound, CartExpired, CartFull or OtherCurrency.
    """
    track = track_by_id(session, track_id)
    if track is None or track.visibility is Visibility.DRAFT:
        raise TrackNotFound("This beat is not there any more.")
    if track.sold_exclusively_at is not None:
        raise TrackSold("This beat was sold exclusively.")
    matching = (
        one for one in offers_for(session, [track])[track.id] if one.license_type.id == license_type_id
    )
    offer = next(matching, None)
    if offer is None:
        raise OfferGone("This license is not offered any more. Please choose another.")
    if cart_token is None:
        cart = carts.open_cart(session, currency=offer.currency, now=now)
    else:
        cart = carts.cart_in_use(session, cart_token, now=now)
    signer = services.signer
    if not (placement_token and read_placement_token(signer, placement_token)):
        placement_token = None
    claims = sessions.read(signer, session_token or "", now, late=sessions.LATE)
    new = NewLine(
        track_id=track.id,
        license_type_id=license_type_id,
        track_title=track.title,
        license_name=offer.license_type.name,
        price=offer.price,
        currency=offer.currency,
        placement_token=placement_token,
        session_token=session_token if claims else None,
    )
    is_new = track.id not in {line.track_id for line in queries.lines_of_cart(session, cart.token)}
    carts.put(session, cart, new, now=now)
    if is_new:
        origin = claims or _page_of(session, placement_token, services, now=now)
        append(session, [add_row(origin, track_id=track.id, now=now, visitor_key=visitor_key)])
    return cart


def _page_of(
    session: Session, placement_token: str | None, services: Services, *, now: datetime
) -> SessionClaims:
    """Whose page a license was chosen on without a player: the placement's that the line names, or ours."""
    placement = placement_by_token(session, services.signer, placement_token)
    return a_page(
        app_id=placement.app_id if placement else "",
        placement_id=placement.id if placement else "",
        channel=placement.channel if placement else Channel.PLATFORM_PAGE,
        now=now,
    )
