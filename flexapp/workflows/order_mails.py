"""What a sale says by mail: receipt, sale notice, refund notice, the order's link anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from flexapp.gateways.ports import RefundFacts
from flexapp.kernel.money import format_money
from flexapp.ledger.recipes import Share
from flexapp.notices.letters import letter
from flexapp.notices.operations import send_mail
from flexapp.orders.models import Order, OrderItem
from flexapp.orders.proceeds import producer_roles
from flexapp.people.models import Person
from flexapp.workflows.services import Services


def send_receipt(
    session: Session, order: Order, items: Sequence[OrderItem], services: Services, *, now: datetime
) -> None:
    """To the buyer, once: what was bought, the way to the files, and each license's full text."""
    _send(
        session,
        "order_receipt",
        recipient=order.buyer_email,
        key=f"order.receipt:{order.id}",
        now=now,
        order=order,
        items=items,
        page=_page(services, order),
        days=services.settings.order_page_days,
        downloads=services.settings.downloads_per_file,
    )


def send_sale_notices(
    session: Session, order: Order, items: Sequence[OrderItem], services: Services, *, now: datetime
) -> None:
    """To each producer and affiliate, once an order: what was sold and what of it is theirs."""
    earned: dict[str, list[tuple[OrderItem, Share]]] = {}
    for item in items:
        for role, amount in producer_roles(item.producer_amount, item.rates).items():
            earned.setdefault(item.producer_id, []).append(
                (item, Share(item.producer_id, role, amount, item.id))
            )
        if item.affiliate_amount and item.affiliate_id is not None:
            share = Share(item.affiliate_id, "commission", item.affiliate_amount, item.id)
            earned.setdefault(item.affiliate_id, []).append((item, share))
    for person_id, shares in earned.items():
        person = session.get_one(Person, person_id)
        if person.deleted_at is not None:
            continue
        total = format_money(sum(share.amount for _, share in shares), order.currency)
        _send(
            session,
            "order_sale",
            recipient=person.email,
            title=shares[0][0].track_title,
            through_app=shares[0][0].producer_id != person_id,
            key=f"order.sale:{order.id}:{person_id}",
            now=now,
            person=person,
            order=order,
            shares=[(item, share) for item, share in shares if share.amount],
            total=total,
            available_at=now + services.settings.hold,
            finances=f"{services.settings.base_url}/producer-dashboard/finances",
        )


def send_refund_notice(
    session: Session,
    order: Order,
    items: Sequence[OrderItem],
    fact: RefundFacts,
    services: Services,
    *,
    now: datetime,
) -> None:
    """To the buyer, once a refund: how much goes back, and whether a license ended."""
    granted = any(item.refunded for item in items)
    _send(
        session,
        "order_refund",
        recipient=order.buyer_email,
        key=f"order.refund:{fact.id}",
        now=now,
        order=order,
        amount=format_money(fact.amount, fact.currency),
        conflicted=not granted,
        items=items,
        revoked=[item for item in items if granted and item.refunded >= item.price],
        page=_page(services, order),
    )


def send_order_link(session: Session, order: Order, services: Services, *, now: datetime) -> None:
    """To the buyer: the current link of the order's page; at most one an hour."""
    _send(
        session,
        "order_link",
        recipient=order.buyer_email,
        key=f"order.link:{order.id}:{now:%Y-%m-%dT%H}",
        now=now,
        order=order,
        page=_page(services, order),
        until=order.token_expires_at,
    )


def _page(services: Services, order: Order) -> str:
    return f"{services.settings.base_url}/orders/{order.token}"


def _send(session: Session, name: str, *, recipient: str, key: str, now: datetime, **facts: Any) -> None:
    send_mail(session, letter(name, key=key, recipient=recipient, **facts), now=now)
