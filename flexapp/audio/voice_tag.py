"""The voice tag in a preview: where it sounds, how loud, and how the music makes room for it.

The first tag begins ``FIRST_AT`` seconds in, the next ones every 15 s (a setting) for as long as a whole tag
fits: at 3, 18, 33, 48 … seconds of the preview, to the sample. Both channels carry the same tag, so a
correlation of the preview's mid signal with the tag has its peaks exactly there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flexapp.audio.decoding import Block, decode

RATE = 44_100
FIRST_AT = 3.0
SHORTEST, LONGEST = 0.2, 8.0
"""Seconds that an own voice tag may last."""

SHIPPED = Path(__file__).with_name("voice_tag.wav")
"""The product's own tag; the words *Flex app*, spoken once by espeak-ng 1.51 (voice en-us+f4)."""

_DUCK = 10 ** (-10 / 20)
_RAMP = int(0.08 * RATE)
_ABOVE = 3.0
_QUIETEST, _LOUDEST = -26.0, -11.0
_CEILING = 0.97


def offsets(seconds: float, tag_seconds: float, *, every: float, first: float = FIRST_AT) -> list[float]:
    """Where tags begin, in seconds. A track too short for the first offset has its one tag at the start."""
    count = int((seconds - tag_seconds - first) // every) + 1
    if count < 1:
        return [0.0]
    return [first + place * every for place in range(count)]


def read_tag(path: Path, format_name: str = "wav") -> NDArray[np.float32]:
    """The tag as mono samples at 44.1 kHz."""
    parts = [block[0] for block in decode(path, format_name, rate=RATE, channels=1)]
    whole: NDArray[np.float32] = np.concatenate(parts)[: int(LONGEST * RATE)]
    return whole


def leveled(tag: NDArray[np.float32], loudness_lufs: float | None) -> NDArray[np.float32]:
    """The tag 3 dB above the music's loudness, within bounds and without clipping."""
    sounding = tag[np.abs(tag) > 10 ** (-40 / 20)]
    if not len(sounding):
        return tag
    level = 20 * np.log10(np.sqrt(np.mean(sounding.astype(np.float64) ** 2)))
    music = -14.0 if loudness_lufs is None else loudness_lufs
    target = min(max(music + _ABOVE, _QUIETEST), _LOUDEST)
    gain = min(10 ** ((target - level) / 20), _CEILING * 0.9 / float(np.abs(tag).max()))
    scaled: NDArray[np.float32] = (tag * gain).astype(np.float32)
    return scaled


def mixed(blocks: Iterable[Block], tag: NDArray[np.float32], starts: Iterable[float]) -> Iterator[Block]:
    """Stereo blocks with the tag at each start and the music 10 dB lower under it, ramped over 80 ms."""
    places = [round(start * RATE) for start in starts]
    position = 0
    for block in blocks:
        length = block.shape[1]
        if length:
            yield _mix(block, tag, places, position)
        position += length


def _mix(block: Block, tag: NDArray[np.float32], places: list[int], position: int) -> Block:
    length = block.shape[1]
    result = block
    for place in places:
        start, end = place - _RAMP, place + len(tag) + _RAMP
        if end <= position or start >= position + length:
            continue
        if result is block:
            result = block.copy()
        low, high = max(start, position), min(end, position + length)
        at = np.arange(low, high)
        near = np.clip(np.minimum(at - start, end - at) / _RAMP, 0.0, 1.0)
        result[:, low - position : high - position] *= (1 - (1 - _DUCK) * near).astype(np.float32)
        low, high = max(place, position), min(place + len(tag), position + length)
        if low < high:
            result[:, low - position : high - position] += tag[low - place : high - place]
            np.clip(result, -_CEILING, _CEILING, out=result)
    return result
