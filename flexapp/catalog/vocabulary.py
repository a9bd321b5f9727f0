"""The words and numbers that describe a track: tempo, key, tags, and the lists that forms suggest."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flexapp.errors import Invalid

GENRES = (
    "Afrobeats", "Amapiano", "Ambient", "Boom Bap", "Cloud Rap", "Dancehall", "Drill", "Drum & Bass", "EDM",
    "Electronic", "Funk", "Garage", "Gospel", "House", "Hyperpop", "Jersey Club", "Lo-Fi", "Phonk", "Pop",
    "R&B", "Reggaeton", "Rock", "Soul", "Synthwave", "Techno", "Trap",
)  # fmt: skip
MOODS = (
    "Aggressive", "Bouncy", "Chill", "Confident", "Dark", "Dreamy", "Emotional", "Energetic", "Epic", "Happy",
    "Hopeful", "Lonely", "Menacing", "Mysterious", "Nostalgic", "Peaceful", "Romantic", "Sad", "Sexy",
    "Soulful",
)  # fmt: skip
TONICS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
MODES = ("minor", "major", "dorian", "phrygian", "lydian", "mixolydian", "locrian")
KEYS = tuple(f"{tonic} {mode}" for mode in MODES[:2] for tonic in TONICS)

SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0
MAX_TAGS, MAX_TAG_LENGTH = 12, 30
_FLATS = {
    "Db": "C#",
    "Eb": "D#",
    "Gb": "F#",
    "Ab": "G#",
    "Bb": "A#",
    "Cb": "B",
    "Fb": "E",
    "E#": "F",
    "B#": "C",
}
_KEY = re.compile(r"^\s*([A-Ga-g])\s*([#b♯♭]?)\s*-?\s*([a-z]*)\s*$", re.IGNORECASE)
_SHORT = {"": "major", "m": "minor", "min": "minor", "maj": "major", "moll": "minor", "dur": "major"}


class InvalidDescription(Invalid):
    """A field that describes a track does not fit; ``fields`` names it."""

    code = "invalid_track"


def checked_text(value: str, field: str, *, most: int, required: bool = False) -> str:
    """The text without surrounding space and control characters; raises InvalidDescription."""
    text = "".join(mark for mark in value.strip() if mark.isprintable() or mark in "\n\t")
    if required and not text:
        raise _refusal(field, f"The {field} is missing.")
    if len(text) > most:
        raise _refusal(field, f"The {field} has at most {most} characters; this one has {len(text)}.")
    return text


def checked_bpm(value: float | None) -> float | None:
    """Beats a minute with two decimals, or None when unknown; raises InvalidDescription."""
    if value is None:
        return None
    if not SLOWEST_BPM <= value <= FASTEST_BPM:
        raise _refusal("bpm", f"The tempo is between {SLOWEST_BPM:.0f} and {FASTEST_BPM:.0f} beats a minute.")
    return round(float(value), 2)


def checked_key(value: str) -> str:
    """A key in one spelling: ``f#m``, ``Gb min`` and ``F# minor`` are all ``F# minor``; "" is unknown."""
    if not value.strip():
        return ""
    match = _KEY.match(value)
    if match:
        letter, accidental, word = match.groups()
        tonic = letter.upper() + accidental.replace("♯", "#").replace("♭", "b").lower()
        # "M" alone is major where "m" is minor.
        mode = "major" if word == "M" else _SHORT.get(word.lower(), word.lower())
        tonic = _FLATS.get(tonic, tonic)
        if tonic in TONICS and mode in MODES:
            return f"{tonic} {mode}"
    raise _refusal("key", "A key is a note and a mode, such as F minor or C# phrygian.")


def checked_tags(values: Sequence[str]) -> list[str]:
    """At most 12 lower-case tags without repeats, in the order given; raises InvalidDescription."""
    tags = list(
        dict.fromkeys(tag for value in values if (tag := " ".join(value.lower().strip(" #").split())))
    )
    if len(tags) > MAX_TAGS:
        raise _refusal("tags", f"A track has at most {MAX_TAGS} tags.")
    for tag in tags:
        if len(tag) > MAX_TAG_LENGTH or "," in tag or not tag.isprintable():
            raise _refusal("tags", f"A tag has at most {MAX_TAG_LENGTH} characters and no comma.")
    return tags


def _refusal(field: str, sentence: str) -> InvalidDescription:
    return InvalidDescription(sentence, fields={field: sentence})
