"""A suggested key: the pitch classes that sound most, compared with Krumhansl's profiles.

Profiles: Krumhansl and Kessler 1982, as printed in Krumhansl, *Cognitive Foundations of Musical Pitch*,
1990, table 2.1. Frequencies between bins: the parabola through a peak and its neighbors
(Smith and Serra, 1987).
A key and its relative share their notes, so the suggestion may name either.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flexapp.audio.spectra import Framer

RATE = 22_050
_SIZE, _HOP = 16_384, 8_192
_LOW, _HIGH = 30.0, 2000.0
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


class KeyMeter:
    """Takes a mono signal at ``RATE`` block by block, then suggests a key."""

    def __init__(self) -> None:
        self._framer = Framer(_SIZE, _HOP)
        self._classes = np.zeros(12)
        frequencies = np.fft.rfftfreq(_SIZE, 1 / RATE)
        self._bins = np.flatnonzero((frequencies >= _LOW) & (frequencies <= _HIGH))

    def add(self, mono: NDArray[np.float32]) -> None:
        """The next samples."""
        for spectrum in self._framer.spectra(mono):
            classes = self._pitch_classes(spectrum.astype(np.float64))
            if classes.sum() > 1e-6:
                self._classes += classes / classes.sum()

    def suggestion(self) -> str | None:
        """Such as ``F minor``; None when no pitch stands out."""
        if self._classes.std() < 1e-6:
            return None
        scores = {
            f"{_NAMES[tonic]} {mode}": _likeness(np.roll(self._classes, -tonic), profile)
            for mode, profile in (("major", _MAJOR), ("minor", _MINOR))
            for tonic in range(12)
        }
        best = max(scores, key=lambda name: scores[name])
        return best if scores[best] > 0.2 else None

    def _pitch_classes(self, spectrum: NDArray[np.float64]) -> NDArray[np.float64]:
        """How strongly each of the twelve sounds: peaks only (drums lie flat), the well-tuned ones most."""
        left, here, right = (spectrum[self._bins + step] for step in (-1, 0, 1))
        is_peak = (here > left) & (here > right) & (here > 1e-4)
        low, mid, high = (np.log(part[is_peak] + 1e-9) for part in (left, here, right))
        shift = np.clip(0.5 * (low - high) / (low - 2 * mid + high), -0.5, 0.5)
        pitch = 69 + 12 * np.log2((self._bins[is_peak] + shift) * RATE / _SIZE / 440.0)
        nearest = np.rint(pitch)
        weight = np.sqrt(here[is_peak]) * np.cos(np.pi * (pitch - nearest)) ** 2
        return np.bincount(nearest.astype(int) % 12, weights=weight, minlength=12).astype(np.float64)


def _likeness(classes: NDArray[np.float64], profile: tuple[float, ...]) -> float:
    return float(np.corrcoef(classes, np.array(profile))[0, 1])
