"""How a refund is taken from an order: over what remains, line first, then the parts of the line.

Allocating each refund over the *remaining* amounts, by largest remainder, never moves a cent
backwards and leaves exactly zero everywhere after a full refund; a target on the growing total
would not (the Alabama paradox).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flexapp.kernel.money import allocate


@dataclass(frozen=True)
class Remaining:
    """What is left of one item, in minor units.

    ``roles`` is what is left of the producer's part by role (share, commission, bonus).
    """

    item_id: str
    roles: Mapping[str, int]
    affiliate: int
    platform: int

    @property
    def producer(self) -> int:
        """What is left of the producer's part."""
        return sum(self.roles.values())

    @property
    def total(self) -> int:
        """What is left of the price."""
        return self.producer + self.affiliate + self.platform


@dataclass(frozen=True)
class RefundLeg:
    """What a refund takes from one item; ``roles`` sums to the producer's part."""

    item_id: str
    roles: dict[str, int]
    affiliate: int
    platform: int

    @property
    def producer(self) -> int:
        """Taken from the producer."""
        return sum(self.roles.values())

    @property
    def total(self) -> int:
        """Taken from the item."""
        return self.producer + self.affiliate + self.platform

    def to_json(self) -> dict[str, Any]:
        """As kept beside the refund, to be inverted exactly should it fail later."""
        return {
            "item": self.item_id,
            "roles": self.roles,
            "affiliate": self.affiliate,
            "platform": self.platform,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> RefundLeg:
        """The leg that ``to_json`` wrote."""
        return cls(kept["item"], dict(kept["roles"]), kept["affiliate"], kept["platform"])


def spread(amount: int, items: Sequence[Remaining], *, item_id: str | None = None) -> list[RefundLeg]:
    """The legs of a refund of ``amount`` minor units, only of items that give something.

    A refund that names an item takes from it alone as far as it reaches, and the rest from all.
    Raises ValueError when more is asked than remains.
    """
    if amount < 0 or amount > sum(item.total for item in items):
        raise ValueError("a refund is at most what remains")
    named = [min(amount, item.total) if item.item_id == item_id else 0 for item in items]
    left = [item.total - part for item, part in zip(items, named, strict=True)]
    rest = amount - sum(named)
    others = allocate(rest, left) if rest else [0] * len(items)
    return [
        _leg(item, first + second)
        for item, first, second in zip(items, named, others, strict=True)
        if first + second
    ]


def _leg(item: Remaining, amount: int) -> RefundLeg:
    producer, affiliate, platform = allocate(amount, (item.producer, item.affiliate, item.platform))
    roles = dict.fromkeys(item.roles, 0)
    if producer:
        roles = dict(zip(item.roles, allocate(producer, list(item.roles.values())), strict=True))
    return RefundLeg(item.item_id, roles, affiliate, platform)
