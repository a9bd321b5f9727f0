"""``/api/v1/listens/<session token>``: a listener reads and deletes what is kept of one view of a page."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from flexapp.errors import NotFound
from flexapp.listening import kept, sessions
from flexapp.listening.ingest import ingest_of
from flexapp.listening.sessions import SessionClaims
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.limits import limiter

blueprint = Blueprint("embed_kept", __name__)


class NothingKept(NotFound):
    """No token of ours, or one so old that nothing of its session is kept."""

    code = "nothing_kept"


@blueprint.get("/api/v1/listens/<token>")
@limiter.limit("30/minute")
@allow(Access.STRANGER)
def show(token: str) -> Response:
    """Everything that is kept of the session; what became of its plays is not said."""
    claims = _claims(token)
    ingest_of(services().database).flush()
    return jsonify(kept.shown(db(), claims, raw_days=services().settings.raw_days))


@blueprint.delete("/api/v1/listens/<token>")
@limiter.limit("10/minute")
@allow(Access.STRANGER)
def withdraw(token: str) -> Response:
    """Take the plays out of the totals and delete them: 204, also when there were none."""
    claims = _claims(token)
    ingest_of(services().database).flush()
    kept.withdraw(db(), claims)
    return Response(status=204)


def _claims(token: str) -> SessionClaims:
    given = services()
    raw_days = given.settings.raw_days
    claims = sessions.read_report(given.signer, token, given.clock.now(), raw_days=raw_days)
    if claims is None:
        raise NothingKept("Nothing is kept under this token.")
    return claims


@blueprint.after_request
def _open_to_all(response: Response) -> Response:
    """Whoever holds the token may ask from any page, opaque frames too; browsers ask before a ``DELETE``.

    No header of the page's own and no cookie is let in by it.
    """
    response.headers["Cache-Control"] = "no-store"
    response.headers["Access-Control-Allow-Origin"] = "*"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, DELETE"
        response.headers["Access-Control-Max-Age"] = "86400"
    return response
