"""The formulas of insights in words, with the numbers that the code uses; they are public."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flexapp.listening import quality
from flexapp.listening.counting import COMPLETED_SHARE, TENTHS
from flexapp.web.filters import percent

ENOUGH = 10  #: listens, before a score or badge is shown: fewer say more about a person than about a beat
RULES = "/help/how-plays-count"


@dataclass(frozen=True)
class Formula:
    """One figure; ``key`` is its place on the public page."""

    key: str
    name: str
    words: str

    @property
    def address(self) -> str:
        """Where it is published."""
        return f"{RULES}#{self.key}"


def formulas() -> dict[str, Formula]:
    """Everything that is computed from counted listens, by key."""
    all_of_them = (
        Formula("retention", "How far they listened", _retention()),
        Formula("quality-score", "Quality score", _score()),
        Formula("engagement", "Engagement", _engagement()),
        Formula("growth", "Growth", _growth()),
        Formula(
            "trend",
            "Second half against the first",
            "Plays of the second half of the time shown, less those of the first, divided by those of the "
            "first. None when the first half has no plays.",
        ),
    )
    return {each.key: each for each in all_of_them}


def _retention() -> str:
    return (
        f"Of all listens that are valid, the share in which each of {TENTHS} parts of the beat was heard, in "
        f"any order. In a word, by the share of the beat that was heard on average: "
        f"{_bands(quality.RETENTION_BANDS)}, below poor."
    )


def _score() -> str:
    skipped, partial, half, mostly, whole = quality.WEIGHTS
    return (
        f"Each listen counts by how far it went: {percent(COMPLETED_SHARE)} or more of the beat {whole}, "
        f"from {percent(0.6)} {mostly}, from {percent(0.4)} {half}, from {percent(0.2)} {partial}, "
        f"less {skipped}. The score is the average, shown from {ENOUGH} listens on: "
        f"{_bands(quality.BANDS)}, below poor."
    )


def _engagement() -> str:
    return (
        f"Two shares, shown from {ENOUGH} listens on: of listens that heard {percent(COMPLETED_SHARE)} or "
        f"more, and of the beat that was heard on average. High when both are {percent(0.8)} or more, good "
        f"when both are {percent(0.6)}, moderate when one of them is {percent(0.4)}, else low."
    )


def _growth() -> str:
    days, least = quality.GROWTH_DAYS, quality.GROWTH_AT_LEAST.days
    return (
        f"Plays of the last {days} days, less those of the {days} before, divided by those of the {days} "
        f"before. None with less than {least} days of listening, or from zero. In percent: "
        f"{_bands(quality.GROWTH_BANDS)}, below needs attention."
    )


def _bands(bands: Sequence[tuple[int, str]]) -> str:
    return ", ".join(f"from {str(least).replace('-', '−')} {word.lower()}" for least, word in bands)
