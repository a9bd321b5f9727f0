"""The player speaks each of its languages completely."""

from __future__ import annotations

import json
import re

import pytest

from embed.words import CORE, HOME, LANGUAGES, language_of, words_of

PLACES = re.compile(r"{(\w+)}")


def test_it_speaks_six_languages() -> None:
    assert LANGUAGES == ("de", "en", "es", "fr", "ja", "pt")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same_things_with_the_same_placeholders(language: str) -> None:
    english = words_of("en").messages
    other = words_of(language).messages
    assert set(other) == set(english)
    for name, message in other.items():
        assert message, name
        assert sorted(PLACES.findall(message)) == sorted(PLACES.findall(english[name])), name
    assert set(CORE) <= set(other)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_file_is_sorted_and_says_nothing_twice(language: str) -> None:
    pairs: list[tuple[str, str]] = json.loads(
        (HOME / f"{language}.json").read_text(), object_pairs_hook=lambda found: found
    )
    names = [name for name, _ in pairs]
    assert names == sorted(set(names))


def test_every_word_is_said_somewhere() -> None:
    root = HOME.parents[1]
    folders = [root / "embed", root / "widgets/player", root / "templates/embed"]
    files = [
        path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".js", ".html")
    ]
    said = "\n".join(path.read_text() for path in files)
    built = re.compile(r"^(gone_|cart_|loop_)|_(one|other|unlimited)$")
    unsaid = [
        name
        for name in words_of("en").messages
        if not re.search(rf"\b{re.escape(name)}\b", said) and not built.search(name)
    ]
    assert unsaid == []


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("de", "de"),
        ("pt-BR", "pt"),
        ("PT_br", "pt"),
        ("", None),
        ("xx", None),
        ("../en", None),
        ("e", None),
        ("ar-EG", "ar"),
    ],
)
def test_a_tag_names_a_spoken_language_or_none(tag: str, language: str | None) -> None:
    assert language_of(tag) == language


def test_a_language_from_right_to_left_that_is_not_spoken_turns_english_words() -> None:
    hebrew = words_of("he")
    assert (hebrew.language, hebrew.direction, hebrew.say("sold")) == ("en", "rtl", "Sold")
    assert (words_of("xx").direction, words_of(None).direction) == ("ltr", "ltr")


@pytest.mark.parametrize(
    ("language", "price", "count"),
    [
        ("en", "$1,299.50", "100,000"),
        ("de", "1.299,50\u00a0$", "100.000"),
        ("fr", "1\u202f299,50\u00a0$", "100\u202f000"),
        ("pt", "$\u00a01.299,50", "100.000"),
        ("ja", "$1,299.50", "100,000"),
    ],
)
def test_prices_and_numbers_are_written_as_the_language_does(language: str, price: str, count: str) -> None:
    words = words_of(language)
    assert words.price(129_950, "usd") == price
    assert words.number(100_000) == count


def test_currencies_without_minor_units_or_a_sign_are_written_too() -> None:
    assert words_of("ja").price(5000, "jpy") == "¥5,000"
    assert words_of("de").price(5000, "jpy") == "5.000\u00a0¥"
    assert words_of("en").price(1999, "sek") == "SEK\u00a019.99"
    assert words_of("es").price(1999, "sek") == "19,99\u00a0SEK"
