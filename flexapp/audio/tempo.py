"""A suggested tempo: spectral flux by band, autocorrelation, then the exact beat by a fine comb.

The octave is a matter of taste (70 or 140), so pages offer half and double; the preference below leans
to where producers write their tempo.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from flexapp.audio.spectra import Framer

RATE = 22_050
_SIZE, _HOP = 1024, 128
_BANDS = (0, 4, 9, 18, 38, 80, 160, 320, 513)
"""Edges in bins of 21.5 Hz: about 86, 194, 388, 818, 1.7k, 3.4k, 6.9k and 11k Hz."""
SLOWEST, FASTEST = 60.0, 200.0
_CENTER, _WIDTH = 118.0, 0.75
"""The preference is a bell over the octaves around 118 beats a minute (Parncutt 1994; wider, since halves
and doubles are offered)."""


class TempoMeter:
    """Takes a mono signal at ``RATE`` block by block, then suggests beats a minute."""

    def __init__(self) -> None:
        self._framer = Framer(_SIZE, _HOP)
        self._last: NDArray[np.float32] | None = None
        self._flux: list[NDArray[np.float32]] = []

    def add(self, mono: NDArray[np.float32]) -> None:
        """The next samples."""
        spectra = self._framer.spectra(mono)
        if not len(spectra):
            return
        loud = np.log1p(100.0 * spectra)
        before = self._last if self._last is not None else loud[:1]
        rise = np.maximum(0.0, np.diff(np.concatenate((before, loud)), axis=0))
        self._last = loud[-1:]
        self._flux.append(
            np.stack(
                [rise[:, low:high].mean(axis=1) for low, high in pairwise(_BANDS)],
                axis=1,
            )
        )

    def suggestion(self) -> float | None:
        """Beats a minute with two decimals, or None when nothing repeats (or under four seconds)."""
        if not self._flux:
            return None
        per_second = RATE / _HOP
        bands = _onsets(np.concatenate(self._flux))
        if not bands or len(bands[0]) < 4 * per_second:
            return None
        bpm = _coarse(_autocorrelation(bands), per_second)
        return round(_fine(np.sum(bands, axis=0), bpm, per_second), 2)


def _onsets(flux: NDArray[np.float32]) -> list[NDArray[np.float64]]:
    """A curve for each band that moves: freed of its slow swell, around zero, on one scale."""
    span = int(RATE / _HOP)
    kernel = np.hanning(span)
    kernel /= kernel.sum()
    curves: list[NDArray[np.float64]] = []
    for band in flux.T:
        raised = np.maximum(0.0, band - np.convolve(band, kernel, mode="same"))
        scale = float(raised.std())
        if scale > 1e-6:
            curves.append((raised - raised.mean()) / scale)
    return curves


def _autocorrelation(bands: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Summed over the bands, so that a snare does not answer a kick."""
    length = len(bands[0])
    size = 1 << (2 * length - 1).bit_length()
    power = np.zeros(size // 2 + 1)
    for band in bands:
        power += np.abs(np.fft.rfft(band, size)) ** 2
    unbiased = np.fft.irfft(power, size)[:length] / np.arange(length, 0, -1)
    strength: NDArray[np.float64] = unbiased / max(float(unbiased[0]), 1e-12)
    return strength


def _coarse(strength: NDArray[np.float64], per_second: float) -> float:
    """The tempo whose beat, bar and half bar all repeat best, in steps of 0.25."""
    tempos = np.arange(SLOWEST, FASTEST + 0.125, 0.25)
    lags = 60.0 * per_second / tempos
    places = np.arange(len(strength))
    score = np.zeros(len(tempos))
    for multiple, weight in ((1, 2.0), (2, 1.0), (4, 1.2), (8, 0.8), (16, 0.6)):
        score += weight * np.interp(lags * multiple, places, strength, right=0.0)
    preference = np.exp(-0.5 * (np.log2(tempos / _CENTER) / _WIDTH) ** 2)
    return float(tempos[int(np.argmax(score * preference))])


def _fine(onsets: NDArray[np.float64], bpm: float, per_second: float) -> float:
    """The exact tempo near ``bpm``: where the onsets' spectrum is strongest at the beat's multiples."""
    size = 1 << max(20, (8 * len(onsets) - 1).bit_length())
    spectrum = np.abs(np.fft.rfft(onsets * np.hanning(len(onsets)), size))
    tempos = np.linspace(bpm * 0.985, bpm * 1.015, 601)
    places = np.arange(len(spectrum))
    score = np.zeros(len(tempos))
    for multiple in (1, 2, 4):
        score += np.interp(tempos / 60.0 * multiple * size / per_second, places, spectrum)
    return float(tempos[int(np.argmax(score))])
