"""Stripe's test cards (https://docs.stripe.com/testing), by what they do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Behavior(StrEnum):
    """What the bank says to a card."""

    PAYS = "pays"  #: at once
    DECLINES = "declines"  #: with a reason
    ASKS = "asks"  #: for 3-D Secure first


@dataclass(frozen=True)
class TestCard:
    """One card; ``code`` and ``message`` are those of its decline."""

    __test__ = False

    number: str
    brand: str
    behavior: Behavior
    code: str = ""
    message: str = ""


_DECLINED = "Your card was declined."
CARDS = {
    card.number: card
    for card in (
        TestCard("4242424242424242", "visa", Behavior.PAYS),
        TestCard("5555555555554444", "mastercard", Behavior.PAYS),
        TestCard("378282246310005", "amex", Behavior.PAYS),
        TestCard("4000000000000002", "visa", Behavior.DECLINES, "generic_decline", _DECLINED),
        TestCard(
            "4000000000009995",
            "visa",
            Behavior.DECLINES,
            "insufficient_funds",
            "Your card has insufficient funds.",
        ),
        TestCard("4000000000000069", "visa", Behavior.DECLINES, "expired_card", "Your card has expired."),
        TestCard("4000002500003155", "visa", Behavior.ASKS),
        TestCard("4000002760003184", "visa", Behavior.ASKS),
        # As the demo prints it: a number that is easy to type.
        TestCard("4000000000003155", "visa", Behavior.ASKS),
        TestCard("4000000000003220", "visa", Behavior.ASKS),
    )
}


def digits_of(text: str) -> str:
    """The number without the blanks and dashes that people type."""
    return "".join(sign for sign in text if sign.isdigit())


def passes_luhn(number: str) -> bool:
    """Whether the check digit is right."""
    total = 0
    for place, sign in enumerate(reversed(number)):
        value = int(sign) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
