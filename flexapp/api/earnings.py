"""Earnings: balances, and the lines behind them."""

from __future__ import annotations

from datetime import datetime

from flexapp.api.room import room
from flexapp.api.shapes.base import Money, unique
from flexapp.api.shapes.earnings import Balance, Entry, EntryPage, EntryQuery, Summary, SummaryQuery
from flexapp.ledger import queries, statements
from flexapp.ledger.models import JournalEntry, LedgerLine
from flexapp.orders.models import OrderItem
from flexapp.orders.queries import items_by_ids
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person

earnings = room("earnings", "Earnings", "What is pending, available and paid, and each line of it.")


def _balance(person_id: str, currency: str) -> Balance:
    found = statements.summary(db(), person_id, now=services().clock.now(), currency=currency)
    return Balance(
        currency=currency,
        pending=Money.of(found.pending),
        available=Money.of(found.available),
        paid=Money.of(found.paid),
    )


@earnings.get("/earnings", responses={200: Summary})
@allow(Access.TOKEN)
def get_earnings(query: SummaryQuery) -> Summary:
    """The balance in one currency, and those in every currency that the caller has lines in."""
    person = require_person()
    wanted = query.currency or services().settings.currency
    all_of_them = unique([*queries.currencies_of(db(), person.id), wanted])
    balances = {currency: _balance(person.id, currency) for currency in sorted(all_of_them)}
    chosen = balances[wanted]
    return Summary(
        currency=wanted,
        pending=chosen.pending,
        available=chosen.available,
        paid=chosen.paid,
        by_currency=list(balances.values()),
    )


@earnings.get("/earnings/entries", responses={200: EntryPage})
@allow(Access.TOKEN)
def list_entries(query: EntryQuery) -> EntryPage:
    """Each line of the caller's account, newest first, with its source and the date it becomes available."""
    person, now = require_person(), services().clock.now()
    page = statements.entries_of(
        db(),
        person.id,
        signer=services().signer,
        cursor=query.cursor,
        limit=query.limit,
        since=query.since,
    )
    journal = queries.entries_by_ids(db(), unique(line.entry_id for line in page.data))
    items = items_by_ids(db(), unique(line.group_ref for line in page.data))
    data = [_entry(line, journal[line.entry_id], items.get(line.group_ref), now) for line in page.data]
    return EntryPage(data=data, next_cursor=page.next_cursor)


def _entry(line: LedgerLine, journal: JournalEntry, item: OrderItem | None, now: datetime) -> Entry:
    return Entry(
        id=line.id,
        amount=Money(amount=-line.amount, currency=line.currency),
        role=line.role,
        status=_status(line, now),
        memo=journal.memo,
        reference=journal.reference,
        order_id=item.order_id if item else None,
        order_item_id=item.id if item else None,
        track_id=item.track_id if item else None,
        track_title=item.track_title if item else None,
        booked_at=line.booked_at,
        available_at=line.available_at,
    )


def _status(line: LedgerLine, now: datetime) -> str:
    if line.role == statements.TRANSFER:
        return "paid"
    return "pending" if line.available_at is not None and line.available_at > now else "available"
