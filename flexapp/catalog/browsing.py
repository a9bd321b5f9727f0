"""Looking through a list of tracks: words, genre, mood, tempo, key, order and pages.

Pure: the tracks are given. What an address asks for and cannot be understood is left out and said.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from flexapp.catalog.models import Track
from flexapp.catalog.vocabulary import FASTEST_BPM, SLOWEST_BPM

PER_PAGE = 24
_MOST_WORDS = 8
_FACETS = ("genre", "mood", "key")


class Order(StrEnum):
    """In which order the tracks stand."""

    GIVEN = ""  #: as whoever chose them put them
    NEWEST = "newest"  #: the latest published first
    TITLE = "title"  #: by the alphabet
    PRICE = "price"  #: the cheapest first, what is not for sale last
    BPM = "bpm"  #: the slowest first, unknown tempos last


@dataclass(frozen=True)
class Wish:
    """What a visitor looks for; empty fields hold for all."""

    words: str = ""
    genre: str = ""
    mood: str = ""
    key: str = ""
    bpm_from: float | None = None
    bpm_to: float | None = None
    order: Order = Order.GIVEN
    page: int = 1
    problems: Mapping[str, str] = field(default_factory=dict)  #: by field, a sentence

    @property
    def is_narrow(self) -> bool:
        """Something was asked for that leaves tracks out."""
        return any((self.words, self.genre, self.mood, self.key)) or (self.bpm_from, self.bpm_to) != (
            None,
            None,
        )

    def query(self, **changes: str) -> dict[str, str]:
        """The wish as an address carries it, without what is empty; ``changes`` replace fields by name."""
        values = {
            "q": self.words,
            "genre": self.genre,
            "mood": self.mood,
            "key": self.key,
            "bpm_from": _plain(self.bpm_from),
            "bpm_to": _plain(self.bpm_to),
            "sort": self.order.value,
            "page": str(self.page) if self.page > 1 else "",
        }
        return {name: value for name, value in (values | changes).items() if value}


@dataclass(frozen=True)
class Found:
    """One page of what was found, and what else could be asked for."""

    tracks: Sequence[Track]
    total: int
    page: int
    pages: int
    facets: Mapping[str, list[tuple[str, int]]]
    """Every genre, mood and key of the whole list, with how many tracks it would leave."""


def read_wish(query: Mapping[str, str], *, default: Order = Order.GIVEN) -> Wish:
    """The wish of an address; never raises."""
    problems: dict[str, str] = {}
    low, high = (_tempo(query, name, problems) for name in ("bpm_from", "bpm_to"))
    if low is not None and high is not None and low > high:
        problems["bpm_to"] = "The highest tempo is below the lowest."
        low = high = None
    sort = query.get("sort", "")
    page = query.get("page", "")
    return Wish(
        words=" ".join(query.get("q", "").split())[:100],
        genre=query.get("genre", "").strip()[:60],
        mood=query.get("mood", "").strip()[:60],
        key=query.get("key", "").strip()[:30],
        bpm_from=low,
        bpm_to=high,
        order=Order(sort) if sort in set(Order) and sort else default,
        page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 6 else 1,
        problems=problems,
    )


def browse(
    tracks: Sequence[Track],
    wish: Wish,
    *,
    producers: Mapping[str, str],
    prices: Callable[[Sequence[Track]], Mapping[str, int | None]],
    per_page: int = PER_PAGE,
) -> Found:
    """The page of the tracks that the wish asks for.

    ``producers`` are names by id, which words find too. ``prices`` is asked only when they decide the
    order: the lowest of each track in minor units by id, None when nothing is for sale. A page after
    the last is the last.
    """
    found = [track for track in tracks if _fits(track, wish, producers)]
    ordered = _ordered(found, wish.order, prices)
    pages = max(1, math.ceil(len(found) / per_page))
    page = min(max(1, wish.page), pages)
    return Found(
        tracks=ordered[(page - 1) * per_page : page * per_page],
        total=len(found),
        page=page,
        pages=pages,
        facets={name: _facet(tracks, wish, name, producers) for name in _FACETS},
    )


def _fits(track: Track, wish: Wish, producers: Mapping[str, str]) -> bool:
    for name in _FACETS:
        wanted: str = getattr(wish, name)
        if wanted and wanted.casefold() != getattr(track, name).casefold():
            return False
    if wish.bpm_from is not None and (track.bpm is None or track.bpm < wish.bpm_from):
        return False
    if wish.bpm_to is not None and (track.bpm is None or track.bpm > wish.bpm_to):
        return False
    if not wish.words:
        return True
    told = (track.title, track.genre, track.mood, producers.get(track.producer_id, ""), *track.tags)
    text = "\n".join(told).casefold()
    return all(word in text for word in wish.words.casefold().split()[:_MOST_WORDS])


def _ordered(
    tracks: list[Track], order: Order, prices: Callable[[Sequence[Track]], Mapping[str, int | None]]
) -> list[Track]:
    if order is Order.NEWEST:
        return sorted(
            tracks, key=lambda track: (track.published_at or track.created_at, track.id), reverse=True
        )
    if order is Order.TITLE:
        return sorted(tracks, key=lambda track: (track.title.casefold(), track.id))
    if order is Order.BPM:
        return sorted(tracks, key=lambda track: (track.bpm is None, track.bpm or 0.0, track.title.casefold()))
    if order is Order.PRICE:
        cheapest = prices(tracks)
        return sorted(
            tracks,
            key=lambda track: (
                cheapest.get(track.id) is None,
                cheapest.get(track.id) or 0,
                track.title.casefold(),
            ),
        )
    return tracks


def _facet(
    tracks: Sequence[Track], wish: Wish, name: str, producers: Mapping[str, str]
) -> list[tuple[str, int]]:
    """Values of a field with how many tracks each would leave, beside all that is asked for otherwise."""
    empty: dict[str, Any] = {name: ""}
    others = replace(wish, **empty)
    counts: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    for track in tracks:
        value: str = getattr(track, name)
        if value:
            spelled.setdefault(value.casefold(), value)
            counts[value.casefold()] += _fits(track, others, producers)
    return [(spelled[folded], counts[folded]) for folded in sorted(counts)]


def _tempo(query: Mapping[str, str], name: str, problems: dict[str, str]) -> float | None:
    text = query.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text[:12].replace(",", "."))
    except ValueError:
        value = math.nan
    if not SLOWEST_BPM <= value <= FASTEST_BPM:
        problems[name] = f"A tempo is a number from {SLOWEST_BPM:.0f} to {FASTEST_BPM:.0f}."
        return None
    return value


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
