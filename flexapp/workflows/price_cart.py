"""What a cart comes to now: each line with its price of this moment, or why it cannot be bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from flexapp.catalog.models import Track
from flexapp.catalog.offers import Offer, is_sellable, offers_for
from flexapp.catalog.queries import tracks_by_ids
from flexapp.kernel.money import Money
from flexapp.licensing.queries import reserving_orders
from flexapp.orders import queries
from flexapp.orders.models import Cart, CartLine
from flexapp.people.models import Person
from flexapp.people.queries import people_by_ids


class Hindrance(StrEnum):
    """Why a line cannot be bought now; it stays in the cart and out of the total."""

    TRACK_GONE = "track_gone"  #: taken down or not published any more
    TRACK_SOLD = "track_sold_exclusively"  #: sold exclusively
    TRACK_RESERVED = "track_reserved"  #: somebody is paying for the exclusive license
    OFFER_GONE = "offer_gone"  #: the license is not offered any more
    OTHER_CURRENCY = "other_currency"  #: it is priced in another currency than the cart by now


SENTENCES = {
    Hindrance.TRACK_GONE: "This beat was taken down.",
    Hindrance.TRACK_SOLD: "This beat was sold exclusively.",
    Hindrance.TRACK_RESERVED: "Somebody is buying its exclusive license. Look again in half an hour.",
    Hindrance.OFFER_GONE: "This license is not offered any more. Choose another.",
    Hindrance.OTHER_CURRENCY: "It is sold in another currency by now. Buy it on its own.",
}


@dataclass(frozen=True)
class PricedLine:
    """One line: ``offers`` are the licenses it may change to, ``was`` a price seen before that differs."""

    line: CartLine
    track: Track | None
    producer: Person | None
    offers: Sequence[Offer]
    offer: Offer | None
    hindrance: Hindrance | None
    was: Money | None

    @property
    def title(self) -> str:
        """The track's title now, or as it was."""
        return self.track.title if self.track else self.line.track_title

    @property
    def license_name(self) -> str:
        """The license's name now, or as it was."""
        return self.offer.license_type.name if self.offer else self.line.license_name

    @property
    def sentence(self) -> str:
        """Why it cannot be bought, in words; empty when it can."""
        return SENTENCES[self.hindrance] if self.hindrance else ""


@dataclass(frozen=True)
class PricedCart:
    """A cart and its lines in the order they were added."""

    cart: Cart
    lines: Sequence[PricedLine]

    @property
    def for_sale(self) -> list[PricedLine]:
        """The lines that can be bought now."""
        return [line for line in self.lines if line.hindrance is None]

    @property
    def total(self) -> Money:
        """The sum of what can be bought now."""
        amount = sum(line.offer.price for line in self.for_sale if line.offer)
        return Money(amount, self.cart.currency)


def price_cart(session: Session, cart: Cart) -> PricedCart:
    """Everything a page or a player shows of a cart, from the catalog as it is now."""
    lines = queries.lines_of_cart(session, cart.token)
    tracks = tracks_by_ids(session, [line.track_id for line in lines])
    offers = offers_for(session, list(tracks.values()))
    people = people_by_ids(session, {track.producer_id for track in tracks.values()})
    own = {order.id for order in queries.open_orders_of_cart(session, cart.token)}
    held = {track for track, order in reserving_orders(session, list(tracks)).items() if order not in own}
    return PricedCart(cart, [_priced(cart, line, tracks, offers, people, held) for line in lines])


def _priced(
    cart: Cart,
    line: CartLine,
    tracks: dict[str, Track],
    offers: dict[str, list[Offer]],
    people: dict[str, Person],
    held: set[str],
) -> PricedLine:
    track = tracks.get(line.track_id)
    open_to = [one for one in offers.get(line.track_id, []) if one.currency == cart.currency]
    matching = (one for one in offers.get(line.track_id, []) if one.license_type.id == line.license_type_id)
    offer = next(matching, None)
    hindrance = None
    if track is None:
        hindrance = Hindrance.TRACK_GONE
    elif track.sold_exclusively_at is not None:
        hindrance = Hindrance.TRACK_SOLD
    elif not is_sellable(track):
        hindrance = Hindrance.TRACK_GONE
    elif offer is None:
        hindrance = Hindrance.OFFER_GONE
    elif offer.currency != cart.currency:
        hindrance = Hindrance.OTHER_CURRENCY
    elif line.track_id in held:
        hindrance = Hindrance.TRACK_RESERVED
    changed = offer is not None and hindrance is None and offer.price != line.price_seen
    return PricedLine(
        line=line,
        track=track,
        producer=people.get(track.producer_id) if track else None,
        offers=open_to,
        offer=offer,
        hindrance=hindrance,
        was=Money(line.price_seen, cart.currency) if changed else None,
    )
