"""Looking through tracks: what fits, in which order, and how many each choice would leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.catalog.browsing import Found, Order, Wish, browse, read_wish
from flexapp.catalog.models import Track

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NAMES = {"per_k": "Kaito Sounds", "per_m": "Mara Lindqvist"}
ROWS: list[tuple[str, str, str, str, float | None, str, int | None]] = [
    ("Midnight Trap", "Trap", "Dark", "F minor", 140.0, "per_k", 2999),
    ("ambient Rain", "Ambient", "Chill", "C major", None, "per_m", 1000),
    ("Dusty Corner", "Boom Bap", "Nostalgic", "D minor", 90.0, "per_k", None),
    ("Trapdoor", "trap", "Dark", "A minor", 72.0, "per_m", 1999),
]


def tracks() -> list[Track]:
    return [
        Track(
            id=f"trk_{place}",
            title=title,
            genre=genre,
            mood=mood,
            key=key,
            bpm=tempo,
            producer_id=producer,
            tags=["808", "late night"] if place == 0 else [],
            published_at=NOON - timedelta(hours=place),
            created_at=NOON,
        )
        for place, (title, genre, mood, key, tempo, producer, _) in enumerate(ROWS)
    ]


def prices(some: Sequence[Track]) -> Mapping[str, int | None]:
    return {track.id: ROWS[int(track.id[4:])][6] for track in some}


def found(per_page: int = 24, **query: str) -> Found:
    return browse(tracks(), read_wish(query), producers=NAMES, prices=prices, per_page=per_page)


def titles(**query: str) -> list[str]:
    return [track.title for track in found(**query).tracks]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["Midnight Trap", "ambient Rain", "Dusty Corner", "Trapdoor"]),
        ({"genre": "trap"}, ["Midnight Trap", "Trapdoor"]),
        ({"genre": "TRAP", "mood": "dark", "key": "A minor"}, ["Trapdoor"]),
        ({"q": "trap"}, ["Midnight Trap", "Trapdoor"]),
        ({"q": "kaito dusty"}, ["Dusty Corner"]),
        ({"q": "LATE night"}, ["Midnight Trap"]),
        ({"q": "nobody"}, []),
        ({"bpm_from": "90"}, ["Midnight Trap", "Dusty Corner"]),
        ({"bpm_to": "90"}, ["Dusty Corner", "Trapdoor"]),
        ({"bpm_from": "73", "bpm_to": "139,5"}, ["Dusty Corner"]),
        ({"sort": "title"}, ["ambient Rain", "Dusty Corner", "Midnight Trap", "Trapdoor"]),
        ({"sort": "newest"}, ["Midnight Trap", "ambient Rain", "Dusty Corner", "Trapdoor"]),
        ({"sort": "price"}, ["ambient Rain", "Trapdoor", "Midnight Trap", "Dusty Corner"]),
        ({"sort": "bpm"}, ["Trapdoor", "Dusty Corner", "Midnight Trap", "ambient Rain"]),
        ({"sort": "sideways", "page": "x"}, ["Midnight Trap", "ambient Rain", "Dusty Corner", "Trapdoor"]),
    ],
)
def test_a_wish_finds_what_fits_in_its_order(query: dict[str, str], expected: list[str]) -> None:
    assert titles(**query) == expected


def test_pages_follow_each_other_and_end() -> None:
    assert [track.title for track in found(per_page=3, page="2").tracks] == ["Trapdoor"]
    past = found(per_page=3, page="99")
    assert (past.page, past.pages, past.total) == (2, 2, 4)
    assert found(per_page=3, q="nobody").pages == 1


def test_choices_say_what_they_would_leave_beside_the_others() -> None:
    facets = found(mood="Dark").facets
    assert facets["genre"] == [("Ambient", 0), ("Boom Bap", 0), ("Trap", 2)]
    assert facets["mood"] == [("Chill", 1), ("Dark", 2), ("Nostalgic", 1)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"bpm_from": "fast"}, "bpm_from"),
        ({"bpm_to": "19"}, "bpm_to"),
        ({"bpm_from": "nan"}, "bpm_from"),
        ({"bpm_from": "1e99"}, "bpm_from"),
        ({"bpm_from": "150", "bpm_to": "90"}, "bpm_to"),
    ],
)
def test_a_tempo_that_is_none_is_said_and_left_out(query: dict[str, str], field: str) -> None:
    wish = read_wish(query)
    assert list(wish.problems) == [field]
    assert (wish.bpm_from, wish.bpm_to) == (None, None)


def test_an_address_carries_a_wish_there_and_back() -> None:
    query = {"q": "late night", "genre": "Trap", "bpm_from": "72.5", "sort": "price", "page": "3"}
    assert read_wish(query).query() == query
    assert read_wish(query).query(page="", genre="")["bpm_from"] == "72.5"
    assert "page" not in read_wish({"page": "1"}).query()


@given(
    st.dictionaries(
        st.sampled_from(["q", "genre", "mood", "key", "bpm_from", "bpm_to", "sort", "page"]), st.text()
    )
)
def test_no_address_breaks_it(query: dict[str, str]) -> None:
    wish = read_wish(query)
    answer: Any = browse(tracks(), wish, producers=NAMES, prices=prices, per_page=2)
    assert 0 <= len(answer.tracks) <= 2
    assert 1 <= answer.page <= answer.pages
    assert answer.total <= 4


def test_the_order_of_a_list_without_one_is_the_callers() -> None:
    assert read_wish({}, default=Order.NEWEST).order is Order.NEWEST
    assert Wish().order is Order.GIVEN
