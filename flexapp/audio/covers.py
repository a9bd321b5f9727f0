"""A cover from any image: square, freed of metadata, in a large JPEG and a small WebP."""

from __future__ import annotations

import warnings
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from flexapp.audio.refusals import refused

LARGE, SMALL = 1200, 192
SMALL_BYTES = 12 * 1024
"""The player's budget for artwork (embed-spec 13.3)."""
_MOST_PIXELS = 50_000_000
_LEAST = 300
_FORMATS = ("JPEG", "PNG", "WEBP")


def make_cover(source: Path, large: Path, small: Path) -> dict[str, int]:
    """Write a JPEG of at most 1200 × 1200 and a WebP of 192 × 192 within 12 KB; returns the source's size.

    The middle square is kept. A transparent image is laid on white. Raises FileRefused: empty_file,
    not_an_image, image_too_large, image_too_small.
    """
    if source.stat().st_size == 0:
        raise refused("empty_file")
    image = _open(source)
    width, height = image.size
    if min(width, height) < _LEAST:
        raise refused("image_too_small", width=width, height=height)
    side = min(LARGE, width, height)
    square = ImageOps.fit(image, (side, side), Image.Resampling.LANCZOS)
    square.save(large, "JPEG", quality=86, optimize=True, progressive=True)
    tiny = square.resize((SMALL, SMALL), Image.Resampling.LANCZOS)
    for quality in (82, 74, 66, 56, 45, 32, 20, 8):
        tiny.save(small, "WEBP", quality=quality, method=6)
        if small.stat().st_size <= SMALL_BYTES:
            break
    return {"width": width, "height": height}


def _open(source: Path) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=_FORMATS) as image:
                if image.width * image.height > _MOST_PIXELS:
                    raise refused("image_too_large")
                image.draft("RGB", (LARGE, LARGE))
                upright = ImageOps.exif_transpose(image)
                return _on_white(upright)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise refused("image_too_large") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise refused("not_an_image") from error


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGB", layer.size, "white")
        ground.paste(layer, mask=layer.getchannel("A"))
        return ground
    return image.convert("RGB")
