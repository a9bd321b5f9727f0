"""Account addresses, journal entries, ledger lines: append-only, zero-sum."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from flexapp.storage.base import Base
from flexapp.storage.columns import Minor, Moment, UtcDateTime, public_id, refers_to


class JournalEntry(Base):
    """A balanced set of lines under one unique reference, such as ``charge:ch_…``."""

    __tablename__ = "journal_entry"

    id: Mapped[str] = public_id("led")
    reference: Mapped[str] = mapped_column(String(160), unique=True)
    memo: Mapped[str] = mapped_column(String(200), default="")
    currency: Mapped[str] = mapped_column(String(3))
    booked_at: Mapped[Moment]


class LedgerLine(Base):
    """One line: positive is a debit, negative a credit, in minor units; an entry sums to zero.

    ``role`` names why the account takes part (share, commission, bonus …); ``group`` ties lines
    of several entries together (an order item's id) without the ledger knowing what it is.
    """

    __tablename__ = "ledger_line"
    __table_args__ = (
        UniqueConstraint("entry_id", "account", "role", "group_ref"),
        CheckConstraint("amount <> 0", name="amount_nonzero"),
        Index(None, "account", "available_at"),
        Index(None, "account", "booked_at"),
        Index(None, "group_ref"),
    )

    id: Mapped[str] = public_id("led")
    entry_id: Mapped[str] = refers_to("journal_entry")
    account: Mapped[str] = mapped_column(String(80))
    amount: Mapped[Minor]
    currency: Mapped[str] = mapped_column(String(3))
    role: Mapped[str] = mapped_column(String(30))
    group_ref: Mapped[str] = mapped_column(String(60), default="")
    booked_at: Mapped[Moment]
    available_at: Mapped[datetime | None] = mapped_column(UtcDateTime())  #: when a payee's credit counts
