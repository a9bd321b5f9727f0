"""The player's words, by language: loaded once from ``messages/<language>.json``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from flexapp.kernel.money import digits, mark_of

HOME = Path(__file__).parent / "messages"
DEFAULT = "en"
LANGUAGES = tuple(sorted(path.stem for path in HOME.glob("*.json")))
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
_PLACE = re.compile(r"{(\w+)}")

#: What the script inside the document says before the late one is there.
CORE = (
    "error",
    "license",
    "pause",
    "pause_by",
    "play",
    "play_by",
    "retry",
    "sold",
    "unoffered",
)


class Words:
    """The messages of one language; a placeholder without a value stays as it is."""

    def __init__(self, language: str, messages: Mapping[str, str], direction: str = "ltr") -> None:
        self.language = language
        self.messages = messages
        self.direction = direction  #: ``ltr`` or ``rtl``: how the page around it reads

    def say(self, name: str, **values: object) -> str:
        """A message with its ``{placeholders}`` filled."""
        return _PLACE.sub(lambda match: str(values.get(match[1], match[0])), self.messages[name])

    def number(self, value: int) -> str:
        """``100,000``, as the language groups digits."""
        return f"{value:,}".replace(",", self.messages["number_group"])

    def price(self, amount: int, currency: str) -> str:
        """Minor units as a price: ``$29.99``, ``29,99 $``."""
        places = digits(currency)
        whole, part = divmod(amount, 10**places)
        number = self.number(whole)
        if places:
            number += self.messages["number_decimal"] + f"{part:0{places}d}"
        mark = mark_of(currency)
        if mark.isalpha() and self.messages["price"] == "{mark}{number}":
            mark += "\u00a0"
        return self.say("price", mark=mark, number=number)

    def count(self, name: str, value: int | None) -> str:
        """``1 stream``, ``100,000 streams``, ``unlimited streams``; None is without a limit."""
        form = "unlimited" if value is None else "one" if value == 1 else "other"
        return self.say(f"{name}_{form}", count="" if value is None else self.number(value))

    def for_core(self) -> dict[str, str]:
        """The words that travel inside the document."""
        return {name: self.messages[name] for name in CORE}


@lru_cache(maxsize=32)
def words_of(language: str | None) -> Words:
    """The words of a language; English for one that is not spoken, laid out as that one reads."""
    spoken = language if language in LANGUAGES else DEFAULT
    direction = "rtl" if language in _RIGHT_TO_LEFT else "ltr"
    return Words(spoken, json.loads((HOME / f"{spoken}.json").read_text()), direction)


def language_of(tag: str) -> str | None:
    """The language of a tag such as ``pt-BR`` if it is spoken or reads from right to left, or None."""
    language = tag.replace("_", "-").partition("-")[0].lower()
    return language if language in LANGUAGES or language in _RIGHT_TO_LEFT else None
