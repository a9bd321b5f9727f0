"""Post a balanced entry once: append-only, zero-sum, unique by its reference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from flexapp.errors import FlexAppError
from flexapp.kernel.ids import new_id
from flexapp.ledger.models import JournalEntry, LedgerLine
from flexapp.storage.once import insert_once


class Unbalanced(FlexAppError):
    """The lines of an entry do not sum to zero: a fault in the recipe that made them."""

    code = "unbalanced_entry"


@dataclass(frozen=True)
class Line:
    """One line: a positive ``amount`` is a debit, a negative one a credit, in minor units.

    ``role`` says why the account takes part, ``group`` ties lines of several entries together,
    ``available_at`` is when a payee's credit may be paid out (None: at once).
    """

    account: str
    amount: int
    role: str
    group: str = ""
    available_at: datetime | None = None


def post(
    session: Session,
    *,
    reference: str,
    currency: str,
    lines: Iterable[Line],
    now: datetime,
    memo: str = "",
) -> bool:
    """Write the entry unless its reference is there; returns whether it was written.

    Lines of zero are left out. Raises Unbalanced when the lines do not sum to zero.
    """
    kept = [line for line in lines if line.amount]
    if sum(line.amount for line in kept) != 0:
        raise Unbalanced(f"The lines of {reference} sum to {sum(line.amount for line in kept)}, not to zero.")
    entry_id = new_id("led")
    if not insert_once(
        session,
        JournalEntry,
        id=entry_id,
        reference=reference,
        memo=memo[:200],
        currency=currency,
        booked_at=now,
    ):
        return False
    session.add_all(
        LedgerLine(
            id=new_id("led"),
            entry_id=entry_id,
            account=line.account,
            amount=line.amount,
            currency=currency,
            role=line.role,
            group_ref=line.group,
            booked_at=now,
            available_at=line.available_at,
        )
        for line in kept
    )
    session.flush()
    return True
