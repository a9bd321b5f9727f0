"""What a player says of a track."""

from __future__ import annotations

import pytest

from embed.cards import offer_note, short_peaks, track_cards
from embed.words import words_of
from flexapp.catalog.models import LicenseType, Track
from flexapp.catalog.offers import Offer
from flexapp.people.models import Person

KAITO = Person(id="per_1", name="Kaito", slug="kaito")


def offer(
    name: str, price: int, *, files: tuple[str, ...] = ("mp3",), exclusive: bool = False, **caps: int | None
) -> Offer:
    kind = LicenseType(id=f"lty_{name}", name=name, caps=caps, is_exclusive=exclusive)
    return Offer(kind, price, "usd", name == "Premium", exclusive, files)


@pytest.mark.parametrize(
    ("given", "note"),
    [
        (offer("Basic", 1, streams=100_000, videos=1), "MP3 · 100,000 streams · 1 video"),
        (offer("Premium", 1, files=("mp3", "wav"), streams=1, videos=0), "MP3 + WAV · 1 stream"),
        (
            offer("Trackout", 1, files=("mp3", "wav", "stems"), streams=None),
            "MP3 + WAV + stems · unlimited streams",
        ),
        (offer("Exclusive", 1, exclusive=True, streams=None), "MP3 · leaves every player at once"),
        (offer("Odd", 1, files=()), ""),
    ],
)
def test_an_offer_is_told_on_one_line(given: Offer, note: str) -> None:
    assert offer_note(given, words_of(None)) == note


def test_a_track_shows_its_lowest_price_and_its_chosen_offer() -> None:
    track = Track(
        id="trk_1",
        producer_id="per_1",
        slug="trap",
        title="Trap",
        duration_ms=66_600,
        bpm=140.5,
        key="",
        genre="",
    )
    offers = [offer("Premium", 6500), offer("Basic", 2999)]
    [card] = track_cards([track], people={"per_1": KAITO}, offers={"trk_1": offers}, words=words_of(None))
    assert (card.from_price, card.clock, card.bpm) == ("from $29.99", "1:07", "140.5")
    assert card.default_offer is not None
    assert card.default_offer.name == "Premium"
    licenses: dict[str, dict[str, str]] = {}
    told = card.for_script(licenses)
    assert told["offers"] == [["lty_Premium", "$65.00"], ["lty_Basic", "$29.99"]]
    assert told["chips"] == ["140.5 BPM"]
    assert set(licenses) == {"lty_Premium", "lty_Basic"}
    [alone] = track_cards(
        [track], people={"per_1": KAITO}, offers={"trk_1": offers[:1]}, words=words_of(None)
    )
    assert alone.from_price == "$65.00"
    [none] = track_cards([track], people={"per_1": KAITO}, offers={}, words=words_of(None))
    assert (none.from_price, none.default_offer) == ("", None)


def levels(digits: str) -> list[int]:
    """The waveform as the script reads it."""
    return [int(digit, 16) for digit in digits]


def test_peaks_keep_their_shape_in_a_hundred_and_sixty_points_of_twelve_steps() -> None:
    assert short_peaks("") == "0" * 160
    assert levels(short_peaks("20" * 160)) == [1] * 160
    every = bytes(range(0, 256, 2)) + bytes(32)
    assert levels(short_peaks(every.hex())) == [value * 12 // 256 for value in every]
    assert levels(short_peaks("0007080f10ff")) == [0] * 134 + [11] * 26
    lonely = ["00"] * 1000
    lonely[777] = "ff"
    shown = levels(short_peaks("".join(lonely)))
    assert (len(shown), shown.count(11), shown.index(11)) == (160, 1, 124)
