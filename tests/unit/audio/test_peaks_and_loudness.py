"""The waveform's numbers and the loudness."""

from __future__ import annotations

import numpy as np
import pytest

from flexapp.audio.loudness import loudness
from flexapp.audio.peaks import INLINE, PeakMeter
from tests.factories.sounds import RATE, tone


def stereo(signal: np.ndarray) -> np.ndarray:
    return np.stack((signal, signal)).astype(np.float32)


def test_a_full_scale_sine_at_997_hertz_has_minus_three_lufs_less_in_mono() -> None:
    """EBU Tech 3341: a stereo sine of −23 dBFS measures −23 LUFS."""
    level = 10 ** (-23 / 20)
    assert loudness([stereo(tone(20, hertz=1000, level=level))], rate=RATE) == pytest.approx(-23.0, abs=0.15)


def test_silence_has_no_loudness() -> None:
    assert loudness([np.zeros((2, RATE * 5), dtype=np.float32)], rate=RATE) is None


def test_peaks_follow_the_sound() -> None:
    loud_then_quiet = np.concatenate((tone(5, level=0.8), tone(5, level=0.2)))
    meter = PeakMeter(RATE)
    for at in range(0, len(loud_then_quiet), 1000):
        meter.add(stereo(loud_then_quiet[at : at + 1000]))
    inline, file = meter.finish()
    values = list(bytes.fromhex(inline))
    assert len(values) == INLINE
    assert max(values) == 255
    assert values[40] == pytest.approx(255, abs=3)
    assert values[120] == pytest.approx(255 / 4, abs=3)
    assert (file["version"], file["channels"], file["bits"], file["sample_rate"]) == (2, 1, 8, RATE)
    assert len(file["data"]) == 2 * file["length"]
    assert file["length"] * file["samples_per_pixel"] == pytest.approx(10 * RATE, rel=0.01)
    assert min(file["data"]) == pytest.approx(-0.8 * 128, abs=2)
    assert max(file["data"]) == pytest.approx(0.8 * 128, abs=2)


def test_even_a_few_samples_have_160_values() -> None:
    meter = PeakMeter(RATE)
    meter.add(stereo(tone(0.01)))
    inline, file = meter.finish()
    assert len(inline) == 320
    assert file["length"] == 2
