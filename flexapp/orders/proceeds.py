"""How the price of one order item divides between producer, collaborators, affiliate and platform.

The schedule is the one of seed-systems 1.1 (Beat Brokerz' published fees), a table in the
settings: the row of a price gives the producer's share, the affiliate's commission and the
self-referral bonus, in basis points; what is left is the platform's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flexapp.config import CommissionRow
from flexapp.kernel.money import allocate

WHOLE = 10_000
"""Basis points of the whole."""


@dataclass(frozen=True)
class Proceeds:
    """One price divided, in minor units: the four parts sum to ``price`` exactly.

    ``roles`` divides the producer's part into share, commission and bonus (the last two only
    when the sale came through the producer's own app); ``rates`` are the basis points used.
    """

    price: int
    producer: int
    affiliate: int
    platform: int
    collaborators: tuple[int, ...] = ()
    rates: dict[str, int] = field(default_factory=dict)

    @property
    def roles(self) -> dict[str, int]:
        """The producer's part by role."""
        return producer_roles(self.producer, self.rates)


def divide(
    price: int,
    *,
    schedule: Sequence[CommissionRow],
    producer_is_affiliate: bool,
    has_affiliate: bool,
    splits: Sequence[int] = (),
) -> Proceeds:
    """Divide ``price`` minor units by the schedule, by largest remainder.

    Ties go to the producer, then the collaborators, the affiliate, the platform. 29.99 gives
    21.29 / 3.00 / 5.70 with an affiliate, 25.79 / 4.20 through the producer's own app (commission
    and bonus on top of the share), 21.29 / 8.70 with neither. ``splits`` are the collaborators'
    shares of the producer's share, in basis points, at most 10000 together; commission and bonus
    are earned by the app and stay with its owner. Raises ValueError for a price below 1.
    """
    if price < 1:
        raise ValueError("a price is at least one minor unit")
    if any(split < 0 for split in splits) or sum(splits) > WHOLE:
        raise ValueError("splits are not negative and sum to at most 10000 basis points")
    row = row_for(price, schedule)
    own = row.affiliate if producer_is_affiliate else 0
    bonus = row.self_referral_bonus if producer_is_affiliate else 0
    commission = row.affiliate if has_affiliate and not producer_is_affiliate else 0
    platform = WHOLE - row.producer - own - bonus - commission
    weights = [
        row.producer * (WHOLE - sum(splits)) + (own + bonus) * WHOLE,
        *(row.producer * split for split in splits),
        commission * WHOLE,
        platform * WHOLE,
    ]
    producer, *others, affiliate_part, platform_part = allocate(price, weights)
    rates = {"producer": row.producer, "platform": platform}
    if commission:
        rates["affiliate"] = commission
    if producer_is_affiliate:
        rates |= {"own_app": own, "self_referral_bonus": bonus}
    return Proceeds(price, producer, affiliate_part, platform_part, tuple(others), rates)


def row_for(price: int, schedule: Sequence[CommissionRow]) -> CommissionRow:
    """The first row whose ``up_to`` is not below the price; the last row has none."""
    for row in schedule:
        if row.up_to is None or price <= row.up_to:
            return row
    raise ValueError("the schedule's last row has no upper bound")


def producer_roles(amount: int, rates: dict[str, int]) -> dict[str, int]:
    """Divide a producer's part into share, commission and bonus by the item's frozen rates."""
    own = {"commission": rates.get("own_app", 0), "bonus": rates.get("self_referral_bonus", 0)}
    if not any(own.values()):
        return {"share": amount}
    names = ("share", *own)
    parts = allocate(amount, (rates["producer"], *own.values()))
    return dict(zip(names, parts, strict=True))
