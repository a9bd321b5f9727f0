"""An app's own colors and icon on its page, made from its accent, its theme and its first cover."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from flexapp.apps.models import FlexApp, ThemeMode
from flexapp.apps.theme import NIGHT, PAPER, Palette, palette
from flexapp.catalog.models import Track


@dataclass(frozen=True)
class Look:
    """How an app's page shows itself."""

    light: Palette
    dark: Palette
    theme: ThemeMode
    cover_key: str | None  #: object: the JPEG that the icon is made from

    @property
    def version(self) -> str:
        """Changes with whatever the icon and the colors are made from."""
        parts = (repr(self.light), repr(self.dark), self.theme.value, self.cover_key or "")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    @property
    def ground(self) -> str:
        """What a window shows before the page does."""
        return NIGHT if self.theme is ThemeMode.DARK else PAPER

    @property
    def grounds(self) -> list[tuple[str, str]]:
        """(color, media query) of the browser's frame around the page."""
        if self.theme is not ThemeMode.AUTO:
            return [(self.ground, "")]
        return [(PAPER, "(prefers-color-scheme: light)"), (NIGHT, "(prefers-color-scheme: dark)")]


def look_of(app: FlexApp, lineup: Sequence[Track]) -> Look:
    """The look of an app with that lineup."""
    cover = next((track.cover_key for track in lineup if track.cover_key), None)
    return Look(palette(app.accent, paper=PAPER), palette(app.accent, paper=NIGHT), app.theme, cover)


def style_sheet(look: Look) -> str:
    """The colors as the names that our styles know; a visitor's own choice of theme wins."""
    light, dark = _roles(look.light), _roles(look.dark)
    colors = "".join(f"{name}:light-dark({light[name]},{dark[name]});" for name in light)
    scheme = ""
    if look.theme is not ThemeMode.AUTO:
        scheme = f":root:not([data-theme]){{color-scheme:{look.theme.value}}}"
    return f":root{{{colors}}}{scheme}\n"


def _roles(colors: Palette) -> dict[str, str]:
    soft = _mixed(colors.paper, colors.accent, 0.14)
    return {
        "--accent": colors.accent,
        "--on-accent": colors.on_accent,
        "--accent-hover": _mixed(colors.accent, colors.ink, 0.12),
        "--accent-ink": colors.accent,
        "--accent-soft": soft,
        "--on-accent-soft": palette(colors.accent, paper=soft).accent,
    }


def _mixed(color: str, other: str, share: float) -> str:
    pairs = [(int(color[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)
