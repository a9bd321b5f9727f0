"""Blocks of any length cut into overlapping frames, and their spectra: the feed of tempo and key."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Spectra = NDArray[np.float32]
"""Magnitudes, shaped (frames, bins)."""


class Framer:
    """Cuts a mono signal into frames of ``size`` samples every ``hop``; the rest waits for more."""

    def __init__(self, size: int, hop: int) -> None:
        self.size, self.hop = size, hop
        self._window = np.hanning(size).astype(np.float32)
        self._rest = np.zeros(0, dtype=np.float32)

    def spectra(self, mono: NDArray[np.float32]) -> Spectra:
        """The magnitudes of every frame that is complete now; may be none."""
        signal = np.concatenate((self._rest, mono))
        count = max(0, (len(signal) - self.size) // self.hop + 1)
        if count == 0:
            self._rest = signal
            return np.zeros((0, self.size // 2 + 1), dtype=np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(signal, self.size)[
            : (count - 1) * self.hop + 1 : self.hop
        ]
        self._rest = signal[count * self.hop :].copy()
        return np.abs(np.fft.rfft(frames * self._window, axis=1)).astype(np.float32)
