"""Balance transactions and the balance: every movement of money, with Stripe's fee."""

from __future__ import annotations

from typing import Any

from flexapp.localstripe.account import Account
from flexapp.localstripe.forms import Form
from flexapp.localstripe.problems import missing
from flexapp.localstripe.state import Thing, new_id

_FEE_BASIS_POINTS = 290  # https://stripe.com/pricing: 2.9 % and 30 cents
_FEE_FIXED = 30
_DAYS_UNTIL_AVAILABLE = 2
_DAY = 24 * 3600


def fee_of(amount: int) -> int:
    """Stripe's fee of a charge in minor units, rounded half up."""
    return (amount * _FEE_BASIS_POINTS + 5000) // 10_000 + _FEE_FIXED


def book_charge(account: Account, charge: Thing) -> Thing:
    """The money of a charge, less the fee, available after two days."""
    available_on = account.now() + _DAYS_UNTIL_AVAILABLE * _DAY
    return _book(
        account,
        charge,
        "charge",
        charge["amount"],
        fee=fee_of(charge["amount"]),
        available_on=available_on,
    )


def book_refund(account: Account, refund: Thing) -> Thing:
    """The money that goes back; the fee of the charge does not."""
    return _book(account, refund, "refund", -refund["amount"])


def book_failed_refund(account: Account, refund: Thing) -> Thing:
    """The money that came back because the refund failed."""
    return _book(account, refund, "refund_failure", refund["amount"])


def retrieve_entry(account: Account, form: Form, identity: str) -> Thing:
    """One balance transaction."""
    entry = account.state.find(identity, "balance_transaction")
    if entry is None:
        raise missing("balance transaction", identity)
    return as_of_now(account, entry)


def listed_entries(account: Account, form: Form) -> list[Thing]:
    """Balance transactions, newest first."""
    names = ("type", "source", "currency")
    return [
        as_of_now(account, entry)
        for entry in account.state.newest(
            "balance_transaction",
            lambda one: all(one[name] == form[name] for name in names if name in form),
        )
    ]


def retrieve(account: Account, form: Form) -> Thing:
    """What is available and what is pending, by currency."""
    sums: dict[tuple[str, str], int] = {}
    for entry in listed_entries(account, {}):
        place = (entry["status"], entry["currency"])
        sums[place] = sums.get(place, 0) + entry["net"]
    currencies = sorted({currency for _, currency in sums}) or ["usd"]

    def rows(status: str) -> list[dict[str, Any]]:
        return [
            {
                "amount": sums.get((status, currency), 0),
                "currency": currency,
                "source_types": {"card": sums.get((status, currency), 0)},
            }
            for currency in currencies
        ]

    return {
        "object": "balance",
        "available": rows("available"),
        "livemode": False,
        "pending": rows("pending"),
    }


def as_of_now(account: Account, entry: Thing) -> Thing:
    """The entry with its status by the clock."""
    entry["status"] = "available" if entry["available_on"] <= account.now() else "pending"
    return entry


def _book(
    account: Account, source: Thing, kind: str, amount: int, *, fee: int = 0, available_on: int | None = None
) -> Thing:
    details = []
    if fee:
        details.append(
            {
                "amount": fee,
                "application": None,
                "currency": source["currency"],
                "description": "Stripe processing fees",
                "type": "stripe_fee",
            }
        )
    entry: Thing = {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": available_on if available_on is not None else account.now(),
        "balance_type": "payments",
        "created": account.now(),
        "currency": source["currency"],
        "description": source.get("description"),
        "exchange_rate": None,
        "fee": fee,
        "fee_details": details,
        "net": amount - fee,
        "reporting_category": kind,
        "source": source["id"],
        "status": "pending",
        "type": kind,
    }
    return account.state.put(as_of_now(account, entry))
