"""Title, artist, genre, tempo and key as a file's own tags tell them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tinytag import TinyTag, TinyTagException

_MOST = 200


def read_tags(path: Path) -> dict[str, str]:
    """What is there of title, artist, album, genre, year, bpm, key and comment; {} when unreadable."""
    try:
        tag = TinyTag.get(path, image=False, duration=False)
    except (TinyTagException, OSError, ValueError, UnicodeError, KeyError, IndexError):
        return {}
    other: dict[str, Any] = dict(tag.other)
    found = {
        "title": tag.title,
        "artist": tag.artist,
        "album": tag.album,
        "genre": tag.genre,
        "year": tag.year,
        "comment": tag.comment,
        "bpm": _first(other, "bpm", "tbpm", "tempo"),
        "key": _first(other, "initial_key", "initialkey", "key", "tkey"),
    }
    return {name: text for name, value in found.items() if (text := _plain(value))}


def _first(other: dict[str, Any], *names: str) -> Any:
    lowered = {name.lower(): value for name, value in other.items()}
    return next((lowered[name] for name in names if lowered.get(name)), None)


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        value = value[0] if value else ""
    text = "" if value is None else str(value)
    return "".join(mark for mark in text if mark.isprintable()).strip()[:_MOST]
