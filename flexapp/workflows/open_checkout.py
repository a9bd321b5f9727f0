"""Open a checkout: price and attribute the lines, reserve exclusives, then ask Stripe for the page.

Two steps with a commit between them: the order and its reservations exist before the Checkout
Session does, and no lock is held while Stripe is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from flexapp.attribution.crediting import Decision, credit
from flexapp.attribution.queries import evidence_of_token, evidence_of_touches
from flexapp.attribution.touches import Touch
from flexapp.catalog.caps import full_terms
from flexapp.catalog.models import Track
from flexapp.catalog.offers import Offer, offers_for
from flexapp.errors import Conflict, FlexAppError
from flexapp.gateways.ports import Checkout, CheckoutLine
from flexapp.kernel.network import network_of
from flexapp.kernel.signing import Signer
from flexapp.kernel.steps import step
from flexapp.licensing import exclusivity
from flexapp.licensing.operations import promised_files
from flexapp.orders import operations as orders
from flexapp.orders import queries
from flexapp.orders.models import Order, OrderItem, OrderState
from flexapp.orders.proceeds import divide
from flexapp.orders.terms import Shown, TermsChanged, terms_hash
from flexapp.outbox.operations import enqueue
from flexapp.people.models import Person
from flexapp.workflows.locks import lock_address, lock_order, lock_tracks
from flexapp.workflows.services import Services

STRIPES_LEAST = timedelta(minutes=30)
"""A Checkout Session lives at least this long from its creation (Stripe's rule for ``expires_at``)."""

Wish = tuple[str, str, str | None]
"""One line wished for: track id, license type id, and the placement token it was added from."""


class OfferGone(Conflict):
    """The license is not offered on this track any more."""

    code = "offer_gone"


class OrderClosed(Conflict):
    """The order was paid or has expired; there is nothing to pay."""

    code = "order_closed"


def shown(track: Track, offer: Offer) -> Shown:
    """An offer as a page shows it and a buyer accepts it."""
    return Shown(
        track_id=track.id,
        license_type_id=offer.license_type.id,
        license_name=offer.license_type.name,
        price=offer.price,
        currency=offer.currency,
        terms=full_terms(offer.license_type.terms, offer.license_type.caps),
        caps=offer.license_type.caps,
        deliverables=offer.deliverables,
    )


def place_order(
    session: Session,
    *,
    lines: Sequence[Wish],
    buyer_email: str,
    buyer_name: str,
    accepted_terms_hash: str,
    address: str,
    touches: Sequence[Touch] = (),
    services: Services,
    now: datetime,
    nonce: str | None = None,
    public_token: str | None = None,
    cart_token: str | None = None,
    listened: Mapping[str, str] | None = None,
) -> Order:
    """The open order of these lines with everything decided and frozen; its exclusives are reserved.

    ``accepted_terms_hash`` is ``orders.terms.terms_hash`` over what the buyer saw, ``address`` the
    buyer's network address, ``nonce`` the sent form's: the same form with the same content gives
    the order it made before. ``cart_token`` names the cart that is ordered; ``listened`` are ids of
    listening sessions by track, kept as evidence. Raises InvalidOrder, TrackTwice, OfferGone,
    TermsChanged, TrackSold, TrackReserved, TooManyReservations or ReservationPaused; nothing is written then.
    """
    settings, signer = services.settings, services.signer
    buyer = orders.checked_buyer(buyer_email, buyer_name)
    track_ids = [track_id for track_id, _, _ in lines]
    if len(set(track_ids)) != len(track_ids):
        raise orders.TrackTwice("The same track is in this order twice.")
    form_key = form_key_of(signer, nonce, buyer, lines) if nonce else None
    address_key = signer.keyed_hash("reservation", network_of(address))

    lock_address(session, address_key, now=now)
    if form_key and (before := queries.order_by_form_key(session, form_key)) is not None:
        return before
    tracks = {track.id: track for track in lock_tracks(session, track_ids)}
    exclusivity.require_free(session, list(tracks))
    chosen = _chosen(session, lines, tracks)
    if terms_hash(shown(tracks[offer_of[0]], offer_of[1]) for offer_of in chosen) != accepted_terms_hash:
        raise TermsChanged("The price or the terms changed while you were reading. Please look again.")

    evidence = evidence_of_touches(session, touches)
    items = []
    for (track_id, offer), (_, _, token) in zip(chosen, lines, strict=True):
        track = tracks[track_id]
        producer = session.get_one(Person, track.producer_id)
        decision = credit(
            producer_id=producer.id,
            allows_affiliate_sales=producer.allows_affiliate_sales,
            direct=evidence_of_token(session, signer, token, now=now),
            touches=evidence,
            buyer_email=buyer.email,
            now=now,
            window=timedelta(days=settings.attribution_days),
        )
        if listened and track_id in listened:
            decision.explanation["session_id"] = listened[track_id]
        files = promised_files(session, track.id, offer.deliverables)
        items.append(_item(track, offer, files, producer, decision, services))
    until = now + timedelta(minutes=settings.checkout_minutes)
    order = orders.place(
        session,
        items,
        buyer=buyer,
        terms_hash=accepted_terms_hash,
        address_key=address_key,
        checkout_until=until,
        page_until=now + timedelta(days=settings.order_page_days),
        now=now,
        form_key=form_key,
        public_token=public_token,
        cart_token=cart_token,
    )
    grace = timedelta(minutes=settings.checkout_grace_minutes)
    exclusives = [item.track_id for item in items if item.is_exclusive]
    if exclusives:
        exclusivity.reserve(
            session, exclusives, order_id=order.id, address_key=address_key, now=now, until=until + grace
        )
        step("checkout.reserved", session=session, order_id=order.id)
    _promise_expiry(session, order, run_at=until + grace, now=now)
    step("checkout.placed", session=session, order_id=order.id)
    return order


def form_key_of(signer: Signer, nonce: str, buyer: orders.Buyer, lines: Sequence[Wish]) -> str:
    """What makes two sent forms the same: nonce, buyer and lines."""
    wishes = (part or "" for line in lines for part in line)
    return signer.keyed_hash("order-form", nonce, buyer.email, buyer.name, *wishes)


def start_checkout(services: Services, order_id: str) -> str:
    """The address of the order's page at Stripe; the same again while it may be paid.

    Opens its own short transactions and holds none while it asks. Raises OrderClosed, or Upstream
    when Stripe cannot be reached: the order stays open and a later call finishes the work.
    """
    now = services.clock.now()
    with services.database.writing() as session:
        order = lock_order(session, order_id)
        if order.checkout_session_id is None:
            _renew_attempt(session, order, services, now=now)
        items = queries.items_of(session, order_id)
    if order.state is not OrderState.OPEN:
        raise OrderClosed("This order is closed.")
    if order.checkout_session_id is None:
        step("checkout.committed")
        checkout = _create(services, order, items)
        step("checkout.created")
        with services.database.writing() as session:
            order = lock_order(session, order_id)
            if order.checkout_session_id is None:
                order.checkout_session_id = checkout.id
                order.checkout_url = checkout.url
            state = order.state
        step("checkout.saved")
        if state is not OrderState.OPEN:
            services.payments.expire_checkout(checkout.id)
            raise OrderClosed("This order is closed.")
    if order.checkout_url is None or order.checkout_expires_at is None or order.checkout_expires_at <= now:
        raise OrderClosed("The time to pay this order has run out. Please start again.")
    return order.checkout_url


def _chosen(session: Session, lines: Sequence[Wish], tracks: dict[str, Track]) -> list[tuple[str, Offer]]:
    offers = offers_for(session, list(tracks.values()))
    chosen = []
    for track_id, license_type_id, _ in lines:
        matching = (one for one in offers.get(track_id, []) if one.license_type.id == license_type_id)
        offer = next(matching, None)
        if offer is None or offer.unavailable_reason:
            raise OfferGone("This license is not offered any more. Please look again.")
        chosen.append((track_id, offer))
    return chosen


def _item(
    track: Track,
    offer: Offer,
    files: tuple[dict[str, Any], ...],
    producer: Person,
    decision: Decision,
    services: Services,
) -> orders.NewItem:
    seen = shown(track, offer)
    proceeds = divide(
        offer.price,
        schedule=services.settings.commission_schedule,
        producer_is_affiliate=decision.producer_is_affiliate,
        has_affiliate=decision.affiliate_id is not None,
    )
    return orders.NewItem(
        track_id=track.id,
        producer_id=producer.id,
        license_type_id=seen.license_type_id,
        track_title=track.title,
        producer_name=producer.name,
        license_name=seen.license_name,
        is_exclusive=offer.is_exclusive,
        terms=seen.terms,
        caps=dict(seen.caps),
        deliverables=seen.deliverables,
        files=files,
        currency=seen.currency,
        proceeds=proceeds,
        placement_id=decision.placement_id,
        app_id=decision.app_id,
        affiliate_id=decision.affiliate_id,
        channel=decision.channel,
        attribution=decision.explanation,
    )


def _renew_attempt(session: Session, order: Order, services: Services, *, now: datetime) -> None:
    """Give an order whose page never came a new attempt, once Stripe would refuse the old one's end.

    Nobody can have paid the old attempt: its address was stored before anybody was sent there,
    and it was not stored.
    """
    until = order.checkout_expires_at
    if order.state is not OrderState.OPEN or until is None or until - now >= STRIPES_LEAST:
        return
    grace = timedelta(minutes=services.settings.checkout_grace_minutes)
    order.attempt += 1
    order.checkout_expires_at = now + timedelta(minutes=services.settings.checkout_minutes)
    exclusivity.extend(session, order.id, until=order.checkout_expires_at + grace)
    _promise_expiry(session, order, run_at=order.checkout_expires_at + grace, now=now)


def _promise_expiry(session: Session, order: Order, *, run_at: datetime, now: datetime) -> None:
    enqueue(
        session,
        "checkout.expire",
        key=f"checkout.expire:{order.id}:{order.attempt}",
        payload={"order_id": order.id},
        run_at=run_at,
        now=now,
    )


def _create(services: Services, order: Order, items: Sequence[OrderItem]) -> Checkout:
    if order.checkout_expires_at is None:
        raise FlexAppError("An open order says until when it may be paid.")
    base = services.settings.base_url
    page = f"{base}/orders/{order.token}"
    return services.payments.create_checkout(
        order_id=order.id,
        attempt=order.attempt,
        lines=[
            CheckoutLine(
                name=f"{item.track_title} · {item.license_name}",
                description=f"by {item.producer_name}",
                amount=item.price,
            )
            for item in items
        ],
        currency=order.currency,
        buyer_email=order.buyer_email,
        success_url=page,
        cancel_url=f"{base}/cart/{order.cart_token}" if order.cart_token else page,
        expires_at=order.checkout_expires_at,
    )
