"""Which parts of a preview went to a session: one bit for each 4 KiB, a quarter of a second.

A set of bits is the union in whatever order the parts come, a part that comes again adds nothing, and no
number of requests makes it larger than the file. Only whole pieces count, the file's last one besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

PIECE = 4096  #: bytes
TOLERANCE = 64 * 1024
"""Bytes on either side of what was heard: the header, frames, and seeking by a table of hundredths."""

Pieces = tuple[int, int]
"""The number of the first piece, and of the first behind the last."""
Packed = bytes
"""Bits as they are stored: as few bytes as hold them, the lowest first."""


def pieces_of(start: int, end: int, *, size: int) -> Pieces:
    """The pieces that lie whole in the bytes ``start`` up to ``end`` of a file of ``size`` bytes."""
    first = -(-start // PIECE)
    past = -(-size // PIECE) if end >= size else end // PIECE
    return first, max(first, past)


def bits_of(pieces: Sequence[int]) -> int:
    """These pieces as bits; piece 0 is the lowest."""
    first, past = pieces
    return ((1 << max(0, past - first)) - 1) << first


def packed(bits: int) -> Packed:
    """The bits as they are stored."""
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")


def unpacked(stored: Packed) -> int:
    """The bits of what ``packed`` made."""
    return int.from_bytes(stored, "little")


def bytes_near(bits: int, heard: Iterable[Sequence[int]], *, bytes_per_second: float) -> int:
    """How many bytes went out of those that were heard or lie less than the tolerance beside.

    ``heard`` is a union in ms, at a constant bit rate. Each byte is counted once, so whoever claims much
    must have fetched much, and near where it was heard.
    """
    wanted, most = 0, bits.bit_length()
    for start, end in heard:
        first = max(0, int(start * bytes_per_second / 1000) - TOLERANCE) // PIECE
        past = -(-(int(end * bytes_per_second / 1000) + TOLERANCE) // PIECE)
        if first < most:
            wanted |= bits_of((first, min(past, most)))
    return (bits & wanted).bit_count() * PIECE
