"""Documents compressed once, with a last block that is different for every view.

A document is a body that many views share and a short tail (the session token) that none does. Both
brotli and gzip let a finished, flushed stream be continued by an uncompressed block, so the body is
compressed once and kept, and a view costs a copy (RFC 7932 section 9.2, RFC 1951 section 3.2.4).
"""

from __future__ import annotations

import hashlib
import struct
import threading
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache

import brotli

_QUICK, _SMALL = 5, 11  # brotli: 2 ms and 2 × 50 ms for a document; the second is 8 % smaller
_MOST_KEPT = 256
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"


@dataclass(frozen=True, slots=True)
class Packed:
    """A body in one coding (``br``, ``gzip``, or empty), waiting for its tail."""

    data: bytes
    coding: str = ""
    crc: int = 0  #: of the body before
    length: int = 0  #: of the body before
    is_small: bool = True

    def with_tail(self, first: bytes, second: bytes = b"", third: bytes = b"") -> bytes:
        """The whole document as it is sent; the tail may come in parts, so that it is copied once."""
        length = len(first) + len(second) + len(third)
        if self.coding == "br":
            return b"".join((self.data, _meta_block(length), first, second, third, b"\x03"))
        if self.coding == "gzip":
            # One stored block, marked last, then the checksum and length of everything.
            block = struct.pack("<BHH", 1, length, length ^ 0xFFFF)
            crc = zlib.crc32(third, zlib.crc32(second, zlib.crc32(first, self.crc)))
            end = struct.pack("<II", crc, (self.length + length) & 0xFFFFFFFF)
            return b"".join((self.data, block, first, second, third, end))
        return b"".join((self.data, first, second, third))


@lru_cache(maxsize=64)
def _meta_block(length: int) -> bytes:
    """The head of an uncompressed meta-block (not last, 4 nibbles of length)."""
    return ((length - 1) << 3 | 1 << 19).to_bytes(3, "little")


class Encoder:
    """Compresses documents; keeps the last 256 bodies. Safe to share between threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[bytes, str], Packed] = OrderedDict()
        self._lock = threading.Lock()

    def encode(
        self, body: bytes, tail: bytes, accepted: str, *, is_common: bool = True
    ) -> tuple[bytes, str | None]:
        """Body and tail as the ``Accept-Encoding`` header allows, and the ``Content-Encoding``."""
        packed = self.pack(body, coding_of(accepted), is_common=is_common)
        return packed.with_tail(tail), packed.coding or None

    def pack(self, body: bytes, coding: str, *, is_common: bool = True) -> Packed:
        """The body in that coding.

        Common bodies are compressed well. Others are compressed quickly when they are new and well
        when they are asked for again, so that made-up addresses cost little.
        """
        if not coding:
            return Packed(body)
        key = (hashlib.sha256(body).digest(), coding)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept.is_small:
                self._kept.move_to_end(key)
                return kept
        kept = _brotli(body, small=is_common or kept is not None) if coding == "br" else _gzip(body)
        with self._lock:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return kept


@lru_cache(maxsize=256)
def coding_of(accepted: str) -> str:
    """The best coding that an ``Accept-Encoding`` header allows: ``br``, ``gzip``, or empty for none."""
    wanted = _codings(accepted)
    return next((coding for coding in ("br", "gzip") if wanted.get(coding, 0) > 0), "")


def _brotli(body: bytes, *, small: bool) -> Packed:
    """Waveforms make a document half text, half numbers: which model fits better is tried."""
    tried = [
        brotli.Compressor(quality=_SMALL if small else _QUICK, mode=mode)
        for mode in ((brotli.MODE_TEXT, brotli.MODE_FONT) if small else (brotli.MODE_TEXT,))
    ]
    data = min((bytes(each.process(body) + each.flush()) for each in tried), key=len)
    return Packed(data, "br", 0, len(body), small)


def _gzip(body: bytes) -> Packed:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = compressor.compress(body) + compressor.flush(zlib.Z_FULL_FLUSH)
    return Packed(_GZIP_HEAD + data, "gzip", zlib.crc32(body), len(body))


def _codings(header: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for item in header.lower().split(","):
        name, _, quality = item.partition(";")
        _, _, number = quality.partition("=")
        try:
            found[name.strip()] = float(number) if number.strip() else 1.0
        except ValueError:
            found[name.strip()] = 0.0
    return found
