"""Reading the journal: entries by id, and in which currencies somebody has lines."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from flexapp.ledger.accounts import payable
from flexapp.ledger.models import JournalEntry, LedgerLine


def entries_by_ids(session: Session, entry_ids: Collection[str]) -> dict[str, JournalEntry]:
    """Journal entries by id."""
    query = select(JournalEntry).where(JournalEntry.id.in_(entry_ids))
    return {entry.id: entry for entry in session.scalars(query)}


def currencies_of(session: Session, payee_id: str) -> Sequence[str]:
    """The currencies that a payee has lines in, by their code."""
    query = (
        select(LedgerLine.currency)
        .where(LedgerLine.account == payable(payee_id))
        .distinct()
        .order_by(LedgerLine.currency)
    )
    return session.scalars(query).all()
