"""Suggestions from the sound alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from flexapp.audio.decoding import decode
from flexapp.audio.key import KeyMeter
from flexapp.audio.tempo import RATE, TempoMeter
from tests.factories.sounds import BEATS, clicks, without_tags

SCORES = json.loads((BEATS / "beats.json").read_text())
RELATIVES = {"C major": "A minor", "C# phrygian": "F# minor"}


def heard(path: Path) -> tuple[float | None, str | None]:
    tempo, key = TempoMeter(), KeyMeter()
    for block in decode(path, "mp3", rate=RATE, channels=1):
        tempo.add(block[0])
        key.add(block[0])
    return tempo.suggestion(), key.suggestion()


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score["slug"])
def test_each_beat_has_its_tempo_within_one_percent_or_its_half_or_double(
    score: dict[str, object], tmp_path: Path
) -> None:
    path = tmp_path / "stripped.mp3"
    path.write_bytes(without_tags(BEATS / f"{score['slug']}.mp3"))
    bpm, key = heard(path)
    assert bpm is not None
    assert any(abs(bpm * factor / float(str(score["bpm"])) - 1) < 0.01 for factor in (0.5, 1, 2))
    assert key in (score["key"], RELATIVES.get(str(score["key"])))


@pytest.mark.parametrize("bpm", [64, 72.5, 85, 97.3, 110, 128, 133.33, 150, 168, 180])
def test_clicks_have_their_tempo(bpm: float) -> None:
    meter = TempoMeter()
    meter.add(clicks(bpm, 40, rate=RATE).astype(np.float32))
    found = meter.suggestion()
    assert found is not None
    assert any(abs(found * factor / bpm - 1) < 0.01 for factor in (0.5, 1, 2))


def test_the_size_of_blocks_does_not_matter() -> None:
    signal = clicks(100, 20, rate=RATE).astype(np.float32)
    whole, parts = TempoMeter(), TempoMeter()
    whole.add(signal)
    for at in range(0, len(signal), 777):
        parts.add(signal[at : at + 777])
    assert parts.suggestion() == whole.suggestion()


def test_nothing_is_suggested_for_silence_and_for_a_moment() -> None:
    meter, key = TempoMeter(), KeyMeter()
    assert meter.suggestion() is None
    meter.add(np.zeros(RATE * 10, dtype=np.float32))
    key.add(np.zeros(RATE * 10, dtype=np.float32))
    assert meter.suggestion() is None
    assert key.suggestion() is None
