"""Money in integer minor units, and the one way to divide it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Stripe's own table of currencies without minor units wins over CLDR:
# https://docs.stripe.com/currencies#zero-decimal
_ZERO_DECIMAL = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
)
_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "cad": "CA$", "aud": "A$", "jpy": "¥"}


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units (2999 is 29.99) of one currency (lower-case ISO 4217)."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if len(self.currency) != 3 or not self.currency.islower():
            raise ValueError(f"{self.currency!r} is no lower-case ISO 4217 code")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __str__(self) -> str:
        return format_money(self.amount, self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")


def digits(currency: str) -> int:
    """How many decimal digits the currency's minor unit stands for."""
    return 0 if currency in _ZERO_DECIMAL else 2


def mark_of(currency: str) -> str:
    """The currency's sign, or its code where there is none: ``$``, ``SEK``."""
    return _SIGNS.get(currency, currency.upper())


def format_money(amount: int, currency: str) -> str:
    """``2999, usd`` as ``$29.99``; unknown signs are written as the code: ``SEK 29.99``."""
    places = digits(currency)
    whole, part = divmod(abs(amount), 10**places)
    number = f"{whole:,}" + (f".{part:0{places}d}" if places else "")
    sign = "−" if amount < 0 else ""
    mark = _SIGNS.get(currency)
    return f"{sign}{mark}{number}" if mark else f"{sign}{currency.upper()} {number}"


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide ``amount`` minor units by integer weights, by largest remainder; the parts sum exactly.

    Ties go to the earlier weight. A negative amount is divided as its positive twin, negated.
    Raises ValueError without a positive weight or with a negative one.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights are non-negative and at least one is positive")
    if amount < 0:
        return [-part for part in allocate(-amount, weights)]
    parts = [amount * weight // total for weight in weights]
    rest = [(amount * weight % total, -place) for place, weight in enumerate(weights)]
    for _, place in sorted(rest, reverse=True)[: amount - sum(parts)]:
        parts[-place] += 1
    return parts
