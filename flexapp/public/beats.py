"""A beat as visitors' pages show it: the track, who made it, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from flexapp.catalog.caps import cap_in_words
from flexapp.catalog.models import Track
from flexapp.catalog.offers import Offer, offers_for
from flexapp.people.models import Person
from flexapp.people.queries import people_by_ids
from flexapp.web.filters import bpm

_FILES = {"mp3": "MP3", "wav": "WAV", "stems": "stems"}


@dataclass(frozen=True)
class Beat:
    """One track with its producer and what can be bought now."""

    track: Track
    producer: Person
    offers: list[Offer]

    @property
    def is_sold(self) -> bool:
        """Sold exclusively: nothing can be bought any more."""
        return self.track.sold_exclusively_at is not None

    @property
    def price(self) -> str:
        """``from $29.99``, or the only price, or nothing."""
        if not self.offers:
            return ""
        cheapest = min(self.offers, key=lambda offer: offer.price)
        return f"from {cheapest.money}" if len(self.offers) > 1 else str(cheapest.money)

    @property
    def lowest(self) -> str:
        """``$29.99``, or nothing."""
        return str(min(self.offers, key=lambda offer: offer.price).money) if self.offers else ""

    @property
    def facts(self) -> str:
        """``Trap · 140 BPM · F minor``, as far as it is known."""
        return " · ".join(fact for fact in (self.track.genre, bpm(self.track.bpm), self.track.key) if fact)

    @property
    def chosen(self) -> Offer | None:
        """The offer that is chosen at first."""
        return next((offer for offer in self.offers if offer.is_default), None)


def beats_of(session: Session, tracks: Sequence[Track]) -> list[Beat]:
    """Beats in the order of the tracks."""
    offers = offers_for(session, tracks)
    people = people_by_ids(session, {track.producer_id for track in tracks})
    return [Beat(track, people[track.producer_id], offers[track.id]) for track in tracks]


def offer_line(offer: Offer) -> str:
    """What an offer holds on one line: ``MP3 + WAV · 50,000 plays · 1 video``."""
    words = [" + ".join(_FILES.get(kind, kind) for kind in offer.deliverables)]
    if offer.is_exclusive:
        words.append("yours alone, it leaves every player at once")
        return " · ".join(word for word in words if word)
    caps = offer.license_type.caps
    words += [cap_in_words(name, caps[name]).lower() for name in ("streams", "videos") if name in caps]
    return " · ".join(word for word in words if word)
