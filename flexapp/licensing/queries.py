"""Reading reservations, exclusive sales, licenses and their files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from flexapp.catalog.models import Deliverable
from flexapp.licensing.models import Download, ExclusiveSale, License, Reservation, ReservationPause


def sold_among(session: Session, track_ids: Collection[str]) -> list[str]:
    """Those of the tracks that are sold exclusively."""
    query = select(ExclusiveSale.track_id).where(ExclusiveSale.track_id.in_(track_ids))
    return list(session.scalars(query))


def sold_by(session: Session, track_id: str) -> str | None:
    """The order item that sold the track exclusively."""
    return session.scalar(select(ExclusiveSale.order_item_id).where(ExclusiveSale.track_id == track_id))


def reserved_among(session: Session, track_ids: Collection[str]) -> list[str]:
    """Those of the tracks that an open order holds exclusively."""
    query = select(Reservation.track_id).where(Reservation.track_id.in_(track_ids))
    return list(session.scalars(query))


def reserving_orders(session: Session, track_ids: Collection[str]) -> dict[str, str]:
    """The open orders that hold some of the tracks exclusively, by track id."""
    query = select(Reservation.track_id, Reservation.order_id).where(Reservation.track_id.in_(track_ids))
    return {row.track_id: row.order_id for row in session.execute(query)}


def reservation_of(session: Session, track_id: str) -> Reservation | None:
    """Who holds the track now."""
    return session.get(Reservation, track_id)


def reservations_of_order(session: Session, order_id: str) -> Sequence[Reservation]:
    """What the order holds."""
    query = select(Reservation).where(Reservation.order_id == order_id).order_by(Reservation.track_id)
    return session.scalars(query).all()


def reservations_of_address(session: Session, address_key: str) -> int:
    """How many exclusives one address holds."""
    query = select(func.count()).select_from(Reservation).where(Reservation.address_key == address_key)
    return session.scalar(query) or 0


def pause_of(session: Session, address_key: str) -> datetime | None:
    """Until when the address waits."""
    query = select(ReservationPause.until).where(ReservationPause.address_key == address_key)
    return session.scalar(query)


def lock_address(session: Session, address_key: str) -> None:
    """Hold the address's row, which must exist, until the transaction ends."""
    session.execute(
        select(ReservationPause.until).where(ReservationPause.address_key == address_key).with_for_update()
    )


def deliverables_of(session: Session, track_id: str) -> Sequence[Deliverable]:
    """The files there are of a track, by kind."""
    query = select(Deliverable).where(Deliverable.track_id == track_id).order_by(Deliverable.kind)
    return session.scalars(query).all()


def license_by_id(session: Session, license_id: str) -> License | None:
    """The license."""
    return session.get(License, license_id)


def license_of_item(session: Session, order_item_id: str) -> License | None:
    """The license an item granted."""
    return session.scalar(select(License).where(License.order_item_id == order_item_id))


def licenses_of_order(session: Session, order_id: str) -> Sequence[License]:
    """The licenses of an order."""
    return session.scalars(select(License).where(License.order_id == order_id).order_by(License.id)).all()


def select_licenses_of_producer(producer_id: str) -> Select[License]:
    """Licenses granted on a producer's tracks, for a keyset page by (issued_at, id)."""
    return select(License).where(License.producer_id == producer_id)


def downloads_of(session: Session, license_ids: Collection[str]) -> Sequence[Download]:
    """The files of the licenses, with their counters."""
    query = select(Download).where(Download.license_id.in_(license_ids)).order_by(Download.kind, Download.id)
    return session.scalars(query).all()


def download_by_id(session: Session, download_id: int) -> Download | None:
    """One file of a license."""
    return session.get(Download, download_id)
