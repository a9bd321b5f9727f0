"""The player's colors: any accent and ground a producer likes, made readable.

Contrast is WCAG 2.2's ratio of relative luminances (1.4.3 asks 4.5:1 of text). An accent that
lacks it is moved toward black or white, whichever direction the ground leaves open, no further
than needed, so its hue stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flexapp.errors import Invalid

EMBER = "#cf3a10"
EMBER_AT_NIGHT = "#ff6a3d"
PAPER = "#fffdfa"
NIGHT = "#141217"
TEXT_CONTRAST = 4.5

_LIGHT = {"ink": "#16141a", "ink2": "#5d5866", "ink3": "#756f7d", "ground": "#f5f1eb", "line": "#e6e0d8"}
_DARK = {"ink": "#f6f2ee", "ink2": "#b4adb9", "ink3": "#958e9c", "ground": "#1e1b22", "line": "#2c2831"}
_HEX = re.compile(r"^#?([0-9a-f]{3}|[0-9a-f]{6})$", re.IGNORECASE)


class InvalidColor(Invalid):
    """A color that is not written as ``#rrggbb``."""

    code = "invalid_color"


@dataclass(frozen=True)
class Palette:
    """Every color of one player, as ``#rrggbb``; text colors pass 4.5:1 on paper and on ground."""

    paper: str
    ground: str
    line: str
    ink: str
    ink2: str
    ink3: str
    accent: str
    on_accent: str


def parse_color(text: str) -> str:
    """``#cf3a10`` from ``CF3A10``, ``#CF3A10`` or ``#f00``; raises InvalidColor."""
    match = _HEX.match(text.strip())
    if match is None:
        message = "Write the color as #rrggbb, such as #cf3a10."
        raise InvalidColor(message, fields={"accent": message})
    digits = match.group(1).lower()
    return "#" + ("".join(digit * 2 for digit in digits) if len(digits) == 3 else digits)


def palette(accent: str | None = None, *, paper: str) -> Palette:
    """The colors on a ground of that color; the accent is the product's ember unless one is given."""
    is_dark = is_dark_ground(paper)
    inks = _DARK if is_dark else _LIGHT
    own = paper in (PAPER, NIGHT)
    ground = inks["ground"] if own else _mix(paper, inks["ink"], 0.05)
    chosen = accent or (EMBER_AT_NIGHT if is_dark else EMBER)
    readable = _readable(chosen, paper, ground)
    return Palette(
        paper=paper,
        ground=ground,
        line=inks["line"] if own else _mix(paper, inks["ink"], 0.14),
        ink=_readable(inks["ink"], paper, ground),
        ink2=_readable(inks["ink2"], paper, ground),
        ink3=_readable(inks["ink3"], paper, ground),
        accent=readable,
        on_accent=_text_on(readable),
    )


def is_dark_ground(color: str) -> bool:
    """Whether light ink reads better on it."""
    return contrast(color, "#ffffff") > contrast(color, "#000000")


def contrast(one: str, other: str) -> float:
    """The ratio of two colors, 1 to 21."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _readable(color: str, *grounds: str) -> str:
    target = "#ffffff" if is_dark_ground(grounds[0]) else "#000000"
    for step in range(0, 101, 2):
        moved = _mix(color, target, step / 100)
        if all(contrast(moved, ground) >= TEXT_CONTRAST for ground in grounds):
            return moved
    return target


def _text_on(color: str) -> str:
    for ink in ("#ffffff", "#1a0d08", "#000000"):
        if contrast(color, ink) >= TEXT_CONTRAST:
            return ink
    return "#000000"


def _mix(color: str, other: str, share: float) -> str:
    parts = zip(_channels(color), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in parts)


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: str) -> float:
    linear = [
        value / 255 / 12.92 if value / 255 <= 0.04045 else ((value / 255 + 0.055) / 1.055) ** 2.4
        for value in _channels(color)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
