"""Sales, refunds and downloads as events of the log, so that one funnel leads from a load to the money.

They are stored in the transaction of what they tell of, not by the group commit: an event that could be
lost or told twice would make the funnel disagree with the books. Each bears the site, country and browser
of the listening session that the sale began in, while its raw rows are there.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from flexapp.listening import queries
from flexapp.listening.dimensions import UNKNOWN, Dimensions
from flexapp.listening.ingest import append
from flexapp.listening.lines import Row
from flexapp.listening.models import Kind
from flexapp.listening.rows import bought_row
from flexapp.listening.sessions import SessionClaims
from flexapp.orders.models import OrderItem
from flexapp.orders.refunds import RefundLeg


def note_sale(session: Session, items: Collection[OrderItem], *, now: datetime) -> None:
    """The items were paid. Facts: ``item``, ``amount`` in minor units, ``currency``, ``count`` 1."""
    append(session, [_row(session, item, Kind.SALE, amount=item.price, count=1, now=now) for item in items])


def note_refund(
    session: Session,
    items: Collection[OrderItem],
    legs: Collection[RefundLeg],
    *,
    number: int,
    sign: int = 1,
    now: datetime,
) -> None:
    """Money of the items went back, or came again with ``sign=-1`` when that failed.

    Call it after the items' amounts moved. ``number`` tells refunds and their failures apart.
    Facts as of a sale; ``amount`` and ``count`` are negative when the refund failed. ``count`` is 1 when
    nothing is left of the item's price now, so that refunds never outnumber sales.
    """
    by_id = {item.id: item for item in items}
    rows = []
    for leg in legs:
        item = by_id[leg.item_id]
        before, after = item.refunded - sign * leg.total, item.refunded
        count = int(after >= item.price) - int(before >= item.price)
        if leg.total:
            amount = sign * leg.total
            rows.append(_row(session, item, Kind.REFUND, number=number, amount=amount, count=count, now=now))
    append(session, rows)


def note_download(session: Session, item: OrderItem, *, file_kind: str, now: datetime) -> None:
    """A file of the item was handed over, once more for each call. Facts: ``item``, ``file``."""
    claims, dimensions = _origin(session, item, now=now)
    row = bought_row(
        claims,
        Kind.DOWNLOAD,
        name=f"f:{secrets.token_urlsafe(12)}",
        track_id=item.track_id,
        facts={"item": item.id, "file": file_kind},
        dimensions=dimensions,
    )
    append(session, [row])


def _row(
    session: Session, item: OrderItem, kind: Kind, *, amount: int, count: int, number: int = 0, now: datetime
) -> Row:
    claims, dimensions = _origin(session, item, now=now)
    return bought_row(
        claims,
        kind,
        name=f"{kind.value}:{item.id}",
        number=number,
        track_id=item.track_id,
        facts={"item": item.id, "amount": amount, "currency": item.currency, "count": count},
        dimensions=dimensions,
    )


def _origin(session: Session, item: OrderItem, *, now: datetime) -> tuple[SessionClaims, Dimensions]:
    """Who is credited for the item, as frozen on it; the item's id stands for a session that is unknown."""
    session_id = str(item.attribution.get("session_id") or item.id)
    claims = SessionClaims(session_id, item.app_id or "", item.placement_id or "", item.channel, "", now)
    origin = queries.origin_of(session, session_id)
    return (claims, UNKNOWN) if origin is None else (replace(claims, host=origin[0]), origin[1])
