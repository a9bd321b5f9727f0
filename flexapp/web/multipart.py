"""A file sent as a form: its one part ``file`` is streamed to disk like a raw body, never held whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import MultiPartParser

from flexapp.errors import Invalid
from flexapp.web.context import commit_now, services
from flexapp.web.uploads import UploadBroken, UploadTooLarge, received
from flexapp.workflows.receive_upload import ReceivedFile
from flexapp.workflows.workspace import workspace

FIELD = "file"
_OVERHEAD = 64 * 1024  # the boundaries and headers around the file
_SLICE = 1024 * 1024
_MOST_PARTS = 8
_MOST_FIELDS = 64 * 1024  # bytes of a part without a filename, which is held in memory, and of a part's head
_READ = 16 * 1024  # at once; it counts against _MOST_FIELDS together with what is not parsed yet


class FileMissing(Invalid):
    """The form has no part called file, or several files."""

    code = "file_missing"


@contextmanager
def received_either_way(limit: int) -> Iterator[ReceivedFile]:
    """The request's file, sent as the body itself or as the part ``file`` of a form; see ``uploads``."""
    with _received_part(limit) if request.mimetype == "multipart/form-data" else received(limit) as file:
        yield file


@contextmanager
def _received_part(limit: int) -> Iterator[ReceivedFile]:
    declared = request.content_length
    if declared is not None and declared > limit + _OVERHEAD:
        raise _too_large(limit)
    commit_now()
    request.max_content_length = limit + _OVERHEAD
    with workspace(services().settings, "upload") as folder:
        opened: list[IO[bytes]] = []

        def open_part(*_: Any, **__: Any) -> IO[bytes]:
            opened.append((folder / f"part-{len(opened)}").open("w+b"))
            return opened[-1]

        parser = MultiPartParser(
            stream_factory=open_part,
            max_form_memory_size=_MOST_FIELDS,
            buffer_size=_READ,
            max_form_parts=_MOST_PARTS,
        )
        try:
            boundary = request.mimetype_params.get("boundary", "").encode("ascii")
            if not boundary:
                raise UploadBroken("The form names no boundary between its parts.")
            _, files = parser.parse(request.stream, boundary, declared)
        except RequestEntityTooLarge as error:
            raise _too_large(limit) from error
        except (ValueError, OSError) as error:
            raise UploadBroken("The form ended before it was complete. Send it again.") from error
        finally:
            for part in opened:
                part.close()
        if len(opened) != 1 or FIELD not in files:
            raise FileMissing("Send one file, as the part called file.")
        path = folder / "part-0"
        size = path.stat().st_size
        if size > limit:
            raise _too_large(limit)
        yield ReceivedFile(path, _filename(files[FIELD].filename), size, _sha256(path))


def _filename(given: str | None) -> str:
    named = (request.args.get("filename") or given or "").replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(mark for mark in named if mark.isprintable()).strip()
    return plain[:255] or "upload"


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(_SLICE):
            digest.update(data)
    return digest.hexdigest()


def _too_large(limit: int) -> UploadTooLarge:
    return UploadTooLarge(
        f"At most {limit // 1_048_576:,} MB are taken in the part called file, "
        f"and {_MOST_FIELDS // 1024} KB in any other of at most {_MOST_PARTS} parts."
    )
