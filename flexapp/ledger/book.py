"""Balances: always sums of lines, never a counter."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flexapp.ledger.models import JournalEntry, LedgerLine


def balance(session: Session, account: str, *, currency: str) -> int:
    """Debits minus credits of one account, in minor units; a liability's is negative."""
    query = select(func.coalesce(func.sum(LedgerLine.amount), 0)).where(
        LedgerLine.account == account, LedgerLine.currency == currency
    )
    return int(session.scalar(query) or 0)


def balances(session: Session, *, currency: str, prefix: str = "") -> dict[str, int]:
    """Debits minus credits of every account that has lines, by its address."""
    query = (
        select(LedgerLine.account, func.sum(LedgerLine.amount))
        .where(LedgerLine.currency == currency)
        .group_by(LedgerLine.account)
        .order_by(LedgerLine.account)
    )
    if prefix:
        query = query.where(LedgerLine.account.startswith(prefix, autoescape=True))
    return {account: int(amount) for account, amount in session.execute(query)}


def trial_balance(session: Session, *, currency: str) -> int:
    """The sum over all accounts; anything but 0 is a fault in the books."""
    query = select(func.coalesce(func.sum(LedgerLine.amount), 0)).where(LedgerLine.currency == currency)
    return int(session.scalar(query) or 0)


def unbalanced_entries(session: Session) -> list[str]:
    """References of entries whose lines do not sum to zero, or that have none; always empty."""
    query = (
        select(JournalEntry.reference)
        .outerjoin(LedgerLine, LedgerLine.entry_id == JournalEntry.id)
        .group_by(JournalEntry.id)
        .having((func.coalesce(func.sum(LedgerLine.amount), 0) != 0) | (func.count(LedgerLine.id) == 0))
        .order_by(JournalEntry.reference)
    )
    return list(session.scalars(query))
