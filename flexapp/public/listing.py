"""A list of beats that a visitor can look through: the wish in the address, one page of beats, ways on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import request
from sqlalchemy.orm import Session

from flexapp.catalog.browsing import Found, Order, Wish, browse, read_wish
from flexapp.catalog.models import Track
from flexapp.catalog.offers import offers_for
from flexapp.people.queries import people_by_ids
from flexapp.public.beats import Beat, beats_of

PARAMETERS = ("q", "genre", "mood", "key", "bpm_from", "bpm_to", "sort", "page", "k")
_ORDERS = {
    Order.NEWEST: "Newest first",
    Order.TITLE: "Title, A to Z",
    Order.PRICE: "Price, lowest first",
    Order.BPM: "Tempo, slowest first",
}
_FIELDS = (("genre", "Genre", "All genres"), ("mood", "Mood", "All moods"), ("key", "Key", "All keys"))
_LOOKED_AT = 12  #: beats among which covers for the page's head are looked for


@dataclass(frozen=True)
class Listing:
    """One page of a list; ``path`` is the list's own address without a query."""

    path: str
    key: str  #: the placement's, that goes along
    wish: Wish
    found: Found
    beats: list[Beat]
    orders: list[tuple[str, str]]
    size: int  #: of the whole list
    first: list[Beat]  #: of the whole list, whatever is asked for

    @property
    def count(self) -> str:
        """``24 beats`` or, when something was asked for, ``3 of 24 beats``."""
        noun = "beat" if self.size == 1 else "beats"
        total, size = f"{self.found.total:,}", f"{self.size:,}"
        return f"{total} of {size} {noun}" if self.wish.is_narrow else f"{size} {noun}"

    @property
    def fields(self) -> list[tuple[str, str, str, list[tuple[str, str]]]]:
        """Where the list differs: (name, label, current value, options that leave something)."""
        made = []
        for name, label, everything in _FIELDS:
            values = self.found.facets[name]
            current: str = getattr(self.wish, name)
            chosen = next((value for value, _ in values if value.casefold() == current.casefold()), current)
            options = [(value, f"{value} ({count})") for value, count in values if count or value == chosen]
            if current and chosen not in {value for value, _ in values}:
                options.append((current, f"{current} (0)"))
            if len(values) > 1 or current:
                made.append((name, label, chosen, [("", everything), *options]))
        return made

    @property
    def cover_beats(self) -> list[Beat]:
        """Four beats with a cover for the head of the page, or one sleeve."""
        covered = [beat for beat in self.first if beat.track.cover_key]
        return covered[:4] if len(covered) >= 4 else (covered or self.first)[:1]

    @property
    def clear(self) -> str:
        """The whole list."""
        return self._address({})

    @property
    def next_page(self) -> str:
        """Empty on the last page."""
        return self._page(self.found.page + 1) if self.found.page < self.found.pages else ""

    @property
    def previous_page(self) -> str:
        """Empty on the first page."""
        return self._page(self.found.page - 1) if self.found.page > 1 else ""

    @property
    def asked(self) -> list[tuple[str, str]]:
        """What leaves beats out, in words, each with the address of the list without it."""
        wish, chips = self.wish, []
        if wish.words:
            chips.append((f"“{wish.words}”", self._address(wish.query(q="", page=""))))
        for name in ("genre", "mood", "key"):
            value: str = getattr(wish, name)
            if value:
                chips.append((value, self._address(wish.query(**{name: "", "page": ""}))))
        if wish.bpm_from is not None or wish.bpm_to is not None:
            low = f"{wish.bpm_from:g}" if wish.bpm_from is not None else ""
            high = f"{wish.bpm_to:g}" if wish.bpm_to is not None else ""
            words = f"{low}–{high} BPM" if low and high else f"from {low} BPM" if low else f"to {high} BPM"
            chips.append((words, self._address(wish.query(bpm_from="", bpm_to="", page=""))))
        return chips

    def _page(self, number: int) -> str:
        return self._address(self.wish.query(page=str(number) if number > 1 else ""))

    def _address(self, query: dict[str, str]) -> str:
        whole = query | ({"k": self.key} if self.key else {})
        return f"{self.path}?{urlencode(whole)}" if whole else self.path


def listing_of(
    session: Session, tracks: Sequence[Track], *, path: str, key: str, as_given: str = ""
) -> Listing:
    """The list as the running request asks for it.

    ``as_given`` names the order that the tracks come in; without it the newest come first.
    """
    wish = read_wish(request.args, default=Order.GIVEN if as_given else Order.NEWEST)
    people = people_by_ids(session, {track.producer_id for track in tracks})
    found = browse(
        tracks,
        wish,
        producers={person_id: person.name for person_id, person in people.items()},
        prices=lambda some: _cheapest(session, some),
    )
    orders = [(order.value, label) for order, label in _ORDERS.items()]
    return Listing(
        path=path,
        key=key,
        wish=wish,
        found=found,
        beats=beats_of(session, found.tracks),
        orders=[("", as_given), *orders] if as_given else orders,
        size=len(tracks),
        first=beats_of(session, tracks[:_LOOKED_AT]) if as_given else [],
    )


def _cheapest(session: Session, tracks: Sequence[Track]) -> dict[str, int | None]:
    offers = offers_for(session, tracks)
    return {track_id: min((offer.price for offer in some), default=None) for track_id, some in offers.items()}
