"""Is this a master the product takes? Reads the header, then decodes all of it once."""

from __future__ import annotations

import mmap
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flexapp.audio.decoding import Undecodable, decode
from flexapp.audio.headers import HEAD, Header, read_header
from flexapp.audio.mp3_frames import walk
from flexapp.audio.refusals import in_minutes, refused

SILENCE = 10 ** (-60 / 20)
"""A file whose loudest sample lies below −60 dBFS is silent."""


@dataclass(frozen=True)
class Probe:
    """What a good file is. ``seconds`` were decoded, ``peak`` is the loudest sample in 0 … 1.

    ``bits`` is 0 for MP3, ``bitrate`` (bits a second, the average) is 0 for the others.
    """

    format: str
    codec: str
    rate: int
    channels: int
    bits: int
    bitrate: int
    constant_bitrate: bool
    seconds: float
    peak: float
    lossless: bool

    def as_facts(self) -> dict[str, Any]:
        """For the upload's record."""
        return asdict(self)


def header_of(path: Path) -> Header:
    """The file's header; raises FileRefused."""
    with path.open("rb") as file:
        return read_header(file.read(HEAD), path.stat().st_size)


def probe(path: Path, *, most_seconds: float, least_seconds: float = 0.0) -> Probe:
    """The facts of a good file; raises FileRefused with the reason for any other.

    Cut files are found by comparing what is declared with what is there: chunk sizes in WAV and AIFF, the
    sample count in FLAC, frame counts and the last frame in MP3.
    """
    header = header_of(path)
    bitrate, constant = 0, False
    if header.format == "mp3":
        header, bitrate, constant = _walked(path, header)
    if header.frames is not None and header.frames / header.rate > most_seconds:
        raise refused(
            "too_long", found=in_minutes(header.frames / header.rate), most=in_minutes(most_seconds)
        )
    frames, peak = _decoded(path, header, most_seconds)
    seconds = frames / header.rate
    _compare(header, frames)
    if seconds < least_seconds:
        raise refused("too_short", found=in_minutes(seconds), least=in_minutes(least_seconds))
    if peak < SILENCE:
        raise refused("silent")
    return Probe(
        format=header.format,
        codec=header.codec,
        rate=header.rate,
        channels=header.channels,
        bits=header.bits,
        bitrate=bitrate,
        constant_bitrate=constant,
        seconds=round(seconds, 3),
        peak=round(peak, 5),
        lossless=header.is_lossless,
    )


def _walked(path: Path, header: Header) -> tuple[Header, int, bool]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        facts = walk(data)
    if facts is None or facts.frames == 0:
        raise refused("not_audio")
    frames = facts.declared_frames or facts.frames
    known = Header("mp3", "MP3", facts.first.rate, facts.first.channels, 0, frames * facts.first.samples)
    if facts.is_truncated:
        declared = max(frames, facts.frames + 1) * facts.first.samples / known.rate
        raise _cut(declared, facts.frames * facts.first.samples / known.rate)
    return known, facts.average_bitrate, facts.constant


def _decoded(path: Path, header: Header, most_seconds: float) -> tuple[int, float]:
    frames, peak = 0, 0.0
    most = int(most_seconds * header.rate)
    errors: list[str] = []
    try:
        for block in decode(path, header.format, rate=header.rate, channels=header.channels, errors=errors):
            frames += block.shape[1]
            if block.size:
                peak = max(peak, float(np.abs(block).max()))
            if frames > most + header.rate:
                raise refused(
                    "too_long", found=f"more than {in_minutes(most_seconds)}", most=in_minutes(most_seconds)
                )
    except Undecodable as error:
        if frames == 0:
            raise refused("damaged") from error
        _compare(header, frames)
        raise refused("damaged") from error
    if frames == 0:
        raise refused("no_sound")
    if not np.isfinite(peak):
        raise refused("damaged")
    if errors and header.format != "mp3":
        _compare(header, frames)
        raise refused("damaged")
    return frames, peak


def _compare(header: Header, frames: int) -> None:
    if header.missing_bytes > 0:
        declared = (header.frames or 0) / header.rate
        raise _cut(declared, min(frames / header.rate, declared))
    # An MP3 decoder drops the encoder's padding, at most a few frames; the walk has counted those.
    allowed = 4 * 1152 + 2048 if header.format == "mp3" else 0
    if header.frames is not None and frames + allowed < header.frames:
        raise _cut(header.frames / header.rate, frames / header.rate)


def _cut(declared: float, found: float) -> Exception:
    return refused("truncated", declared=in_minutes(declared), found=in_minutes(found))
