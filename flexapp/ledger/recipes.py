"""Recipes: which lines a fact writes. They know amounts and payees, never what was bought."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flexapp.ledger.accounts import REVENUE_FEE, STRIPE, STRIPE_FEE, SUSPENSE, payable
from flexapp.ledger.journal import Line


@dataclass(frozen=True)
class Share:
    """A part of an amount: whose (None is the platform), in which role, tied to which group."""

    payee_id: str | None
    role: str
    amount: int
    group: str


def charge(
    *, gross: int, fee: int, transaction: str, shares: Iterable[Share], available_at: datetime
) -> list[Line]:
    """Money came in: debit the processor, credit each payee (due at ``available_at``) and our fee.

    The processor took its ``fee`` from the gross at once; the platform bears it.
    """
    return [*_received(gross, fee, transaction), *_credits(shares, available_at)]


def refund(
    *,
    amount: int,
    transaction: str,
    shares: Iterable[Share],
    available_at: datetime | None,
    unallocated: int = 0,
) -> list[Line]:
    """Money went back: every leg of the sale reversed by its part.

    The debits carry the date of the credits that they reverse. ``unallocated`` is what no share
    covers: the return of a payment that was held in suspense.
    """
    return [
        Line(STRIPE, -amount, "refund", transaction),
        *(
            Line(line.account, -line.amount, line.role, line.group, line.available_at)
            for line in _credits(shares, available_at)
        ),
        Line(SUSPENSE, unallocated, "returned", transaction),
    ]


def held(*, gross: int, fee: int, transaction: str) -> list[Line]:
    """Money came in that is not ours to keep: all of it waits in suspense for its way back."""
    return [*_received(gross, fee, transaction), Line(SUSPENSE, -gross, "held", transaction)]


def inverse(lines: Iterable[Line]) -> list[Line]:
    """The same legs the other way round: a refund that failed after it was booked."""
    return [Line(line.account, -line.amount, line.role, line.group, line.available_at) for line in lines]


def _received(gross: int, fee: int, transaction: str) -> list[Line]:
    return [
        Line(STRIPE, gross, "gross", transaction),
        Line(STRIPE_FEE, fee, "fee", transaction),
        Line(STRIPE, -fee, "fee", transaction),
    ]


def _credits(shares: Iterable[Share], available_at: datetime | None) -> list[Line]:
    return [
        Line(payable(share.payee_id), -share.amount, share.role, share.group, available_at)
        if share.payee_id is not None
        else Line(REVENUE_FEE, -share.amount, share.role, share.group)
        for share in shares
    ]
