"""``/finances``: what is pending, available and paid, and the line behind every cent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, render_template, request

from flexapp.kernel.money import format_money
from flexapp.ledger import statements
from flexapp.ledger.models import LedgerLine
from flexapp.orders.models import OrderItem
from flexapp.orders.queries import items_by_ids
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person

blueprint = Blueprint("finances", __name__, url_prefix="/producer-dashboard")
_PAGE = 30
_RATE_OF = {"share": "producer", "bonus": "self_referral_bonus"}
_WORDS = {"share": "share", "commission": "commission", "bonus": "self-referral bonus"}


@dataclass(frozen=True)
class Entry:
    """One line of a person's account: ``amount`` in minor units, positive is money for them."""

    line: LedgerLine
    amount: int
    title: str
    explanation: str
    is_pending: bool
    order_id: str | None


@blueprint.get("/finances")
@allow(Access.SIGNED_IN)
def finances() -> str:
    """Balances, when pending money becomes available, and the lines with their explanation."""
    person, given = require_person(), services()
    now, currency = given.clock.now(), given.settings.currency
    page = statements.entries_of(
        db(), person.id, signer=given.signer, cursor=request.args.get("cursor"), limit=_PAGE
    )
    items = items_by_ids(db(), {line.group_ref for line in page.data})
    return render_template(
        "dashboard/finances.html",
        summary=statements.summary(db(), person.id, now=now, currency=currency),
        maturing=by_day(statements.maturing(db(), person.id, now=now, currency=currency)),
        entries=[entry_of(line, items.get(line.group_ref), person.id, now=now) for line in page.data],
        hold_days=given.settings.hold_days,
        next_cursor=page.next_cursor,
        is_first=not request.args.get("cursor"),
    )


def by_day(maturing: list[statements.Maturing]) -> list[statements.Maturing]:
    """One row for each day (UTC), at its first moment; days that net to zero are left out."""
    days: dict[date, statements.Maturing] = {}
    for one in maturing:
        day = one.available_at.date()
        before = days.get(day)
        days[day] = statements.Maturing(before.available_at, before.money + one.money) if before else one
    return [one for one in days.values() if one.money.amount]


def entry_of(line: LedgerLine, item: OrderItem | None, person_id: str, *, now: datetime) -> Entry:
    """A ledger line in words: ``75 % of $65.00, Premium lease``."""
    amount = -line.amount
    is_pending = line.available_at is not None and line.available_at > now
    if item is None:
        return Entry(line, amount, line.role.capitalize(), "", is_pending, None)
    word = _WORDS.get(line.role, line.role)
    if amount < 0:
        explanation = f"{word.capitalize()} taken back with a refund, {item.license_name}"
    else:
        own = item.producer_id == person_id
        name = _RATE_OF.get(line.role, "own_app" if own else "affiliate")
        rate = item.rates.get(name, 0)
        price = format_money(item.price, item.currency)
        explanation = f"{word.capitalize()}: {rate / 100:g} % of {price}, {item.license_name}"
    order_id = item.order_id if item.producer_id == person_id else None
    return Entry(line, amount, item.track_title, explanation, is_pending, order_id)
