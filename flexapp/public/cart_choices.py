"""A cart as its page shows it: each line with its terms, and the hash over all that is bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flexapp.catalog.caps import full_terms
from flexapp.kernel.money import Money
from flexapp.orders.terms import Shown, terms_hash
from flexapp.people.models import Person
from flexapp.public.beats import offer_line
from flexapp.workflows.open_checkout import shown
from flexapp.workflows.price_cart import PricedCart, PricedLine


@dataclass(frozen=True)
class CartChoice:
    """One line: what its license holds on one line, its full terms; empty when it cannot be bought."""

    priced: PricedLine
    line: str
    terms: str
    is_own: bool


@dataclass(frozen=True)
class CartView:
    """The page's facts; ``seen`` is the hash over what the buyer is shown of the lines for sale."""

    token: str
    choices: Sequence[CartChoice]
    total: Money
    seen: str

    @property
    def for_sale(self) -> list[CartChoice]:
        """The lines that can be bought now."""
        return [one for one in self.choices if one.priced.hindrance is None]


def view_of(priced: PricedCart, *, me: Person | None) -> CartView:
    """The view of a priced cart for the person who looks, if they are signed in."""
    seen: list[Shown] = [
        shown(one.track, one.offer)
        for one in priced.for_sale
        if one.track is not None and one.offer is not None
    ]
    return CartView(
        token=priced.cart.token,
        choices=[_choice(one, me) for one in priced.lines],
        total=priced.total,
        seen=terms_hash(seen),
    )


def _choice(priced: PricedLine, me: Person | None) -> CartChoice:
    offer = priced.offer if priced.hindrance is None else None
    return CartChoice(
        priced=priced,
        line=offer_line(offer) if offer else "",
        terms=full_terms(offer.license_type.terms, offer.license_type.caps) if offer else "",
        is_own=bool(me and priced.producer and priced.producer.id == me.id),
    )
