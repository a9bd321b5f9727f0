"""The chart: every account there is. The ledger knows addresses, never what is behind them."""

from __future__ import annotations

STRIPE = "stripe"  #: asset: our balance at the processor; each line names its balance transaction
REVENUE_FEE = "revenue:fee"  #: what the platform keeps of a sale
STRIPE_FEE = "expense:stripe_fee"  #: what the processor charges; the platform bears it
SUSPENSE = "suspense"  #: received and not ours: a payment on its way back
_PAYABLE = "payable:"


def payable(payee_id: str) -> str:
    """The liability towards one payee; a debit balance means that the payee owes us."""
    return _PAYABLE + payee_id


def payee_of(account: str) -> str | None:
    """Whose payable it is, None for every other account."""
    return account.removeprefix(_PAYABLE) if account.startswith(_PAYABLE) else None
