"""Selects of the dashboard that cross domains."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from flexapp.orders.models import Order, OrderItem
from flexapp.orders.queries import EARNING


def sold_by_track(
    session: Session,
    person_id: str,
    *,
    since: datetime,
    until: datetime,
    app_ids: Collection[str] | None = None,
) -> dict[str, int]:
    """How many items of each track earned the person something; refunded ones are left out."""
    query = (
        select(OrderItem.track_id, func.count())
        .join(Order, Order.id == OrderItem.order_id)
        .where(
            Order.state.in_(EARNING),
            Order.paid_at >= since,
            Order.paid_at < until,
            or_(OrderItem.producer_id == person_id, OrderItem.affiliate_id == person_id),
            OrderItem.refunded < OrderItem.price,
        )
        .group_by(OrderItem.track_id)
    )
    if app_ids is not None:
        query = query.where(OrderItem.app_id.in_(list(app_ids)))
    return {track_id: int(count) for track_id, count in session.execute(query)}
