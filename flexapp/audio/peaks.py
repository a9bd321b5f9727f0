"""The waveform in numbers: 160 inline bytes, and the file that players with a zoom read.

File: audiowaveform's JSON, version 2 (github.com/bbc/audiowaveform, ``doc/DataFormat.md``): minimum and
maximum of each pixel, one channel, 8 bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flexapp.audio.decoding import Block

INLINE = 160
_STEP = 256
_PIXELS = 4000
"""The file has at most so many pixels: about 30 KB."""


class PeakMeter:
    """Takes blocks of any length; keeps minimum, maximum and energy of every 256 samples."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._rest = np.zeros(0, dtype=np.float32)
        self._low: list[NDArray[np.float32]] = []
        self._high: list[NDArray[np.float32]] = []
        self._energy: list[NDArray[np.float32]] = []

    def add(self, block: Block) -> None:
        """The next samples, mixed to one channel."""
        mono = np.concatenate((self._rest, block.mean(axis=0)))
        whole = len(mono) // _STEP * _STEP
        self._rest = mono[whole:]
        if whole:
            self._keep(mono[:whole].reshape(-1, _STEP))

    def finish(self) -> tuple[str, dict[str, Any]]:
        """(320 hexadecimal digits, the file's content).

        An inline value is the geometric mean of a section's peak and its RMS, 255 being the track's most:
        peaks alone are a solid block on a loud master. Raises ValueError when nothing was added.
        """
        if len(self._rest):
            self._keep(np.pad(self._rest, (0, _STEP - len(self._rest))).reshape(1, _STEP))
            self._rest = np.zeros(0, dtype=np.float32)
        if not self._low:
            raise ValueError("no samples were added")
        low, high, energy = (np.concatenate(parts) for parts in (self._low, self._high, self._energy))
        return _inline(low, high, energy), self._file(low, high)

    def _keep(self, steps: NDArray[np.float32]) -> None:
        self._low.append(steps.min(axis=1))
        self._high.append(steps.max(axis=1))
        self._energy.append((steps.astype(np.float64) ** 2).mean(axis=1).astype(np.float32))

    def _file(self, low: NDArray[np.float32], high: NDArray[np.float32]) -> dict[str, Any]:
        together = max(1, -(-len(low) // _PIXELS))
        starts = np.arange(0, len(low), together)
        pairs = np.stack((np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)), axis=1)
        return {
            "version": 2,
            "channels": 1,
            "sample_rate": self._rate,
            "samples_per_pixel": _STEP * together,
            "bits": 8,
            "length": len(starts),
            "data": np.clip(np.floor(pairs * 128), -128, 127).astype(int).ravel().tolist(),
        }


def _inline(low: NDArray[np.float32], high: NDArray[np.float32], energy: NDArray[np.float32]) -> str:
    edges = np.linspace(0, len(low), INLINE + 1)
    values = np.zeros(INLINE)
    for place in range(INLINE):
        start = int(edges[place])
        section = slice(start, max(start + 1, int(edges[place + 1])))
        peak = max(float(high[section].max()), -float(low[section].min()), 0.0)
        values[place] = np.sqrt(peak * np.sqrt(float(energy[section].mean())))
    most = values.max()
    scaled = np.rint(values / most * 255) if most > 0 else values
    return bytes(scaled.astype(np.uint8)).hex()
