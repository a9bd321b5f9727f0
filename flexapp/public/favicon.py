"""The icon that browsers ask for where a document names none, such as a player opened in a tab of its own."""

from __future__ import annotations

from flask import Blueprint, Response

from flexapp import assets
from flexapp.web.access import Access, allow
from flexapp.web.hosts import on_domains

blueprint = Blueprint("favicon", __name__)


@blueprint.get("/favicon.ico")
@on_domains
@allow(Access.PUBLIC)
def favicon() -> Response:
    """Our own, as SVG; its name has no fingerprint, so it is asked for again after a day."""
    response = Response(assets.read_built("favicon.svg"), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response
