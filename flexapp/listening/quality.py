"""How well something is listened to, and how it grows: the published formulas, without a database.

Sources: seed-systems 2.5 (quality score, badge, retention), 2.6 (status of growth), and the house's own
definition of growth: the last 28 days against the 28 before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flexapp.listening.counting import TENTHS

GROWTH_DAYS = 28
GROWTH_AT_LEAST = timedelta(days=7)
"""With less history there is no growth."""
WEIGHTS = (10, 30, 50, 70, 100)
"""Of a listen in the quality score: skipped, partial, half, mostly, whole."""
BANDS = ((80, "Excellent"), (60, "Good"), (40, "Fair"), (20, "Needs work"))
RETENTION_BANDS = ((80, "Excellent"), (60, "Good"), (40, "Fair"))
GROWTH_BANDS = ((15, "Exceptional"), (5, "Strong"), (0, "Steady"), (-5, "Slight decline"))


@dataclass(frozen=True)
class Retention:
    """How far valid listens went."""

    listens: int = 0
    percent: int = 0  #: the sum of the shares that were heard
    buckets: tuple[int, ...] = (0,) * 5  #: skipped < 20 %, partial < 40, half < 60, mostly < 80, whole
    tenths: tuple[int, ...] = (0,) * TENTHS  #: listens in which each tenth was heard

    @property
    def average(self) -> float | None:
        """The share of the media that was heard on average, 0 to 1; None without listens."""
        return self.percent / self.listens / 100 if self.listens else None

    @property
    def curve(self) -> tuple[float, ...] | None:
        """The share of listens in which each tenth was heard; None without listens."""
        return tuple(count / self.listens for count in self.tenths) if self.listens else None

    @property
    def whole(self) -> float | None:
        """The share of listens that heard 80 % or more; None without listens."""
        return self.buckets[-1] / self.listens if self.listens else None

    @property
    def score(self) -> int | None:
        """The quality score, 10 to 100: listens by how far they went, weighted; None without listens.

        10 skipped... whole: 10/5/3/1/1 of whole, mostly, half, partial, skipped give 77.
        """
        if not self.listens:
            return None
        weighted = sum(count * weight for count, weight in zip(self.buckets, WEIGHTS, strict=True))
        return round(weighted / self.listens)

    @property
    def band(self) -> str | None:
        """The score in a word."""
        return None if self.score is None else band(self.score, BANDS, "Poor")

    @property
    def retention_band(self) -> str | None:
        """The average share in a word."""
        return None if self.average is None else band(100 * self.average, RETENTION_BANDS, "Poor")

    @property
    def badge(self) -> str | None:
        """Engagement by the share that heard it whole and the average share, in percent."""
        if self.whole is None or self.average is None:
            return None
        low, high = sorted((100 * self.whole, 100 * self.average))
        if low >= 80:
            return "High"
        if low >= 60:
            return "Good"
        return "Moderate" if high >= 40 else "Low"


@dataclass(frozen=True)
class Growth:
    """Plays of the last 28 days against the 28 before; ``rate`` is None when there is none."""

    rate: float | None
    plays: int
    before: int
    reason: str = ""  #: why there is none: ``too_young`` or ``from_zero``

    @property
    def status(self) -> str | None:
        """The rate in words."""
        return None if self.rate is None else band(100 * self.rate, GROWTH_BANDS, "Needs attention")


def growth_of(plays: int, before: int, *, first_at: datetime | None, now: datetime) -> Growth:
    """(last − before) ÷ before; none with less than 7 days of history or from zero."""
    if first_at is None or now - first_at < GROWTH_AT_LEAST:
        return Growth(None, plays, before, "too_young")
    if not before:
        return Growth(None, plays, before, "from_zero")
    return Growth((plays - before) / before, plays, before)


def change(now: float | None, before: float | None) -> float | None:
    """How much more or less, as a share of before; None from zero or nothing."""
    return (now - before) / before if now is not None and before else None


def band(value: float, bands: tuple[tuple[int, str], ...], else_: str) -> str:
    """The word of the first band that the value reaches."""
    return next((word for least, word in bands if value >= least), else_)
