"""What a file says of itself, read from its first bytes: nothing of it is believed before it is decoded.

WAV: RIFF with ``fmt `` and ``data`` (EBU Tech 3306 for RF64). AIFF: FORM with COMM and SSND (Apple, 1989).
FLAC: RFC 9639, section 8.2. MP3: ``mp3_frames``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from flexapp.audio.mp3_frames import first_frame, frame_at
from flexapp.audio.refusals import refused

HEAD = 1024 * 1024
"""Bytes from a file's start that must hold its header."""

_PCM = {1: "PCM", 3: "float PCM"}
_WAVE_CODECS = {
    2: "ADPCM", 6: "A-law", 7: "mu-law", 0x11: "ADPCM", 0x31: "GSM", 0x50: "MPEG audio", 0x55: "MP3",
    0x161: "WMA",
}  # fmt: skip
_FOREIGN = (
    (b"OggS", 0, "Ogg"), (b"ftyp", 4, "M4A"), (b"MAC ", 0, "Monkey's Audio"), (b"wvpk", 0, "WavPack"),
    (b"caff", 0, "CAF"), (b"\x30\x26\xb2\x75", 0, "WMA"), (b"\x1aE\xdf\xa3", 0, "Matroska"),
    (b"ADIF", 0, "AAC"), (b"MThd", 0, "MIDI"), (b".snd", 0, "AU"), (b"riff", 0, "Wave64"),
)  # fmt: skip


@dataclass(frozen=True)
class Header:
    """``frames`` are samples for each channel, None when the file does not say; ``bits`` is 0 for MP3.

    ``missing_bytes`` is how much of the sound that the header promises the file is too short for.
    """

    format: str
    codec: str
    rate: int
    channels: int
    bits: int
    frames: int | None
    missing_bytes: int = 0

    @property
    def is_lossless(self) -> bool:
        """Every sample is kept."""
        return self.format != "mp3"


def read_header(head: bytes, size: int) -> Header:
    """The header of a file of ``size`` bytes from its first ``HEAD`` bytes.

    Raises FileRefused: empty_file, not_audio, unsupported_format, unsupported_codec, unsupported_bit_depth,
    unsupported_sample_rate, too_many_channels.
    """
    if size == 0:
        raise refused("empty_file")
    header = _parser(head)(head, size)
    if header.format != "mp3" and header.bits not in (16, 24, 32):
        raise refused("unsupported_bit_depth", bits=header.bits)
    if not 8_000 <= header.rate <= 192_000:
        raise refused("unsupported_sample_rate", rate=f"{header.rate:,}")
    if header.channels not in (1, 2):
        raise refused("too_many_channels", channels=header.channels)
    return header


def _parser(head: bytes) -> Callable[[bytes, int], Header]:
    if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return _wav
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return _aiff
    if head[:4] == b"fLaC":
        return _flac
    for magic, at, name in _FOREIGN:
        if head[at : at + len(magic)] == magic:
            raise refused("unsupported_format", format=name)
    if head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0"):
        return _mp3
    if first_frame(head, reach=4096) is not None:
        return _mp3
    raise refused("not_audio")


def _wav(head: bytes, size: int) -> Header:
    codec, rate, channels, bits, align = "", 0, 0, 0, 0
    long_size: int | None = None
    at = 12
    while at + 8 <= len(head):
        name, length = struct.unpack_from("<4sI", head, at)
        body = at + 8
        if name == b"ds64" and len(head) >= body + 24:
            (long_size,) = struct.unpack_from("<Q", head, body + 8)
        elif name == b"fmt " and length >= 16 and len(head) >= body + 16:
            tag, channels, rate, _, align, bits = struct.unpack_from("<HHIIHH", head, body)
            if tag == 0xFFFE and length >= 26 and len(head) >= body + 26:
                (tag,) = struct.unpack_from("<H", head, body + 24)
            codec = _PCM.get(tag, "")
            if not codec or (tag == 3 and bits != 32):
                raise refused(
                    "unsupported_codec", format="WAV", codec=_WAVE_CODECS.get(tag, f"codec {tag:#x}")
                )
        elif name == b"data":
            if not codec or align < 1 or rate < 1:
                raise refused("damaged")
            there = size - body
            declared = long_size if length == 0xFFFFFFFF and long_size is not None else length
            if length == 0xFFFFFFFF and long_size is None:
                declared = there  # a recorder that never came back to write the length
            frames = declared // align
            return Header("wav", codec, rate, channels, bits, frames, max(0, declared - there))
        at = body + length + (length & 1)
    raise refused("damaged" if codec else "not_audio")


def _aiff(head: bytes, size: int) -> Header:
    facts: tuple[str, int, int, int, int] | None = None
    at = 12
    while at + 8 <= len(head):
        name, length = struct.unpack_from(">4sI", head, at)
        body = at + 8
        if name == b"COMM" and length >= 18 and len(head) >= body + 18:
            channels, frames, bits = struct.unpack_from(">HIH", head, body)
            rate = _extended(head[body + 8 : body + 18])
            kind = head[body + 18 : body + 22] if head[8:12] == b"AIFC" else b"NONE"
            codec = {
                b"NONE": "PCM",
                b"twos": "PCM",
                b"sowt": "PCM",
                b"fl32": "float PCM",
                b"FL32": "float PCM",
            }
            if kind not in codec:
                word = kind.decode("latin-1").strip() or "an unknown codec"
                raise refused("unsupported_codec", format="AIFF", codec=word)
            facts = (codec[kind], rate, channels, bits, frames)
        elif name == b"SSND":
            if facts is None:
                raise refused("damaged")
            codec_name, rate, channels, bits, frames = facts
            declared = frames * channels * ((bits + 7) // 8)
            return Header(
                "aiff", codec_name, rate, channels, bits, frames, max(0, declared - (size - body - 8))
            )
        at = body + length + (length & 1)
    raise refused("damaged" if facts else "not_audio")


def _flac(head: bytes, size: int) -> Header:
    if len(head) < 42 or head[4] & 0x7F != 0:
        raise refused("damaged")
    packed = int.from_bytes(head[18:26], "big")
    rate, channels = packed >> 44, (packed >> 41 & 7) + 1
    bits, frames = (packed >> 36 & 31) + 1, packed & ((1 << 36) - 1)
    # FLAC keeps 20 bits as 20; they are handed on as 24.
    bits = 24 if 17 <= bits <= 24 else bits
    return Header("flac", "FLAC", rate, channels, bits, frames or None)


def _mp3(head: bytes, size: int) -> Header:
    at = first_frame(head)
    frame = frame_at(head, at) if at is not None else None
    if frame is None:
        # A large cover may fill the whole head: the walk over the file decides.
        if head[:3] == b"ID3" and size > len(head):
            return Header("mp3", "MP3", 44_100, 2, 0, None)
        raise refused("not_audio")
    return Header("mp3", "MP3", frame.rate, frame.channels, 0, None)


def _extended(data: bytes) -> int:
    """An 80-bit IEEE 754 number as a whole number of hertz; 0 when it is none."""
    exponent, mantissa = struct.unpack(">HQ", data)
    shift = 16383 + 63 - (exponent & 0x7FFF)
    return int(mantissa >> shift) if 0 <= shift < 64 else 0
