"""``/sdk/v1/embed.js``: the loader, evergreen; ``/sdk/<x.y.z>/embed.js``: releases that never change."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path

import brotli
from flask import Blueprint, Response, request

from flexapp import assets
from flexapp.errors import NotFound
from flexapp.web.access import Access, allow

blueprint = Blueprint("sdk", __name__)
RELEASES = Path(__file__).parent / "loader" / "releases"
_VERSION = re.compile(r"^\d+\.\d+\.\d+$")
_EVERGREEN = "public, max-age=3600, stale-while-revalidate=86400"
_FOR_GOOD = "public, max-age=31536000, immutable"


class ReleaseNotFound(NotFound):
    """There is no release of the loader with this number."""

    code = "release_not_found"


@blueprint.get("/sdk/v1/embed.js")
@allow(Access.STRANGER)
def loader() -> Response:
    """The loader, compatible for the life of v1."""
    return _script(assets.read_built("embed.js"), cache_control=_EVERGREEN)


@blueprint.get("/sdk/<version>/embed.js")
@allow(Access.STRANGER)
def release(version: str) -> Response:
    """One release, the same bytes for ever: their hash is in PROTOCOL.md."""
    path = RELEASES / f"{version}.js"
    if not _VERSION.match(version) or not path.is_file():
        raise ReleaseNotFound("There is no such release of the loader.")
    return _script(path.read_text(), cache_control=_FOR_GOOD)


def _script(source: str, *, cache_control: str) -> Response:
    """``ACAO: *``, so that a page may load it with ``crossorigin`` and ``integrity``."""
    etag, compressed = _compressed(source)
    if f'"{etag}"' in request.headers.get("If-None-Match", ""):
        response = Response(status=304)
    elif "br" in request.headers.get("Accept-Encoding", ""):
        response = Response(compressed, mimetype="text/javascript")
        response.headers["Content-Encoding"] = "br"
    else:
        response = Response(source, mimetype="text/javascript")
    response.headers.update(
        {
            "ETag": f'"{etag}"',
            "Cache-Control": cache_control,
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Encoding",
        }
    )
    return response


@lru_cache(maxsize=16)
def _compressed(source: str) -> tuple[str, bytes]:
    body = source.encode()
    return hashlib.sha256(body).hexdigest()[:20], bytes(brotli.compress(body, quality=11))
