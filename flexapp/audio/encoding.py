"""Files from sound: MP3 at a constant bit rate, WAV at 16 or 24 bits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from flexapp.audio.decoding import Block, frames_of

MP3_RATES = (32_000, 44_100, 48_000)
_FRAME = 1152


class Mp3Writer:
    """Encodes stereo blocks as they come: memory does not grow with the track."""

    def __init__(
        self, path: Path, *, bitrate: int, rate: int = 44_100, tags: Mapping[str, str] | None = None
    ) -> None:
        """``bitrate`` in bits a second. Without ``tags`` the file carries no ID3 at all."""
        self._container = av.open(
            str(path),
            "w",
            format="mp3",
            options={"id3v2_version": "3" if tags else "0", "write_xing": "1", "fflags": "+bitexact"},
        )
        self._container.metadata.update(tags or {})
        self._stream = self._container.add_stream("libmp3lame", rate=rate)
        self._stream.bit_rate = bitrate
        self._stream.codec_context.format = "fltp"
        self._stream.codec_context.layout = "stereo"
        self._resampler = AudioResampler(format="fltp", layout="stereo", rate=rate, frame_size=_FRAME)
        self._rate = rate
        self._position = 0

    def write(self, block: Block) -> None:
        """The next samples of both channels."""
        if not block.shape[1]:
            return
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = self._rate, self._position
        frame.time_base = Fraction(1, self._rate)
        self._position += block.shape[1]
        for part in self._resampler.resample(frame):
            self._container.mux(self._stream.encode(part))

    def close(self) -> None:
        """Write what is left and the length."""
        for part in self._resampler.resample(None):
            self._container.mux(self._stream.encode(part))
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def __enter__(self) -> Mp3Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._container.close()


def copy_mp3(source: Path, target: Path, *, tags: Mapping[str, str]) -> None:
    """The same MP3 frames in a clean file: no second loss, foreign tags left behind."""
    with (
        av.open(
            str(source), format="mp3", options={"protocol_whitelist": "file"}, metadata_errors="ignore"
        ) as reading,
        av.open(
            str(target),
            "w",
            format="mp3",
            options={"id3v2_version": "3", "write_xing": "1", "fflags": "+bitexact"},
        ) as writing,
    ):
        writing.metadata.update(tags)
        stream = reading.streams.audio[0]
        copy = writing.add_stream_from_template(stream)
        for packet in reading.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                writing.mux(packet)


def write_wav(source: Path, format_name: str, target: Path, *, rate: int, channels: int, bits: int) -> None:
    """The samples as they are in a WAV: 16 bits stay 16, everything finer becomes 24."""
    codec, layout = ("pcm_s16le", "s16") if bits <= 16 else ("pcm_s24le", "s32")
    shape = "mono" if channels == 1 else "stereo"
    resampler = AudioResampler(format=layout, layout=shape, rate=rate)
    with av.open(str(target), "w", format="wav", options={"fflags": "+bitexact"}) as container:
        stream = cast(AudioStream, container.add_stream(codec, rate=rate))
        stream.codec_context.format = layout
        stream.codec_context.layout = shape
        for frame in _resampled(source, format_name, resampler):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _resampled(source: Path, format_name: str, resampler: AudioResampler) -> Iterator[AudioFrame]:
    position = 0
    for frame in frames_of(source, format_name):
        frame.pts = None
        for part in resampler.resample(frame):
            part.pts, part.time_base = position, Fraction(1, part.sample_rate)
            position += part.samples
            yield part
    for part in resampler.resample(None):
        part.pts, part.time_base = position, Fraction(1, part.sample_rate)
        position += part.samples
        yield part
