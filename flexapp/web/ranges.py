"""Files by byte ranges, exactly as RFC 9110 (sections 13 and 14) has them.

One range is answered with 206; several in one request are ignored and answered whole, as the RFC allows.
Nothing is ever compressed, and ``Content-Length`` is always there: Safari plays from no other server.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flask import Response, request

from flexapp.gateways.ports import Objects

_ONE_RANGE = re.compile(r"^bytes[ \t]*=[ \t]*(\d*)-(\d*)[ \t]*$", re.IGNORECASE)
_TOLD_EVERY = 256 * 1024
_SLICE = 64 * 1024
_IN_FLIGHT = 448 * 1024
"""Of an answer that is cut off so much lies in the server's own buffers, as measured with granian."""


@dataclass(frozen=True)
class Span:
    """Bytes ``start`` up to, not including, ``end``."""

    start: int
    end: int


Sent = Callable[[int, Span], None]
"""Hears how many more bytes the server took, and which part of the file has surely gone out by now.

Told each 256 KiB, and at the end, also when the reader left.
"""


class Unsatisfiable(Exception):
    """The range lies outside of the file."""


def parse_range(header: str, size: int) -> Span | None:
    """The one range that a header asks for; None when it is to be ignored. Raises Unsatisfiable."""
    match = _ONE_RANGE.match(header)
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        length = int(last)
        if length == 0 or size == 0:
            raise Unsatisfiable
        return Span(max(0, size - length), size)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable
    return Span(start, min(size, int(last) + 1) if last else size)


def file_response(
    objects: Objects,
    key: str,
    *,
    size: int,
    etag: str,
    content_type: str,
    cache_control: str,
    on_sent: Sent | None = None,
    on_closed: Callable[[], None] | None = None,
) -> Response:
    """The answer to the running GET or HEAD for an object of ``size`` bytes; ``etag`` without quotes.

    200, 206, 304 (If-None-Match), 412 (If-Match) or 416; HEAD opens no file. ``on_closed`` is called when a
    body is done with, after the last ``on_sent``. Raises NotFound when the object is gone.
    """
    tag = f'"{etag}"'
    headers = {"Accept-Ranges": "bytes", "ETag": tag, "Cache-Control": cache_control}
    if not _matches(request.headers.get("If-Match"), tag, absent=True):
        return Response(status=412, headers=headers)
    if _matches(request.headers.get("If-None-Match"), tag, absent=False, weak=True):
        return Response(status=304, headers=headers)
    span, status = Span(0, size), 200
    if request.method == "GET" and "Range" in request.headers and _may_split(tag):
        try:
            asked = parse_range(request.headers["Range"], size)
        except Unsatisfiable:
            headers["Content-Range"] = f"bytes */{size}"
            return Response(status=416, headers=headers, content_type=content_type)
        if asked is not None:
            span, status = asked, 206
            headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{size}"
    length = span.end - span.start
    headers["Content-Length"] = str(length)
    if request.method == "HEAD":
        return Response(status=status, headers=headers, content_type=content_type)
    body = CountedBody(objects.read(key, span.start, length), on_sent, on_closed, start=span.start)
    return Response(body, status=status, headers=headers, content_type=content_type, direct_passthrough=True)


class CountedBody:
    """Slices of at most 64 KiB, from ``start`` of a file, that tell how much of them was taken.

    What was taken when the reader leaves had not all gone out: a server that could send no more was waiting
    with full buffers. An answer that was taken to its end is out whole.
    """

    def __init__(
        self,
        source: Iterator[bytes],
        on_sent: Sent | None,
        on_closed: Callable[[], None] | None = None,
        *,
        start: int = 0,
    ) -> None:
        self._source = source
        self._on_sent = on_sent
        self._on_closed = on_closed
        self._start = self._taken = start
        self._untold = 0
        self._is_over = False
        self._slices = self._cut()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        # Asking for the next slice means that the one before was taken.
        if self._untold >= _TOLD_EVERY:
            self._tell()
        try:
            part = next(self._slices)
        except StopIteration:
            self._is_over = True
            self._tell()
            raise
        self._untold += len(part)
        self._taken += len(part)
        return part

    def close(self) -> None:
        """The server is done with it, or the reader left."""
        self._tell()
        if self._on_closed is not None:
            self._on_closed()
        close = getattr(self._source, "close", None)
        if close is not None:
            close()

    def _tell(self) -> None:
        count, self._untold = self._untold, 0
        if count and self._on_sent is not None:
            out = self._taken if self._is_over else max(self._start, self._taken - _IN_FLIGHT)
            self._on_sent(count, Span(self._start, out))

    def _cut(self) -> Iterator[bytes]:
        for part in self._source:
            for at in range(0, len(part), _SLICE):
                yield part[at : at + _SLICE]


def _may_split(tag: str) -> bool:
    """If-Range: only the very same file may be continued; a date never matches, we send none."""
    condition = request.headers.get("If-Range")
    return condition is None or condition.strip() == tag


def _matches(header: str | None, tag: str, *, absent: bool, weak: bool = False) -> bool:
    if header is None:
        return absent
    tags = [each.strip() for each in header.split(",")]
    if weak:
        tags = [each.removeprefix("W/") for each in tags]
    return "*" in tags or tag in tags
