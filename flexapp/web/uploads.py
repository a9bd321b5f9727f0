"""Files in request bodies, streamed to disk: the request is the file, byte for byte.

``POST …?filename=cold-estate.wav`` with the file as its body. A ``Content-Length`` above the limit is
refused before one byte is read; a body that grows beyond it while it comes is cut off.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from flexapp.errors import Invalid, TooLarge
from flexapp.web.context import commit_now, services
from flexapp.workflows.receive_upload import ReceivedFile
from flexapp.workflows.workspace import workspace

_SLICE = 256 * 1024
_MEGABYTE = 1024 * 1024


class UploadTooLarge(TooLarge):
    """The body is larger than what this address takes."""

    code = "upload_too_large"


class UploadBroken(Invalid):
    """The body ended before its declared length: the connection broke."""

    code = "upload_broken"


@contextmanager
def received(limit: int) -> Iterator[ReceivedFile]:
    """The running request's body as a file of at most ``limit`` bytes; it is gone when the block ends.

    Ends the request's transaction first, since a slow sender must not hold a lock. Raises UploadTooLarge,
    UploadBroken.
    """
    declared = request.content_length
    if declared is not None and declared > limit:
        raise _too_large(declared, limit)
    commit_now()
    request.max_content_length = limit
    with workspace(services().settings, "upload") as folder:
        path = folder / "body"
        size, digest = _stream(path, limit)
        if declared is not None and size < declared:
            raise UploadBroken("The connection broke before the whole file had come. Send it again.")
        yield ReceivedFile(path, _filename(), size, digest)


def _stream(path: Path, limit: int) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as target:
        try:
            while part := request.stream.read(_SLICE):
                size += len(part)
                if size > limit:
                    raise _too_large(size, limit)
                digest.update(part)
                target.write(part)
        except RequestEntityTooLarge as error:
            raise _too_large(size, limit) from error
        except (OSError, ClientDisconnected) as error:
            raise UploadBroken(
                "The connection broke before the whole file had come. Send it again."
            ) from error
    return size, digest.hexdigest()


def _filename() -> str:
    given = request.args.get("filename", "").replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(mark for mark in given if mark.isprintable()).strip()
    return plain[:255] or "upload"


def _too_large(found: int, limit: int) -> UploadTooLarge:
    return UploadTooLarge(
        f"This file has {found / _MEGABYTE:,.0f} MB; at most {limit // _MEGABYTE:,} MB are taken."
    )
