"""Sound files made on the spot: beats, tones, silence, cut and foreign files."""

from __future__ import annotations

import io
import wave
import zipfile
from collections.abc import Mapping
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from flexapp.audio.mp3_frames import after_id3

BEATS = Path(__file__).resolve().parents[2] / "flexapp" / "demo" / "beats"
RATE = 44_100


def tone(
    seconds: float = 2.0, *, rate: int = RATE, hertz: float = 440.0, level: float = 0.5
) -> NDArray[np.float64]:
    """A sine, mono, −1 … 1."""
    return level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def clicks(bpm: float, seconds: float = 30.0, *, rate: int = RATE) -> NDArray[np.float64]:
    """A kick on each beat, a quieter click on the half."""
    signal = np.zeros(int(seconds * rate))
    generator = np.random.default_rng(7)
    for place, start in enumerate(np.arange(0.0, seconds - 0.2, 30.0 / bpm)):
        at = int(start * rate)
        length = int(0.09 * rate)
        decay = np.exp(-np.arange(length) / (0.02 * rate))
        body = (
            np.sin(2 * np.pi * 60 * np.arange(length) / rate)
            if place % 2 == 0
            else generator.normal(size=length) * 0.05
        )
        signal[at : at + length] += 0.7 * decay * body
    return signal


def wav_bytes(signal: NDArray[np.float64], *, rate: int = RATE, bits: int = 16, channels: int = 1) -> bytes:
    """Integer PCM in a WAV."""
    scaled = np.rint(np.clip(signal, -1, 1) * (2 ** (bits - 1) - 1)).astype("<i4")
    if channels > 1:
        scaled = np.repeat(scaled, channels)
    width = bits // 8
    raw = scaled.view(np.uint8).reshape(-1, 4)[:, :width].tobytes()
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(raw)
    return target.getvalue()


def encoded(
    signal: NDArray[np.float64], codec: str, container: str, *, rate: int = RATE, form: str = "s16"
) -> bytes:
    """The signal in mono through one of FFmpeg's encoders."""
    target = io.BytesIO()
    with av.open(target, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate)
        stream.codec_context.layout = "mono"
        resampler = av.AudioResampler(
            format=stream.codec_context.codec.audio_formats[0].name, layout="mono", rate=rate
        )
        samples = np.rint(np.clip(signal, -1, 1) * 32767).astype(np.int16)[None, :]
        frame = AudioFrame.from_ndarray(samples, format=form, layout="mono")
        frame.sample_rate = rate
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    return target.getvalue()


def without_tags(path: Path) -> bytes:
    """An MP3 of the demo without its ID3 tag, so that nothing but the sound tells its tempo."""
    data = path.read_bytes()
    return data[after_id3(data) :]


def zip_bytes(files: Mapping[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()
