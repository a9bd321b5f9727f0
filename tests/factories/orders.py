"""Orders as buyers make them: through the workflows, on whatever payment processor the services have."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from flexapp.attribution.touches import Touch
from flexapp.catalog.models import LicenseType, Track
from flexapp.catalog.offers import offers_for
from flexapp.inbox.models import InboundEvent
from flexapp.ledger import book
from flexapp.licensing.models import License, LicenseState, Reservation
from flexapp.orders import queries
from flexapp.orders.models import Order, OrderItem, OrderState
from flexapp.orders.proceeds import producer_roles
from flexapp.orders.terms import terms_hash
from flexapp.outbox.models import Job
from flexapp.workflows.open_checkout import place_order, shown, start_checkout
from flexapp.workflows.services import Services
from flexapp.workflows.sync_payment import handle_event

_count = itertools.count(1)


def accepted(session: Session, track: Track, license_type: LicenseType) -> str:
    """The hash over what a page shows of this license on this track."""
    offers = offers_for(session, [track])[track.id]
    (offer,) = [one for one in offers if one.license_type.id == license_type.id]
    return terms_hash([shown(track, offer)])


def order(
    services: Services,
    track: Track,
    license_type: LicenseType,
    *,
    key: str | None = None,
    touches: Sequence[Touch] = (),
    start: bool = True,
    **options: Any,
) -> Order:
    """An open order of one line, its checkout opened; ``key`` is the placement token it came from."""
    number = next(_count)
    with services.database.writing() as session:
        if "accepted_terms_hash" not in options:
            options["accepted_terms_hash"] = accepted(session, track, license_type)
        placed = place_order(
            session,
            **{
                "lines": [(track.id, license_type.id, key)],
                "buyer_email": f"buyer{number}@mail.example",
                "buyer_name": f"Buyer {number}",
                "address": f"198.51.{number // 250}.{number % 250}",
                "touches": touches,
                "services": services,
                "now": services.clock.now(),
                **options,
            },
        )
    if start:
        start_checkout(services, placed.id)
    return reload(services, placed.id)


def reload(services: Services, order_id: str) -> Order:
    """The order as it is now."""
    with services.database.reading() as session:
        return queries.order_by_id(session, order_id)


def items(services: Services, order_id: str) -> Sequence[OrderItem]:
    """The order's items as they are now."""
    with services.database.reading() as session:
        return queries.items_of(session, order_id)


def jobs(services: Services, kind: str) -> list[dict[str, Any]]:
    """Payloads of the promised jobs of a kind, oldest first."""
    with services.database.reading() as session:
        return list(session.scalars(select(Job.payload).where(Job.kind == kind).order_by(Job.id)))


def deliver(services: Services, type_: str, object_id: str, charge_id: str = "") -> None:
    """What the worker does with one event."""
    event = InboundEvent(
        source="stripe",
        event_id=f"evt_{type_}_{object_id}",
        type=type_,
        object_id=object_id,
        payload={"data": {"object": {"id": object_id, "charge": charge_id}}},
    )
    handle_event(services, event)


def check_books(services: Services) -> None:
    """The three invariants: entries balance, payables are what the items say, paid means licensed."""
    with services.database.reading() as session:
        assert book.trial_balance(session, currency="usd") == 0
        assert book.unbalanced_entries(session) == []
        entitled: dict[str, int] = {}
        fee = 0
        for item, state in session.execute(
            select(OrderItem, Order.state).join(Order, Order.id == OrderItem.order_id)
        ):
            licensed = session.scalar(select(License).where(License.order_item_id == item.id))
            assert (licensed is not None) or state not in (OrderState.PAID, OrderState.PARTLY_REFUNDED)
            if licensed is None:
                continue
            assert (licensed.state is LicenseState.REVOKED) == (item.refunded >= item.price)
            own = item.producer_amount - item.producer_refunded
            entitled[item.producer_id] = entitled.get(item.producer_id, 0) + own
            if item.affiliate_amount:
                share = item.affiliate_amount - item.affiliate_refunded
                entitled[item.affiliate_id] = entitled.get(item.affiliate_id, 0) + share
            fee += item.platform_amount - item.platform_refunded
            parts = (item.producer_refunded, item.affiliate_refunded, item.platform_refunded)
            assert sum(parts) == item.refunded
            assert sum(producer_roles(item.producer_amount, item.rates).values()) == item.producer_amount
        liability = {
            account.removeprefix("payable:"): -amount
            for account, amount in book.balances(session, currency="usd", prefix="payable:").items()
        }
        assert {who: value for who, value in liability.items() if value} == {
            who: value for who, value in entitled.items() if value
        }
        assert -book.balance(session, "revenue:fee", currency="usd") == fee


def reservations(services: Services) -> list[str]:
    """Tracks that somebody holds now."""
    with services.database.reading() as session:
        return list(session.scalars(select(Reservation.track_id)))
