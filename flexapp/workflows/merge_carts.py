"""Put the lines of one cart into another: begun in a player, gone on with on our own pages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from flexapp.catalog.queries import TrackNotFound
from flexapp.errors import Conflict
from flexapp.orders import carts, queries
from flexapp.workflows.fill_cart import put_in_cart
from flexapp.workflows.services import Services


def merge_carts(
    session: Session, source: str, target: str, *, services: Services, now: datetime
) -> list[str]:
    """Move every line from ``source`` to ``target`` with what led to it; returns titles that stayed behind.

    A track that the target holds already keeps the license it has there. What is not for sale any
    more, or does not fit, stays where it is. Raises CartNotFound or CartExpired.
    """
    used = {token: carts.cart_in_use(session, token, now=now) for token in sorted({source, target})}
    there = {line.track_id for line in queries.lines_of_cart(session, target)}
    left = []
    for line in queries.lines_of_cart(session, source) if source != target else ():
        if line.track_id not in there:
            try:
                put_in_cart(
                    session,
                    target,
                    track_id=line.track_id,
                    license_type_id=line.license_type_id,
                    placement_token=line.placement_token,
                    session_token=line.session_token,
                    services=services,
                    now=now,
                )
            except (TrackNotFound, Conflict):
                left.append(line.track_title)
                continue
        carts.remove(session, used[source], line.track_id)
    return left
