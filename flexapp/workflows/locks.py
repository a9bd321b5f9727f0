"""The one order in which rows are locked, so that no two flows wait for each other.

1. the buyer's network address (its row in ``reservation_pause``),
2. the order,
3. the tracks, by id,
4. the cart,
5. whatever is inserted: reservation, exclusive sale, license, journal entry, job, mail.

A flow takes only what it needs, always in this order, each key once, in one short transaction,
and never holds any of it across a call to Stripe. SQLite has one writer and ignores row locks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from flexapp.catalog.models import Track
from flexapp.licensing import queries as licensing
from flexapp.licensing.models import ReservationPause
from flexapp.orders import queries as orders
from flexapp.orders.models import Order
from flexapp.storage.once import insert_once


def lock_address(session: Session, address_key: str, *, now: datetime) -> None:
    """First: whoever counts or pauses the reservations of one address does it alone."""
    insert_once(session, ReservationPause, address_key=address_key, until=now)
    licensing.lock_address(session, address_key)


def lock_order(session: Session, order_id: str) -> Order:
    """Second: the order as it is now, read under its lock."""
    return orders.order_for_update(session, order_id)


def lock_tracks(session: Session, track_ids: Collection[str]) -> Sequence[Track]:
    """Third: the tracks as they are now, in the order of their ids."""
    query = select(Track).where(Track.id.in_(set(track_ids))).order_by(Track.id)
    query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.scalars(query).all()
