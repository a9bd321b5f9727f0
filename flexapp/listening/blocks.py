"""Blocks: sixteen days of a roll-up's rows as one run of bytes, which takes a fraction of what rows take.

Behind the hot tail hardly anything changes any more. There the rows of one subject (an app, an app's track,
an app's dimension) of sixteen days stand one after the other as numbers of seven bits a byte, least first
(LEB128, signs as in Protocol Buffers' ZigZag), the time counted from the row before, at first from the
block's first day; zlib halves that. A dashboard reads some blocks and sums them with numpy; rows that came
later lie beside them and count as much.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flexapp.listening.rollups import (
    DailyDimension,
    DailyListeners,
    DailyRetention,
    DailySite,
    HourlyTotal,
    TrackTotal,
)

Numbers = NDArray[np.int64]
DAYS = 16
"""Of a block; block 0 begins in 1970."""
_SMALL, _STEPS = 1, 2
"""What the first byte of a block tells: zlib made it smaller; times count from the row before (older blocks
count all of them from their first day)."""


@dataclass(frozen=True)
class Rollup:
    """How the rows of a table become blocks: its columns are subjects, time, other keys, counters."""

    number: int  #: what blocks know it by, for ever
    model: Any
    subjects: int  #: how many columns say whose rows these are: the first ones, two at most
    per_day: int  #: steps of its time: 24 of hours, 1 of days

    @property
    def columns(self) -> list[Any]:
        """All columns, in the order of the table."""
        return list(self.model.__table__.columns)

    @property
    def keys(self) -> int:
        """How many of them are the key."""
        return len(self.model.__table__.primary_key.columns)

    @property
    def time(self) -> Any:
        """The column of hours or days."""
        return self.columns[self.subjects]

    @property
    def per_block(self) -> int:
        """Steps of time in a block."""
        return DAYS * self.per_day


class Block(NamedTuple):
    """Rows of one subject; ``second`` is 0 when one column says whose they are."""

    first: int
    second: int
    number: int
    data: bytes


ROLLUPS = (
    Rollup(1, HourlyTotal, 1, 24),
    Rollup(2, TrackTotal, 2, 24),
    Rollup(3, DailyRetention, 2, 1),
    Rollup(4, DailyDimension, 2, 1),
    Rollup(5, DailySite, 1, 1),
    Rollup(6, DailyListeners, 1, 1),
)
BY_APP, BY_TRACK, RETENTION, DIMENSIONS, SITES, LISTENERS = ROLLUPS


def to_blocks(rollup: Rollup, rows: Numbers) -> Iterator[Block]:
    """Rows in the order of their key, (rows, columns) whole numbers as in the table."""
    if not len(rows):
        return
    wide, time = rollup.subjects, rows[:, rollup.subjects]
    places = np.column_stack((rows[:, :wide], time // rollup.per_block))
    starts = np.flatnonzero(np.any(places[1:] != places[:-1], axis=1)) + 1
    records = rows[:, wide:].copy()
    records[:, 0] = time % rollup.per_block
    records[1:, 0] -= np.where(np.isin(np.arange(1, len(rows)), starts), 0, records[:-1, 0])
    ends = [*starts.tolist(), len(rows)]
    for start, data in zip([0, *ends[:-1]], _encoded(records, ends), strict=True):
        *subjects, number = places[start].tolist()
        yield Block(subjects[0], subjects[1] if wide == 2 else 0, number, _squeezed(data))


def from_blocks(rollup: Rollup, blocks: Sequence[Block]) -> Numbers:
    """The rows of blocks, (rows, columns)."""
    columns = rollup.columns
    if not blocks:
        return np.zeros((0, len(columns)), np.int64)
    records, counts = _decoded([_whole(block.data) for block in blocks], len(columns) - rollup.subjects)
    steps = np.cumsum(records[:, 0])
    before = np.concatenate(([0], steps))[np.cumsum(counts) - counts]
    are_steps = np.array([bool(block.data[0] & _STEPS) for block in blocks])
    records[:, 0] = np.where(are_steps.repeat(counts), steps - before.repeat(counts), records[:, 0])
    places = np.array([block[:3] for block in blocks], np.int64).repeat(counts, axis=0)
    records[:, 0] += places[:, 2] * rollup.per_block
    return np.concatenate((places[:, : rollup.subjects], records), axis=1)


def summed(rows: Numbers, keys: int) -> Numbers:
    """One row for each key (the first columns), with the sums of the others, in the order of the key."""
    if not len(rows):
        return rows
    order = np.lexsort(rows[:, keys - 1 :: -1].T) if keys else np.arange(len(rows))
    rows = rows[order]
    is_new = np.any(rows[1:, :keys] != rows[:-1, :keys], axis=1)
    starts = np.concatenate(([0], np.flatnonzero(is_new) + 1))
    return np.concatenate((rows[starts, :keys], np.add.reduceat(rows[:, keys:], starts)), axis=1)


def _squeezed(data: bytes) -> bytes:
    """With zlib where it helps, which the first byte tells."""
    small = zlib.compress(data) if len(data) > 40 else data
    is_small = len(small) < len(data)
    return bytes([_STEPS | _SMALL * is_small]) + (small if is_small else data)


def _whole(data: bytes) -> bytes:
    return zlib.decompress(data[1:]) if data[0] & _SMALL else data[1:]


def _encoded(rows: Numbers, ends: Sequence[int]) -> Iterator[bytes]:
    """The rows up to each end, as bytes."""
    flat = rows.ravel()
    values = ((flat << 1) ^ (flat >> 63)).astype(np.uint64)
    lengths = np.ones(len(values), np.int64)
    for size in range(1, 10):
        is_longer = values >= np.uint64(1 << 7 * size)
        if not is_longer.any():
            break
        lengths += is_longer
    after = np.cumsum(lengths)
    starts = after - lengths
    data = np.zeros(int(after[-1]), np.uint8)
    for place in range(int(lengths.max())):
        at = np.flatnonzero(lengths > place)
        bits = (values[at] >> np.uint64(7 * place)) & np.uint64(127)
        data[starts[at] + place] = bits.astype(np.uint8) | ((lengths[at] > place + 1) * np.uint8(128))
    whole, start = data.tobytes(), 0
    for end in ends:
        stop = int(after[end * rows.shape[1] - 1])
        yield whole[start:stop]
        start = stop


def _decoded(parts: Sequence[bytes], width: int) -> tuple[Numbers, Numbers]:
    """The rows of that many columns in all parts together, and how many each part has."""
    data = np.frombuffer(b"".join(parts), np.uint8)
    bits, goes_on = data & 127, data >= 128
    last = np.flatnonzero(~goes_on)
    values = np.empty(len(last), np.uint64)
    at = np.concatenate(([0], last[:-1] + 1))
    values[:] = bits[at]
    which = np.flatnonzero(goes_on[at])
    at, place = at[which] + 1, 7
    while len(which):
        values[which] |= bits[at].astype(np.uint64) << np.uint64(place)
        longer = goes_on[at]
        which, at, place = which[longer], at[longer] + 1, place + 7
    signed = (values >> np.uint64(1)).astype(np.int64) ^ -(values & np.uint64(1)).astype(np.int64)
    sizes = np.cumsum([len(part) for part in parts])
    counts = np.diff(np.searchsorted(last, sizes), prepend=0) // width
    return signed.reshape(-1, width), counts
