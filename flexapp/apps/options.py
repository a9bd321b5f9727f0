"""Options of a snippet: what its player does instead of what the app says.

Names and values are those of the document's address (embed/PROTOCOL.md), so one mapping goes through
the form, the snippet in all its forms and the player.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from flexapp.apps.models import Layout, ThemeMode
from flexapp.apps.sizes import SIZES, Size
from flexapp.apps.theme import InvalidColor, parse_color
from flexapp.errors import Invalid
from flexapp.kernel.ids import is_id

LANGUAGES = {
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "de": "Deutsch",
    "pt": "Português",
    "ja": "日本語",
}
WIDTHS, HEIGHTS = (200, 1200), (80, 1000)  #: what a player is good for
LATEST_START = 3600
FULL = "100%"
_HIDDEN = ("art", "list", "buy", "keys", "single")  #: on unless the address says 0
_WHOLE = re.compile(r"^\d{1,5}$", re.ASCII)
_CLOCK = re.compile(r"^(?:(\d{1,3}):)?(\d{1,4}(?:\.\d{1,3})?)$", re.ASCII)
Choice = TypeVar("Choice", bound=StrEnum)


NAMES = (
    *("layout", "theme", "color", "bg", *_HIDDEN, "start_track", "t", "lang", "autoplay", "loop"),
    *("width", "height"),
)
"""Every option's name in an address."""


class InvalidOptions(Invalid):
    """Options that no player has; ``fields`` names each."""

    code = "invalid_options"


@dataclass(frozen=True)
class Options:
    """Choices of one snippet; None and the defaults leave it to the app."""

    layout: Layout | None = None
    theme: ThemeMode | None = None
    color: str | None = None  #: ``#rrggbb``
    bg: str | None = None  #: ``#rrggbb``
    art: bool = True
    list: bool = True
    buy: bool = True
    keys: bool = True  #: single-letter keys
    single: bool = True  #: pauses other players
    start_track: str | None = None
    t: float = 0.0  #: seconds into the first track
    lang: str | None = None
    autoplay: bool = False
    loop: bool = False
    width: int | None = None  #: CSS pixels; None is the layout's own
    height: int | None = None
    fills: bool = False  #: as wide as its column

    def query(self) -> dict[str, str]:
        """The parameters of the player's address: only what differs from the app's own choices."""
        chosen = {
            "layout": self.layout.value if self.layout else "",
            "theme": self.theme.value if self.theme else "",
            "color": (self.color or "").removeprefix("#"),
            "bg": (self.bg or "").removeprefix("#"),
            **{name: "0" for name in _HIDDEN if not getattr(self, name)},
            "start_track": self.start_track or "",
            "t": f"{self.t:g}" if self.t else "",
            "lang": self.lang or "",
            "autoplay": "1" if self.autoplay else "",
            "loop": "1" if self.loop else "",
        }
        return {name: value for name, value in chosen.items() if value}

    def size(self, layout: Layout) -> Size:
        """The room that the player gets in an app of that layout."""
        own = SIZES[self.layout or layout]
        return Size(self.width or own.width, self.height or own.height)

    def sides(self) -> dict[str, str]:
        """What was chosen of the size, as a link carries it."""
        chosen = {"width": self.width, "height": self.height}
        return {name: str(pixels) for name, pixels in chosen.items() if pixels}


def read_options(
    query: Mapping[str, str], *, tracks: Collection[str] | None = None
) -> tuple[Options, dict[str, str]]:
    """The options that an address or a form gives, and a sentence for each that is wrong; never raises.

    What is wrong is left out. ``tracks`` are the ids of the lineup, when the start must be one of them.
    """
    errors: dict[str, str] = {}
    width = query.get("width", "").strip()
    start = query.get("start_track", "").strip()
    if start and (not is_id(start, "trk") or (tracks is not None and start not in tracks)):
        errors["start_track"] = "This beat is not in the lineup."
        start = ""
    lang = query.get("lang", "").strip()
    if lang and lang not in LANGUAGES:
        errors["lang"] = f"The player speaks {', '.join(LANGUAGES)}."
        lang = ""
    options = Options(
        layout=_one_of(query, "layout", Layout, errors),
        theme=_one_of(query, "theme", ThemeMode, errors),
        color=_color(query, "color", errors),
        bg=_color(query, "bg", errors),
        **{name: query.get(name) not in ("0", "false", "no") for name in _HIDDEN},
        start_track=start or None,
        t=_seconds(query, errors),
        lang=lang or None,
        autoplay=query.get("autoplay") in ("1", "true", "yes"),
        loop=query.get("loop") in ("1", "true", "yes"),
        width=None if width == FULL else _pixels(width, "width", WIDTHS, errors),
        height=_pixels(query.get("height", "").strip(), "height", HEIGHTS, errors),
        fills=width == FULL,
    )
    return options, errors


def parse_options(query: Mapping[str, str], *, tracks: Collection[str] | None = None) -> Options:
    """The same, for programs: raises InvalidOptions when anything is wrong."""
    options, errors = read_options(query, tracks=tracks)
    if errors:
        raise InvalidOptions(" ".join(errors.values()), fields=errors)
    return options


def _one_of(query: Mapping[str, str], name: str, kind: type[Choice], errors: dict[str, str]) -> Choice | None:
    text = query.get(name, "").strip()
    if not text:
        return None
    try:
        return kind(text)
    except ValueError:
        errors[name] = f"Choose one of {', '.join(kind)}."
        return None


def _color(query: Mapping[str, str], name: str, errors: dict[str, str]) -> str | None:
    text = query.get(name, "").strip()
    if not text:
        return None
    try:
        return parse_color(text)
    except InvalidColor as error:
        errors[name] = error.message
        return None


def _seconds(query: Mapping[str, str], errors: dict[str, str]) -> float:
    text = query.get("t", "").strip()
    match = _CLOCK.match(text)
    if match is None:
        if text:
            errors["t"] = "Write seconds, or minutes and seconds such as 1:05."
        return 0.0
    seconds = 60 * int(match.group(1) or 0) + float(match.group(2))
    if not math.isfinite(seconds) or seconds > LATEST_START:
        errors["t"] = "A start lies within the first hour."
        return 0.0
    return seconds


def _pixels(text: str, name: str, bounds: tuple[int, int], errors: dict[str, str]) -> int | None:
    if not text:
        return None
    low, high = bounds
    if not _WHOLE.match(text) or not low <= int(text) <= high:
        also = f", or {FULL}" if name == "width" else ""
        errors[name] = f"From {low} to {high} pixels{also}; empty is the layout's own."
        return None
    return int(text)
