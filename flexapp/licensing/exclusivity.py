"""An exclusive is held for one buyer at a time and sold once; the database's keys see to it.

The reservation's key and the sale's key are the track, so two can not live, whatever races.
Callers hold the locks of ``workflows/locks.py``: the address, then the tracks.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from flexapp.catalog.models import Track
from flexapp.catalog.operations import TrackSold, mark_sold_exclusively
from flexapp.errors import Conflict, TooMany
from flexapp.licensing import queries
from flexapp.licensing.models import ExclusiveSale, Reservation, ReservationPause
from flexapp.storage.once import insert_once

MOST_RESERVATIONS = 2
"""Live exclusive reservations of one buyer's network address."""
PAUSE = timedelta(minutes=30)
"""How long an address waits after a reservation of it ran out unpaid."""
BRIEF = timedelta(minutes=10)
"""A reservation given back sooner than this costs no pause."""


class TrackReserved(Conflict):
    """Somebody is paying for the exclusive license right now."""

    code = "track_reserved"


class TooManyReservations(TooMany):
    """This address holds as many exclusives as one may hold at a time."""

    code = "too_many_reservations"


class ReservationPaused(TooMany):
    """A reservation of this address ran out unpaid a moment ago."""

    code = "reservation_paused"


def require_free(session: Session, track_ids: Collection[str]) -> None:
    """Raise TrackSold or TrackReserved unless every track may be licensed now, also by a lease."""
    if queries.sold_among(session, track_ids):
        raise TrackSold("This beat was sold exclusively. Licenses granted before stay valid.")
    if queries.reserved_among(session, track_ids):
        raise TrackReserved(
            "Somebody is buying the exclusive license of this beat right now. Try again in half an hour."
        )


def reserve(
    session: Session,
    track_ids: Collection[str],
    *,
    order_id: str,
    address_key: str,
    now: datetime,
    until: datetime,
) -> None:
    """Hold the exclusives of one order until its checkout has ended.

    Raises ReservationPaused, TooManyReservations, TrackSold or TrackReserved; nothing is held then.
    """
    pause = queries.pause_of(session, address_key)
    if pause is not None and pause > now:
        raise ReservationPaused(
            "An exclusive reserved from your address ran out unpaid. Please wait before the next one.",
            retry_after=int((pause - now).total_seconds()) + 1,
        )
    held = queries.reservations_of_address(session, address_key)
    if len(track_ids) > MOST_RESERVATIONS:
        raise TooManyReservations(
            f"One order takes at most {MOST_RESERVATIONS} exclusive licenses. Buy the others after it."
        )
    if held + len(track_ids) > MOST_RESERVATIONS:
        raise TooManyReservations(
            f"You hold {held} exclusive{'s' if held != 1 else ''} already, and at most "
            f"{MOST_RESERVATIONS} are held at a time: pay or cancel one first.",
            retry_after=int(PAUSE.total_seconds()),
        )
    require_free(session, track_ids)
    for track_id in sorted(track_ids):
        if not insert_once(
            session,
            Reservation,
            track_id=track_id,
            order_id=order_id,
            address_key=address_key,
            created_at=now,
            until=until,
        ):
            raise TrackReserved("Somebody is buying the exclusive license of this beat right now.")


def extend(session: Session, order_id: str, *, until: datetime) -> None:
    """The order's checkout ends later: its reservations too."""
    for reservation in queries.reservations_of_order(session, order_id):
        reservation.until = until
    session.flush()


def release(session: Session, order_id: str, *, now: datetime, pause: bool) -> None:
    """Give the order's reservations back; ``pause`` makes their address wait unless it was brief.

    Only for an order whose checkout the processor says nobody can pay any more, or that was paid.
    """
    for reservation in queries.reservations_of_order(session, order_id):
        if pause and now - reservation.created_at > BRIEF:
            _pause(session, reservation.address_key, until=now + PAUSE)
        session.delete(reservation)
    session.flush()


def sell(session: Session, track: Track, *, order_item_id: str, now: datetime) -> bool:
    """Mark the track sold by this item; False when another item sold it. Repeatable."""
    new = insert_once(session, ExclusiveSale, track_id=track.id, order_item_id=order_item_id, sold_at=now)
    if not new and queries.sold_by(session, track.id) != order_item_id:
        return False
    if track.sold_exclusively_at is None:
        mark_sold_exclusively(session, track, now=now)
    return True


def _pause(session: Session, address_key: str, *, until: datetime) -> None:
    if insert_once(session, ReservationPause, address_key=address_key, until=until):
        return
    pause = session.get_one(ReservationPause, address_key)
    pause.until = max(pause.until, until)
