"""From one master everything a track needs: loudness, waveform, tempo, key, preview, MP3 and WAV."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

from flexapp.audio import voice_tag
from flexapp.audio.decoding import Block, decode
from flexapp.audio.encoding import MP3_RATES, Mp3Writer, copy_mp3, write_wav
from flexapp.audio.key import KeyMeter
from flexapp.audio.loudness import loudness
from flexapp.audio.peaks import PeakMeter
from flexapp.audio.probe import Probe, probe
from flexapp.audio.tempo import RATE as TEMPO_RATE
from flexapp.audio.tempo import TempoMeter

Report = Callable[[str, int], None]
"""Called with a step in words and the whole work's progress in percent."""

_LISTENED_SECONDS = 300
"""Tempo and key are taken from the first five minutes."""
PREVIEW_BITRATE = 128_000
_MP3_BITRATE = 320_000


def produce(job: dict[str, Any], report: Report) -> dict[str, Any]:
    """Make every file of a track into ``job["out"]``; returns facts and files with sizes and SHA-256.

    ``job``: ``master``, ``out``, ``tag`` (paths), ``tag_every``, ``most_seconds`` (seconds), ``title``,
    ``artist``. Raises FileRefused when the master is none.
    """
    master, out = Path(job["master"]), Path(job["out"])
    report("checking the file", 2)
    facts = probe(master, most_seconds=job["most_seconds"])
    report("measuring the loudness", 8)
    level, inline, waveform = _measured(master, facts)
    (out / "peaks.json").write_text(json.dumps(waveform, separators=(",", ":")))
    report("finding tempo and key", 16)
    bpm, key = _heard(master, facts)
    report("making the preview", 28)
    tagged = _preview(job, master, facts, level, out / "preview.mp3", report)
    report("making the MP3", 62)
    _mp3(job, master, facts, out / "full.mp3")
    files = {"preview": out / "preview.mp3", "peaks": out / "peaks.json", "mp3": out / "full.mp3"}
    if facts.lossless:
        report("making the WAV", 82)
        write_wav(
            master, facts.format, out / "full.wav", rate=facts.rate, channels=facts.channels, bits=facts.bits
        )
        files["wav"] = out / "full.wav"
    report("adding up", 94)
    return {
        "facts": facts.as_facts(),
        "loudness_lufs": level,
        "peaks": inline,
        "suggested_bpm": bpm,
        "suggested_key": key,
        "voice_tag_at": tagged,
        "duration_ms": round(facts.seconds * 1000),
        "files": {name: _described(path) for name, path in files.items()},
    }


def _measured(master: Path, facts: Probe) -> tuple[float | None, str, dict[str, Any]]:
    meter = PeakMeter(voice_tag.RATE)

    def both() -> Iterator[Block]:
        for block in _stereo(master, facts):
            meter.add(block)
            yield block

    level = loudness(both(), rate=voice_tag.RATE)
    inline, waveform = meter.finish()
    return level, inline, waveform


def _heard(master: Path, facts: Probe) -> tuple[float | None, str | None]:
    tempo, key = TempoMeter(), KeyMeter()
    blocks = decode(master, facts.format, rate=TEMPO_RATE, channels=1, errors=[])
    for block in _first(blocks, _LISTENED_SECONDS * TEMPO_RATE):
        tempo.add(block[0])
        key.add(block[0])
    return tempo.suggestion(), key.suggestion()


def _preview(
    job: dict[str, Any], master: Path, facts: Probe, level: float | None, target: Path, report: Report
) -> list[float]:
    tag = voice_tag.leveled(voice_tag.read_tag(Path(job["tag"])), level)
    starts = voice_tag.offsets(facts.seconds, len(tag) / voice_tag.RATE, every=job["tag_every"])
    total = max(1, round(facts.seconds * voice_tag.RATE))
    done, told = 0, 0
    with Mp3Writer(target, bitrate=PREVIEW_BITRATE) as writer:
        for block in voice_tag.mixed(_stereo(master, facts), tag, starts):
            writer.write(block)
            done += block.shape[1]
            percent = 28 + min(33, 34 * done // total)
            if percent >= told + 4:
                told = percent
                report("making the preview", percent)
    return starts


def _mp3(job: dict[str, Any], master: Path, facts: Probe, target: Path) -> None:
    tags = {"title": str(job["title"]), "artist": str(job["artist"])}
    if facts.format == "mp3" and facts.bitrate >= _MP3_BITRATE:
        copy_mp3(master, target, tags=tags)
        return
    rate = facts.rate if facts.rate in MP3_RATES[1:] else (48_000 if facts.rate % 48_000 == 0 else 44_100)
    with Mp3Writer(target, bitrate=_MP3_BITRATE, rate=rate, tags=tags) as writer:
        for block in decode(master, facts.format, rate=rate, channels=2, errors=[]):
            writer.write(block)


def _stereo(master: Path, facts: Probe) -> Iterator[Block]:
    return decode(master, facts.format, rate=voice_tag.RATE, channels=2, errors=[])


def _first(blocks: Iterable[Block], samples: int) -> Iterator[Block]:
    seen = 0

    def within(block: Block) -> bool:
        nonlocal seen
        seen += block.shape[1]
        return bool(seen <= samples)

    return takewhile(within, blocks)


def _described(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1024 * 1024):
            digest.update(part)
    return {"path": str(path), "bytes": path.stat().st_size, "sha256": digest.hexdigest()}
