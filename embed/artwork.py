"""Covers in the size that lock screens and headsets show, made from the large one when somebody asks."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from functools import lru_cache

from PIL import Image

MEDIUM = 512
_KEPT = 64
_QUALITY = 82


@lru_cache(maxsize=_KEPT)
def medium(read: Callable[[str], Iterable[bytes]], key: str) -> bytes:
    """A JPEG of at most 512 × 512, about 35 KB. The cover is one of ours, so it is sound and square.

    Keys name their content, so what was made once stays right; a small cover is not made larger.
    """
    with Image.open(io.BytesIO(b"".join(read(key))), formats=("JPEG",)) as image:
        image.draft("RGB", (MEDIUM, MEDIUM))
        image.thumbnail((MEDIUM, MEDIUM), Image.Resampling.LANCZOS)
        made = io.BytesIO()
        image.convert("RGB").save(made, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return made.getvalue()
