"""A producer's own voice tag, brought to the form that previews are mixed with."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np

from flexapp.audio.probe import probe
from flexapp.audio.voice_tag import LONGEST, RATE, SHORTEST, read_tag


def make_voice_tag(source: Path, target: Path) -> dict[str, Any]:
    """Write it as mono, 44.1 kHz, 16 bits, without silence around it and with its peak at −1 dB.

    Raises FileRefused as for a master; it lasts 0.2 to 8 seconds.
    """
    facts = probe(source, most_seconds=LONGEST, least_seconds=SHORTEST)
    samples = read_tag(source, facts.format)
    sounding = np.flatnonzero(np.abs(samples) > 10 ** (-45 / 20))
    if len(sounding):
        samples = samples[max(0, sounding[0] - RATE // 100) : sounding[-1] + RATE // 20]
    samples = samples / max(float(np.abs(samples).max()), 1e-6) * 10 ** (-1 / 20)
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.rint(samples * 32767).astype("<i2").tobytes())
    return {**facts.as_facts(), "seconds": round(len(samples) / RATE, 3)}
