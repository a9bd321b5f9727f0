"""What a license may cost."""

from __future__ import annotations

from flexapp.errors import Invalid
from flexapp.kernel.money import format_money

MAXIMUM_PRICE = 99_999_900
"""Minor units: Stripe takes at most eight digits (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts)."""


class PriceOutOfBounds(Invalid):
    """A price below the minimum, or above what a card can pay."""

    code = "price_out_of_bounds"


def checked_price(amount: int, *, currency: str, minimum: int, field: str = "price") -> int:
    """The amount in minor units, if it lies within the bounds; raises PriceOutOfBounds."""
    if minimum <= amount <= MAXIMUM_PRICE:
        return amount
    least, most = format_money(minimum, currency), format_money(MAXIMUM_PRICE, currency)
    sentence = (
        f"A license costs at least {least}." if amount < minimum else f"A license costs at most {most}."
    )
    raise PriceOutOfBounds(sentence, fields={field: sentence})
