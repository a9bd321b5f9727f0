"""``/files/<signed link>``: a bought file, in slices, counted, for a day."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from flask import Blueprint, Response, request

from flexapp.errors import Upstream
from flexapp.kernel.signing import Signer
from flexapp.licensing.models import Download
from flexapp.licensing.operations import UnknownDownload, check
from flexapp.licensing.queries import download_by_id
from flexapp.web.access import Access, allow
from flexapp.web.context import services
from flexapp.workflows.take_file import take_file

blueprint = Blueprint("files", __name__)
_PURPOSE = "file"


class FileAltered(Upstream):
    """The stored file is not the one that was sold."""

    code = "file_altered"


def link_of(signer: Signer, download: Download, *, until: datetime) -> str:
    """The path of a file, good until a moment; whoever has it may fetch the file."""
    return "/files/" + signer.seal(_PURPOSE, {"d": download.id, "e": int(until.timestamp())})


@blueprint.get("/files/<signed>")
@allow(Access.PUBLIC)
def file(signed: str) -> Response:
    """The file whole, with its exact length, counted as one download; a HEAD counts nothing.

    Parts (Range) are not served: each answer is one download of all of it.
    """
    given = services()
    now = given.clock.now()
    claims = given.signer.unseal(_PURPOSE, signed) or {}
    download_id, end = claims.get("d"), claims.get("e")
    if not isinstance(download_id, int) or not isinstance(end, int):
        raise UnknownDownload("There is no such file.")
    if now > datetime.fromtimestamp(end, UTC):
        raise UnknownDownload("This link has run out. Your order's page has a new one.")
    with given.database.reading() as session:
        download = download_by_id(session, download_id)
        if download is None:
            raise UnknownDownload("There is no such file.")
        check(session, download, limit=given.settings.downloads_per_file)
    if given.objects.size(download.object_key) != download.bytes:
        raise FileAltered("This file cannot be handed out right now. Please write to its producer.")
    if request.method == "HEAD":
        return _headers(Response(), download)
    with given.database.writing() as session:
        take_file(session, download_id, limit=given.settings.downloads_per_file, now=now)
    return _headers(Response(given.objects.read(download.object_key), direct_passthrough=True), download)


def _headers(response: Response, download: Download) -> Response:
    digest = base64.b64encode(bytes.fromhex(download.sha256)).decode()
    response.headers.set("Content-Disposition", "attachment", filename=download.filename)
    response.headers["Content-Type"] = download.content_type
    response.headers["Content-Length"] = str(download.bytes)
    response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    response.headers["Accept-Ranges"] = "none"
    response.headers["Cache-Control"] = "private, no-store"
    return response
