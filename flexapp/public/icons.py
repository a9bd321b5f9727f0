"""An app's icon: its first cover under a play sign, or a record in its color, as PNG and SVG.

The play sign lies in the middle, inside the circle of 80 % that systems keep when they mask an icon
(W3C, Web App Manifest, maskable icons).
"""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import Image, ImageDraw, ImageOps

_FINE = 4  #: drawn so many times larger, for smooth edges
_GROOVES = (0.40, 0.335, 0.27)  #: radii of the record as shares of the side
_LABEL = 0.17


@lru_cache(maxsize=48)
def drawn(side: int, accent: str, on_accent: str, *, is_mask: bool) -> bytes:
    """A record in the app's color, for apps whose beats have no cover; a PNG."""
    canvas = Image.new("RGB", (side * _FINE, side * _FINE), accent)
    draw = ImageDraw.Draw(canvas, "RGBA")
    scale = 0.86 if is_mask else 1.0
    for radius in _GROOVES:
        _circle(draw, side * _FINE, radius * scale, outline=(*_rgb(on_accent), 110), width=side * _FINE // 90)
    _play(draw, side * _FINE, scale, ground=on_accent, sign=accent)
    return _png(canvas.resize((side, side), Image.Resampling.LANCZOS))


def from_cover(cover: bytes, side: int, accent: str, on_accent: str, *, is_mask: bool) -> bytes:
    """The cover, edge to edge, with the play sign on it; a PNG. The cover is one of ours, so it is sound."""
    with Image.open(io.BytesIO(cover), formats=("JPEG",)) as image:
        image.draft("RGB", (side, side))
        square = ImageOps.fit(image.convert("RGB"), (side, side), Image.Resampling.LANCZOS)
    sign = Image.new("RGBA", (side * _FINE, side * _FINE))
    _play(ImageDraw.Draw(sign), side * _FINE, 0.86 if is_mask else 1.0, ground=accent, sign=on_accent)
    small = sign.resize((side, side), Image.Resampling.LANCZOS)
    square.paste(small, mask=small)
    return _png(square)


def svg(accent: str, on_accent: str) -> str:
    """The record as SVG: sharp at every size."""
    rings = "".join(
        f'<circle cx="50" cy="50" r="{radius * 100:g}" fill="none" stroke="{on_accent}" '
        'stroke-opacity=".43" stroke-width="1.1"/>'
        for radius in _GROOVES
    )
    corners = " ".join(f"{x * 100:g},{y * 100:g}" for x, y in _triangle(1.0))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
        f'<rect width="100" height="100" fill="{accent}"/>{rings}'
        f'<circle cx="50" cy="50" r="{_LABEL * 100:g}" fill="{on_accent}"/>'
        f'<polygon points="{corners}" fill="{accent}"/></svg>'
    )


def _play(draw: ImageDraw.ImageDraw, side: int, scale: float, *, ground: str, sign: str) -> None:
    _circle(draw, side, _LABEL * scale, fill=(*_rgb(ground), 255))
    draw.polygon([(x * side, y * side) for x, y in _triangle(scale)], fill=(*_rgb(sign), 255))


def _triangle(scale: float) -> list[tuple[float, float]]:
    half, width = 0.075 * scale, 0.13 * scale
    left = 0.5 - width * 0.4
    return [(left, 0.5 - half), (left + width, 0.5), (left, 0.5 + half)]


def _circle(draw: ImageDraw.ImageDraw, side: int, radius: float, **paint: object) -> None:
    low, high = (0.5 - radius) * side, (0.5 + radius) * side
    draw.ellipse((low, low, high, high), **paint)  # type: ignore[arg-type]


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()
