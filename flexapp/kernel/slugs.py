"""Slugs: the readable part of a public address."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_NOT_IN_A_SLUG = re.compile(r"[^a-z0-9]+")
MAX_LENGTH = 80


def slugify(text: str, *, fallback: str) -> str:
    """``Café del Mar №1`` as ``cafe-del-mar-no1``; ``fallback`` when nothing readable is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _NOT_IN_A_SLUG.sub("-", plain).strip("-")[:MAX_LENGTH].rstrip("-") or fallback


def free_slug(wanted: str, is_taken: Callable[[str], bool]) -> str:
    """The wanted slug, or the first of ``wanted-2``, ``wanted-3`` … that is free."""
    number = 1
    slug = wanted
    while is_taken(slug):
        number += 1
        slug = f"{wanted}-{number}"
    return slug
