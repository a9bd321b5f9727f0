"""``GET /embed/v1/code.svg?to=<path>``: a checkout's address as a QR code, where a frame may open no tab."""

from __future__ import annotations

import io
import re

import segno
from flask import Blueprint, Response, request

from flexapp.errors import Invalid
from flexapp.web.access import Access, allow
from flexapp.web.context import services

blueprint = Blueprint("embed_codes", __name__)
LONGEST = 600
_OURS = re.compile(r"/(?:buy|cart)/[\w-]{1,200}(?:\?[\w=&.~%+-]*)?")
_MARGIN = 2  # modules of quiet; the player gives the rest
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Access-Control-Allow-Origin": "*",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class NoCode(Invalid):
    """Only our own checkouts and carts are made into codes."""

    code = "no_code"


@blueprint.get("/embed/v1/code.svg")
@allow(Access.STRANGER)
def code() -> Response:
    """The code of a path of ours, ``/buy/…`` or ``/cart/…``: nobody's own address gets our look."""
    to = request.args.get("to", "")
    if len(to) > LONGEST:
        raise NoCode(f"An address has at most {LONGEST} characters.")
    if not _OURS.fullmatch(to) or not to.isascii():
        raise NoCode("Name a path that begins with /buy/ or /cart/ in the parameter to.")
    drawing = io.BytesIO()
    segno.make(services().settings.base_url + to, error="m", micro=False).save(
        drawing, kind="svg", border=_MARGIN, light="#fff", xmldecl=False, omitsize=True
    )
    return Response(drawing.getvalue(), mimetype="image/svg+xml", headers=_HEADERS)
