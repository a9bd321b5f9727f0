"""Selects of the dashboard that cross domains."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from flexapp.apps.models import FlexApp
from flexapp.catalog.models import Track
from flexapp.listening.insights import Scope
from flexapp.listening.models import Decision, Play
from flexapp.orders.models import Order, OrderItem
from flexapp.orders.queries import EARNING

_LONGEST_LISTEN = timedelta(hours=2)
_REPORTED = timedelta(seconds=30)


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


def listening_now(session: Session, scope: Scope, *, now: datetime) -> int:
    """Listens that reported within the last half minute (players report every ten seconds) and may count."""
    query = (
        select(func.count())
        .select_from(Play)
        .where(
            Play.started_at >= now - _LONGEST_LISTEN,
            Play.updated_at >= now - _REPORTED,
            Play.decision != Decision.REJECTED,
        )
    )
    if scope.person_id is not None:
        apps = select(FlexApp.id).where(FlexApp.owner_id == scope.person_id)
        tracks = select(Track.id).where(Track.producer_id == scope.person_id)
        query = query.where(or_(Play.app_id.in_(apps), Play.track_id.in_(tracks)))
    if scope.app_ids is not None:
        query = query.where(Play.app_id.in_(list(scope.app_ids)))
    if scope.track_ids is not None:
        query = query.where(Play.track_id.in_(list(scope.track_ids)))
    return session.scalar(query) or 0
