"""Query parameters of the iframe document: known ones are read, wrong and unknown ones ignored."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from embed.words import language_of
from flexapp.apps.models import Layout, ThemeMode
from flexapp.apps.theme import InvalidColor, parse_color
from flexapp.kernel.ids import is_id

WAYS = frozenset({"script", "oembed", "card"})
"""How a frame came to be when nobody pasted it: our loader, a tool that unfolds links, a social card."""
_ON, _OFF = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"})


@dataclass(frozen=True)
class Parameters:
    """What the address asks for; None leaves the app's own choice."""

    layout: Layout | None = None
    theme: ThemeMode | None = None
    color: str | None = None  #: ``#rrggbb``
    ground: str | None = None  #: ``#rrggbb``, the parameter ``bg``
    art: bool = True
    list: bool = True
    buy: bool = True
    start_track: str | None = None
    start_seconds: float = 0.0
    autoplay: bool = False
    loop: bool = False
    volume: float | None = None  #: 0 to 1
    single: bool = True  #: pauses other players
    keys: bool = True  #: single-letter shortcuts
    dnt: bool = False
    preview: bool = False  #: the owner looks at it in the dashboard: nothing counts
    lang: str | None = None  #: one of the spoken languages, or one that reads from right to left
    via: str = ""  #: one of WAYS; empty for a frame that was pasted
    key: str = ""  #: the placement token ``k``

    @property
    def is_common(self) -> bool:
        """Only choices out of short lists: few such addresses exist for a player."""
        free = (self.color, self.ground, self.start_track, self.volume)
        return not self.start_seconds and all(value is None for value in free)


def read_parameters(query: Mapping[str, str]) -> Parameters:
    """The parameters of one address; never raises."""
    return Parameters(
        layout=_layout(query.get("layout", "")),
        theme=_theme(query.get("theme", "")),
        color=_color(query.get("color", "")),
        ground=_color(query.get("bg", "")),
        art=_flag(query.get("art"), default=True),
        list=_flag(query.get("list"), default=True),
        buy=_flag(query.get("buy"), default=True),
        start_track=_track(query.get("start_track", "")),
        start_seconds=_number(query.get("t", ""), low=0, high=3600) or 0.0,
        autoplay=_flag(query.get("autoplay"), default=False),
        loop=_flag(query.get("loop"), default=False),
        volume=_number(query.get("volume", ""), low=0, high=1),
        single=_flag(query.get("single"), default=True),
        keys=_flag(query.get("keys"), default=True),
        dnt=_flag(query.get("dnt"), default=False),
        preview=_flag(query.get("preview"), default=False),
        lang=language_of(query.get("lang", "")[:20]),
        via=via if (via := query.get("via", "")) in WAYS else "",
        key=query.get("k", "")[:300],
    )


def _flag(text: str | None, *, default: bool) -> bool:
    if text in _ON:
        return True
    return False if text in _OFF else default


def _number(text: str, *, low: float, high: float) -> float | None:
    try:
        value = float(text[:20])
    except ValueError:
        return None
    return min(max(value, low), high) if math.isfinite(value) else None


def _layout(text: str) -> Layout | None:
    return Layout(text) if text in Layout.__members__.values() else None


def _theme(text: str) -> ThemeMode | None:
    return ThemeMode(text) if text in ThemeMode.__members__.values() else None


def _color(text: str) -> str | None:
    try:
        return parse_color(text)
    except InvalidColor:
        return None


def _track(text: str) -> str | None:
    return text if is_id(text, "trk") else None
