"""A master is decoded whole before it is believed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flexapp.audio.probe import probe
from flexapp.audio.refusals import FileRefused
from tests.factories.sounds import BEATS, encoded, tone, wav_bytes, without_tags


def refusal_of(path: Path, **limits: float) -> FileRefused:
    with pytest.raises(FileRefused) as refusal:
        probe(path, **{"most_seconds": 1200.0, **limits})
    return refusal.value


def written(folder: Path, data: bytes, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("bits", [16, 24, 32])
def test_a_good_wav_passes_with_its_facts(tmp_path: Path, bits: int) -> None:
    facts = probe(written(tmp_path, wav_bytes(tone(2.0), bits=bits)), most_seconds=1200)
    assert (facts.format, facts.bits, facts.seconds, facts.lossless) == ("wav", bits, 2.0, True)
    assert facts.peak == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("codec", "container", "expected"),
    [("pcm_s16be", "aiff", "aiff"), ("flac", "flac", "flac"), ("libmp3lame", "mp3", "mp3")],
)
def test_each_format_is_taken(tmp_path: Path, codec: str, container: str, expected: str) -> None:
    facts = probe(written(tmp_path, encoded(tone(3.0), codec, container)), most_seconds=1200)
    assert facts.format == expected
    assert facts.seconds == pytest.approx(3.0, abs=0.06)
    assert facts.lossless == (expected != "mp3")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("name", ["midnight-trap.flac", "cold-estate.mp3"])
def test_a_cut_beat_is_refused_wherever_it_was_cut(tmp_path: Path, name: str, share: float) -> None:
    data = (BEATS / name).read_bytes()
    refusal = refusal_of(written(tmp_path, data[: int(len(data) * share)]))
    assert refusal.code == "truncated"
    assert "cut off" in refusal.message


@pytest.mark.parametrize(("codec", "container"), [("pcm_s16le", "wav"), ("pcm_s16be", "aiff")])
def test_a_cut_uncompressed_file_is_refused(tmp_path: Path, codec: str, container: str) -> None:
    data = encoded(tone(3.0), codec, container)
    assert refusal_of(written(tmp_path, data[: len(data) // 2])).code == "truncated"


def test_an_mp3_without_tags_or_length_is_refused_when_its_last_frame_is_cut(tmp_path: Path) -> None:
    data = without_tags(BEATS / "rooftop-rain.mp3")
    assert refusal_of(written(tmp_path, data[:-200])).code == "truncated"


def test_silence_is_refused(tmp_path: Path) -> None:
    assert refusal_of(written(tmp_path, wav_bytes(np.zeros(44_100)))).code == "silent"
    assert refusal_of(written(tmp_path, wav_bytes(tone(1.0, level=0.0008), bits=24))).code == "silent"


def test_a_wav_without_a_sample_holds_no_sound(tmp_path: Path) -> None:
    assert refusal_of(written(tmp_path, wav_bytes(np.zeros(0)))).code == "no_sound"


def test_a_text_named_wav_is_no_audio(tmp_path: Path) -> None:
    path = written(tmp_path, b"this is a shopping list, not a beat\n" * 100, "beat.wav")
    assert refusal_of(path).code == "not_audio"


def test_a_long_file_is_refused_with_both_lengths(tmp_path: Path) -> None:
    refusal = refusal_of(written(tmp_path, wav_bytes(tone(4.0, rate=8000), rate=8000)), most_seconds=3.0)
    assert (refusal.code, refusal.message) == ("too_long", "This file lasts 0:04; at most 0:03 are taken.")


def test_rubbish_inside_a_flac_is_damage_or_a_cut(tmp_path: Path) -> None:
    data = bytearray((BEATS / "dusty-corner.bass.flac").read_bytes())
    data[100_000:160_000] = bytes(60_000)
    assert refusal_of(written(tmp_path, bytes(data))).code in ("damaged", "truncated")


def test_a_playlist_named_as_audio_opens_no_other_file(tmp_path: Path) -> None:
    path = written(tmp_path, b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", "list.mp3")
    assert refusal_of(path).code == "not_audio"
