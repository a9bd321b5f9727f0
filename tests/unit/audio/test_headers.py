"""What a file says of itself, and what is refused at its first bytes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.audio.headers import read_header
from flexapp.audio.refusals import FileRefused
from tests.factories.sounds import BEATS, encoded, tone, wav_bytes


def header_of(data: bytes):
    return read_header(data[: 1024 * 1024], len(data))


@pytest.mark.parametrize("bits", [16, 24, 32])
@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
def test_a_wav_tells_its_rate_bits_and_length(bits: int, rate: int) -> None:
    header = header_of(wav_bytes(tone(0.5, rate=rate), rate=rate, bits=bits))
    assert (header.format, header.rate, header.bits, header.frames) == ("wav", rate, bits, rate // 2)
    assert header.missing_bytes == 0


def test_an_aiff_tells_the_same() -> None:
    header = header_of(encoded(tone(1.0), "pcm_s24be", "aiff"))
    assert (header.format, header.rate, header.bits, header.frames) == ("aiff", 44_100, 24, 44_100)


def test_a_flac_tells_the_same() -> None:
    header = header_of(encoded(tone(1.0), "flac", "flac"))
    assert (header.format, header.rate, header.channels) == ("flac", 44_100, 1)


def test_float_samples_are_taken() -> None:
    assert header_of(encoded(tone(1.0), "pcm_f32le", "wav")).codec == "float PCM"


def test_a_wav_that_is_shorter_than_it_says_lacks_bytes() -> None:
    data = wav_bytes(tone(1.0))
    assert header_of(data[:-1000]).missing_bytes == 1000


def test_a_recorder_that_never_wrote_the_length_is_believed() -> None:
    data = bytearray(wav_bytes(tone(1.0)))
    data[40:44] = b"\xff\xff\xff\xff"
    assert header_of(bytes(data)).frames == 44_100


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"Lyrics: one two three, nothing of this is sound at all.\n" * 40, "not_audio"),
        (b"OggS" + b"\0" * 100, "unsupported_format"),
        (b"\0\0\0\x20ftypM4A " + b"\0" * 100, "unsupported_format"),
        (b"RIFF\0\0\0\0WAVEjunk", "not_audio"),
        (b"fLaC\0", "damaged"),
    ],
)
def test_what_is_no_audio_is_refused_by_its_code(data: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        header_of(data)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("tag", "bits", "rate", "channels", "code"),
    [
        (2, 4, 44_100, 2, "unsupported_codec"),
        (1, 8, 44_100, 2, "unsupported_bit_depth"),
        (1, 16, 7_999, 2, "unsupported_sample_rate"),
        (1, 16, 192_001, 2, "unsupported_sample_rate"),
        (1, 16, 44_100, 6, "too_many_channels"),
        (3, 64, 44_100, 2, "unsupported_codec"),
    ],
)
def test_each_limit_has_its_own_code(tag: int, bits: int, rate: int, channels: int, code: str) -> None:
    align = max(1, channels * bits // 8)
    fmt = struct.pack("<HHIIHH", tag, channels, rate, rate * align, align, bits)
    data = (
        b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", 400) + b"\1" * 400
    )
    with pytest.raises(FileRefused) as refusal:
        header_of(data)
    assert refusal.value.code == code
    assert refusal.value.message.endswith(".")


@given(
    st.binary(max_size=600),
    st.sampled_from([b"RIFF\0\0\0\0WAVE", b"FORM\0\0\0\0AIFF", b"fLaC", b"ID3", b"\xff\xfb", b""]),
)
def test_no_bytes_break_the_reader(rest: bytes, magic: bytes) -> None:
    try:
        header = header_of(magic + rest)
    except FileRefused:
        return
    assert 8_000 <= header.rate <= 192_000
    assert header.channels in (1, 2)


def test_every_beat_of_the_demo_has_a_header() -> None:
    for path in sorted(BEATS.glob("*.flac")) + sorted(BEATS.glob("*.mp3")):
        assert header_of(path.read_bytes()).rate == 44_100
