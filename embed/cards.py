"""What a player shows of each track: words and numbers ready for the template and for the script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from embed.words import Words
from flexapp.catalog.models import Track
from flexapp.catalog.offers import Offer
from flexapp.people.models import Person

#: of a waveform inside the document, and what a point may be: as many as fit beside ten tracks in 9 KB
_POINTS, _STEPS = 160, 12
_FILE_WORDS = {"mp3": "MP3", "wav": "WAV", "stems": "stems"}


@dataclass(frozen=True)
class OfferCard:
    """One license to choose: its price written out, and its limits on one line."""

    id: str
    name: str
    price: str
    note: str
    is_default: bool


@dataclass(frozen=True)
class TrackCard:
    """One track of the player; ``seconds`` is the preview's length, ``peaks`` is bytes in hex."""

    id: str
    slug: str
    title: str
    producer: str
    producer_slug: str
    seconds: float
    bpm: str
    key: str
    genre: str
    peaks: str
    has_cover: bool
    is_sold: bool
    offers: tuple[OfferCard, ...]
    from_price: str

    @property
    def clock(self) -> str:
        """``1:07``."""
        minutes, seconds = divmod(round(self.seconds), 60)
        return f"{minutes}:{seconds:02d}"

    @property
    def default_offer(self) -> OfferCard | None:
        """The offer that is chosen at first."""
        return next((offer for offer in self.offers if offer.is_default), next(iter(self.offers), None))

    def for_script(self, licenses: dict[str, dict[str, str]]) -> dict[str, Any]:
        """The track as the script reads it; license types are put in ``licenses`` once each."""
        for offer in self.offers:
            licenses.setdefault(offer.id, {"name": offer.name, "note": offer.note})
        chosen = self.default_offer
        return {
            "id": self.id,
            "slug": self.slug,
            "title": self.title,
            "producer": self.producer,
            "by": self.producer_slug,
            "seconds": self.seconds,
            "chips": [chip for chip in (self.bpm and f"{self.bpm} BPM", self.key, self.genre) if chip],
            "cover": self.has_cover,
            "sold": self.is_sold,
            "from": self.from_price,
            "chosen": chosen.id if chosen else None,
            "offers": [[offer.id, offer.price] for offer in self.offers],
        }


def track_cards(
    tracks: Sequence[Track],
    *,
    people: Mapping[str, Person],
    offers: Mapping[str, Sequence[Offer]],
    words: Words,
) -> list[TrackCard]:
    """Cards in the order of the tracks."""
    return [_card(track, people[track.producer_id], offers.get(track.id, ()), words) for track in tracks]


def offer_note(offer: Offer, words: Words) -> str:
    """``MP3 + WAV · 50,000 streams · 1 video``: the files and the limits a buyer asks about first."""
    notes = [" + ".join(_FILE_WORDS.get(kind, kind) for kind in offer.deliverables)]
    if offer.is_exclusive:
        notes.append(words.say("exclusive_note"))
    else:
        caps = offer.license_type.caps
        notes += [words.count(cap, caps[cap]) for cap in ("streams", "videos") if caps.get(cap, 0) != 0]
    return " · ".join(note for note in notes if note)


def short_peaks(peaks: str) -> str:
    """Bytes in hex as 160 hexadecimal digits: the loudest of each stretch in 12 steps; silence without."""
    values = bytes.fromhex(peaks) or b"\0"
    edges = [place * len(values) // _POINTS for place in range(_POINTS + 1)]
    levels = [max(values[start : max(end, start + 1)]) * _STEPS >> 8 for start, end in pairwise(edges)]
    return "".join(f"{level:x}" for level in levels)


def _card(track: Track, producer: Person, offers: Sequence[Offer], words: Words) -> TrackCard:
    cards = tuple(
        OfferCard(
            id=offer.license_type.id,
            name=offer.license_type.name,
            price=words.price(offer.price, offer.currency),
            note=offer_note(offer, words),
            is_default=offer.is_default,
        )
        for offer in offers
    )
    cheapest = min(offers, key=lambda offer: offer.price, default=None)
    lowest = words.price(cheapest.price, cheapest.currency) if cheapest else ""
    return TrackCard(
        id=track.id,
        slug=track.slug,
        title=track.title,
        producer=producer.name,
        producer_slug=producer.slug,
        seconds=round((track.duration_ms or 0) / 1000, 2),
        bpm=f"{track.bpm:g}" if track.bpm else "",
        key=track.key,
        genre=track.genre,
        peaks=track.peaks or "",
        has_cover=track.cover_small_key is not None,
        is_sold=track.sold_exclusively_at is not None,
        offers=cards,
        from_price=words.say("from", price=lowest) if len(cards) > 1 else lowest,
    )
