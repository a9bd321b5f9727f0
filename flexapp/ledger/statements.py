"""What a payee is told: pending, available, paid, and the lines behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from flexapp.kernel.money import Money
from flexapp.kernel.signing import Signer
from flexapp.ledger.accounts import payable
from flexapp.ledger.models import LedgerLine
from flexapp.storage.paging import Page, paginate

TRANSFER = "transfer"
"""Role of lines that paid something out."""


@dataclass(frozen=True)
class Summary:
    """A payee's money now: not yet due, due and not paid out, and paid out so far."""

    pending: Money
    available: Money
    paid: Money


@dataclass(frozen=True)
class Maturing:
    """Pending money that becomes available at one moment."""

    available_at: datetime
    money: Money


def summary(session: Session, payee_id: str, *, now: datetime, currency: str = "usd") -> Summary:
    """The payee's balances at ``now`` in one currency.

    A line without a date, or whose date has come, is available; the others are pending. A refund
    carries the date of what it reverses, so it never takes from other available money what is
    still pending itself, and counts at once when the credit was available.
    """
    amount = -LedgerLine.amount
    matured = or_(LedgerLine.available_at.is_(None), LedgerLine.available_at <= now)
    paid_out = LedgerLine.role == TRANSFER
    query = select(
        func.coalesce(func.sum(case((matured, 0), else_=amount)), 0),
        func.coalesce(func.sum(case((matured, amount), else_=0)), 0),
        func.coalesce(func.sum(case((paid_out, -amount), else_=0)), 0),
    ).where(and_(LedgerLine.account == payable(payee_id), LedgerLine.currency == currency))
    pending, available, paid = session.execute(query).one()
    return Summary(Money(int(pending), currency), Money(int(available), currency), Money(int(paid), currency))


def maturing(session: Session, payee_id: str, *, now: datetime, currency: str = "usd") -> list[Maturing]:
    """When the pending money becomes available, soonest first; moments that net to zero are left out."""
    total = func.sum(-LedgerLine.amount)
    query = (
        select(LedgerLine.available_at, total)
        .where(
            LedgerLine.account == payable(payee_id),
            LedgerLine.currency == currency,
            LedgerLine.available_at > now,
        )
        .group_by(LedgerLine.available_at)
        .having(total != 0)
        .order_by(LedgerLine.available_at)
    )
    rows = session.execute(query)
    return [Maturing(moment, Money(int(amount), currency)) for moment, amount in rows if moment]


def entries_of(
    session: Session,
    payee_id: str,
    *,
    signer: Signer,
    cursor: str | None = None,
    limit: int = 50,
    since: datetime | None = None,
) -> Page[LedgerLine]:
    """The payee's lines, newest first; a credit (negative amount) is money for the payee."""
    query = select(LedgerLine).where(LedgerLine.account == payable(payee_id))
    if since is not None:
        query = query.where(LedgerLine.booked_at >= since)
    return paginate(
        session,
        query,
        key=(LedgerLine.booked_at, LedgerLine.id),
        signer=signer,
        cursor=cursor,
        limit=limit,
    )
