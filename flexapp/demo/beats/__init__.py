"""Eight beats under CC0 with their true tempo and key, made for this demo and for tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Beat:
    """One beat: the best master there is, its stems if it has any, and what is true of it."""

    slug: str
    title: str
    genre: str
    mood: str
    bpm: float
    key: str
    tags: tuple[str, ...]
    seconds: float
    position: int

    @property
    def master(self) -> Path:
        """The FLAC where there is one, else the MP3."""
        lossless = FOLDER / f"{self.slug}.flac"
        return lossless if lossless.exists() else FOLDER / f"{self.slug}.mp3"

    @property
    def stems(self) -> list[Path]:
        """Its single tracks as FLAC."""
        return sorted(FOLDER.glob(f"{self.slug}.*.flac"))


def _read() -> dict[str, Beat]:
    rows = json.loads((FOLDER / "beats.json").read_text())
    return {
        row["slug"]: Beat(**{**row, "tags": tuple(row["tags"])}, position=position)
        for position, row in enumerate(rows)
    }


BEATS = _read()
