"""How big a player is: the space that snippets, oEmbed and the loader reserve before it loads."""

from __future__ import annotations

from dataclasses import dataclass

from flexapp.apps.models import Layout

MIN_WIDTH, MIN_HEIGHT = 200, 80


@dataclass(frozen=True)
class Size:
    """CSS pixels."""

    width: int
    height: int


SIZES = {
    Layout.BAR: Size(600, 80),
    Layout.COMPACT: Size(600, 166),
    Layout.LIST: Size(600, 352),
    Layout.CARD: Size(320, 500),
}

_BY_HEIGHT = (Layout.LIST, Layout.COMPACT, Layout.BAR)


def fit(
    layout: Layout, *, max_width: int | None, max_height: int | None, asked: Size | None = None
) -> tuple[Layout, Size]:
    """The layout and size for a box: as asked when it fits, else the largest that does.

    ``asked`` is a size that the snippet names instead of the layout's own.

    A box too small for any gets the bar at the box's own size, not below 200 × 80 (oEmbed says
    maxima must be respected; embed-spec 2.2 draws the line there).
    """
    wanted = asked or SIZES[layout]
    width = max(MIN_WIDTH, min(max_width or wanted.width, wanted.width))
    if (max_width or MIN_WIDTH) < MIN_WIDTH or (max_height or MIN_HEIGHT) < MIN_HEIGHT:
        return Layout.BAR, Size(width, MIN_HEIGHT)
    if max_height is None or max_height >= wanted.height:
        fits_across = layout is not Layout.CARD or width == wanted.width
        if fits_across:
            return layout, Size(width, wanted.height)
    for smaller in _BY_HEIGHT:
        size = SIZES[smaller]
        if size.height <= wanted.height and size.height <= (max_height or wanted.height):
            across = max(MIN_WIDTH, min(max_width or size.width, size.width))
            return smaller, Size(across, size.height)
    return Layout.BAR, Size(width, MIN_HEIGHT)
