"""MPEG audio layer III frame by frame: how much sound a file declares and how much is there.

Header layout: ISO/IEC 11172-3, 2.4.1.3; the Xing/Info header: LAME's ``VbrTag.c``.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass

_BITRATES = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_TAIL = 128


@dataclass(frozen=True)
class Frame:
    """One frame header: sizes in bytes, ``samples`` for each channel."""

    size: int
    samples: int
    rate: int
    channels: int
    bitrate: int
    mpeg1: bool


@dataclass(frozen=True)
class Mp3Facts:
    """What the frames say. ``declared_frames`` and ``declared_bytes`` are the Xing header's, None without
    one; ``cut_bytes`` is how much the last frame lacks."""

    first: Frame
    frames: int
    declared_frames: int | None
    declared_bytes: int | None
    found_bytes: int
    cut_bytes: int
    average_bitrate: int
    constant: bool

    @property
    def is_truncated(self) -> bool:
        """The last frame is incomplete, or frames that were promised are missing."""
        if self.cut_bytes > 0:
            return True
        if self.declared_frames is not None and self.frames < self.declared_frames:
            return True
        # Some editors count a few bytes of a trailing tag in; a missing frame has at least 24.
        return self.declared_bytes is not None and self.found_bytes + 24 < self.declared_bytes


def frame_at(data: bytes | mmap.mmap, at: int) -> Frame | None:
    """The layer III frame header at a position, or None."""
    if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
        return None
    version, layer = data[at + 1] >> 3 & 3, data[at + 1] >> 1 & 3
    bitrate_index, rate_index = data[at + 2] >> 4, data[at + 2] >> 2 & 3
    if version == 1 or layer != 1 or bitrate_index in (0, 15) or rate_index == 3:
        return None
    mpeg1 = version == 3
    rate = _RATES[version][rate_index]
    bitrate = _BITRATES[1 if mpeg1 else 2][bitrate_index] * 1000
    samples = 1152 if mpeg1 else 576
    size = samples // 8 * bitrate // rate + (data[at + 2] >> 1 & 1)
    return Frame(size, samples, rate, 1 if data[at + 3] >> 6 == 3 else 2, bitrate, mpeg1)


def after_id3(data: bytes | mmap.mmap) -> int:
    """Where the sound begins: behind an ID3v2 tag, if there is one."""
    if data[:3] != b"ID3" or len(data) < 10:
        return 0
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size + (10 if data[5] & 0x10 else 0)


def first_frame(data: bytes | mmap.mmap, *, reach: int = 65536) -> int | None:
    """The first position where two frames follow each other (or one ends the file), within ``reach``."""
    start = after_id3(data)
    for at in range(start, min(len(data), start + reach)):
        frame = frame_at(data, at)
        if frame is None:
            continue
        following = at + frame.size
        if following >= len(data) - _TAIL:
            if at == start:
                return at
            continue
        second = frame_at(data, following)
        if second is not None and second.rate == frame.rate:
            return at
    return None


def walk(data: bytes | mmap.mmap) -> Mp3Facts | None:
    """Count every frame of the file; None when there is none."""
    start = first_frame(data)
    first = frame_at(data, start) if start is not None else None
    if start is None or first is None:
        return None
    declared_frames, declared_bytes = _xing(data, start, first)
    at = start + first.size if declared_frames is not None or declared_bytes is not None else start
    end = _end(data)
    count, lost, bits, rates = 0, 0, 0, set()
    cut = 0
    while at + 4 <= end:
        frame = frame_at(data, at)
        if frame is None:
            if lost > 4096:
                break
            at, lost = at + 1, lost + 1
            continue
        if at + frame.size > end:
            cut = at + frame.size - end
            break
        count, at, lost = count + 1, at + frame.size, 0
        bits += frame.bitrate
        rates.add(frame.bitrate)
    found = min(at, end) - start
    return Mp3Facts(
        first,
        count,
        declared_frames,
        declared_bytes,
        found,
        cut,
        bits // count if count else 0,
        len(rates) == 1,
    )


def _xing(data: bytes | mmap.mmap, at: int, frame: Frame) -> tuple[int | None, int | None]:
    side = (32 if frame.channels == 2 else 17) if frame.mpeg1 else (17 if frame.channels == 2 else 9)
    head = at + 4 + side
    if data[head : head + 4] not in (b"Xing", b"Info") or head + 16 > len(data):
        return None, None
    flags = int.from_bytes(data[head + 4 : head + 8], "big")
    frames: int | None = None
    size: int | None = None
    place = head + 8
    if flags & 1:
        (frames,) = struct.unpack(">I", data[place : place + 4])
        place += 4
    if flags & 2:
        (size,) = struct.unpack(">I", data[place : place + 4])
    return frames or None, size or None


def _end(data: bytes | mmap.mmap) -> int:
    end = len(data)
    if end >= _TAIL and data[end - _TAIL : end - _TAIL + 3] == b"TAG":
        end -= _TAIL
    if end >= 32 and data[end - 32 : end - 24] == b"APETAGEX":
        size, flags = struct.unpack("<I4xI", data[end - 20 : end - 8])
        end -= min(end, size + (32 if flags & 0x80000000 else 0))
    return end
