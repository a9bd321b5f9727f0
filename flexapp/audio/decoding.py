"""Sound from a file as blocks of float samples; the container is told, never guessed.

FFmpeg guesses from content and could be led to lists that name other files: the format comes from
``headers`` and only the ``file`` protocol is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

Block = NDArray[np.float32]
"""Samples in −1 … 1, shaped (channels, length)."""

_MOST_ERRORS = 8


class Undecodable(Exception):
    """The decoder gave up."""


def decode(
    path: Path, format_name: str, *, rate: int, channels: int, errors: list[str] | None = None
) -> Iterator[Block]:
    """The whole file in blocks at ``rate``, mixed to mono or stereo; raises Undecodable.

    A broken packet is left out, up to 8 of them; each leaves a line in ``errors``.
    """
    resampler = AudioResampler(format="fltp", layout="mono" if channels == 1 else "stereo", rate=rate)
    for frame in frames_of(path, format_name, errors=errors):
        for part in resampler.resample(frame):
            yield _samples(part)
    for part in resampler.resample(None):
        yield _samples(part)


def frames_of(path: Path, format_name: str, *, errors: list[str] | None = None) -> Iterator[AudioFrame]:
    """The decoded frames as they are; raises Undecodable."""
    broken = errors if errors is not None else []
    try:
        with av.open(
            str(path),
            format=format_name,
            options={"protocol_whitelist": "file"},
            metadata_errors="ignore",
        ) as container:
            if not container.streams.audio:
                raise Undecodable("no sound in it")
            stream = container.streams.audio[0]
            for packet in container.demux(stream):
                try:
                    yield from packet.decode()
                except av.error.InvalidDataError as error:
                    broken.append(str(error))
                    if len(broken) > _MOST_ERRORS:
                        raise Undecodable(f"{len(broken)} broken packets") from error
    except av.error.FFmpegError as error:
        raise Undecodable(str(error)) from error


def _samples(frame: AudioFrame) -> Block:
    return np.asarray(frame.to_ndarray(), dtype=np.float32)
