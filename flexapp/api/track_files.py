"""Files of a track: its master, stems and cover, streamed in."""

from __future__ import annotations

from typing import Any

from flask import Response
from pydantic import Field

from flexapp.api import idempotency
from flexapp.api.room import room
from flexapp.api.shapes.base import Wish
from flexapp.api.shapes.tracks import Track
from flexapp.api.tracks import TrackPath, own, shape
from flexapp.catalog.models import UploadKind
from flexapp.errors import NotFound
from flexapp.people.permissions import Permission, check
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person
from flexapp.web.multipart import received_either_way
from flexapp.workflows.receive_upload import limit_of, receive_upload

track_files = room("track_files", "Files", "Masters, stems and covers of tracks.", takes_files=True)
_KINDS = (UploadKind.MASTER, UploadKind.STEMS, UploadKind.COVER)
_FILE = {"type": "string", "format": "binary"}
_BODY: dict[str, Any] = {
    "required": True,
    "description": "The file itself, or a form with the part file",
    "content": {
        "application/octet-stream": {"schema": _FILE},
        "multipart/form-data": {
            "schema": {"type": "object", "properties": {"file": _FILE}, "required": ["file"]}
        },
    },
}


class FilePath(TrackPath):
    """A file of a track in the path."""

    kind: str = Field(description="master, stems or cover")


class FileQuery(Wish):
    """How the file is called."""

    filename: str | None = Field(None, max_length=255, description="Its name; that of the part in a form")


class KindNotFound(NotFound):
    """A track has no file of this kind."""

    code = "file_kind_not_found"


@track_files.post("/tracks/<track_id>/files/<kind>", responses={201: Track}, request_body=_BODY)
@allow(Access.TOKEN)
def upload_track_file(path: FilePath, query: FileQuery) -> Response | tuple[Track, int]:
    """Send a file: WAV, AIFF, FLAC or MP3 as master, a zip as stems, an image as cover.

    A master is checked at once and worked on afterwards: see processing. A file that cannot be
    used is refused with its reason.
    """
    person = require_person()
    if path.kind not in _KINDS:
        raise KindNotFound("A track has the files master, stems and cover.")
    check(person, Permission.UPLOAD)
    own(path)  # a stranger hears 404 before the file is read
    kind = UploadKind(path.kind)
    with received_either_way(limit_of(services(), kind)) as file:

        def take() -> Track:
            receive_upload(services(), person_id=person.id, kind=kind, file=file, track_id=path.track_id)
            db().expire_all()
            return shape(own(path))

        return idempotency.once(f"{file.filename}\n{file.sha256}", take, status=201)
