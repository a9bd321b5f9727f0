"""``POST /api/v1/listens``: what players report, stored before the 204 (embed/PROTOCOL.md).

The body is JSON sent as text, so no pre-flight is needed from an opaque frame. Every well-formed body
is answered with 204, also one whose token is forged or over: whoever cheats learns nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Flask, Response, current_app, request

from flexapp.kernel.network import network_of
from flexapp.listening import sessions
from flexapp.listening.batches import MAX_BODY, Batch, InvalidBatch, read_batch
from flexapp.listening.ingest import Busy, Ingest, ingest_of
from flexapp.listening.pace import Pace
from flexapp.listening.rows import event_row
from flexapp.listening.sessions import SessionClaims
from flexapp.listening.visitors import VisitorKeys, request_flags
from flexapp.web.access import Access, allow
from flexapp.web.context import services
from flexapp.web.network import address
from flexapp.workflows.services import Services

EVENTS_PER_SESSION = 400  #: a minute; a player sends about 10
EVENTS_PER_NETWORK = 6000  #: a minute; many people may share an address
_RETRY_SECONDS = "2"
blueprint = Blueprint("listens", __name__)


@dataclass(frozen=True)
class Door:
    """What the door keeps between requests."""

    ingest: Ingest
    keys: VisitorKeys
    sessions: Pace
    networks: Pace


def register(app: Flask) -> None:
    """Open the door; the process's Ingest is ``app.extensions["flexapp.ingest"]``."""
    database = app.extensions["flexapp"].database
    ingest = ingest_of(database)
    app.extensions["flexapp.ingest"] = ingest
    app.extensions["flexapp.listens"] = Door(
        ingest, VisitorKeys(database), Pace(EVENTS_PER_SESSION), Pace(EVENTS_PER_NETWORK)
    )
    app.register_blueprint(blueprint)


@blueprint.post("/api/v1/listens")
@allow(Access.STRANGER)
def listens() -> Response:
    """204 when stored, 400 for no report, 413 for a long body, 503 when storing must wait."""
    if (request.content_length or 0) > MAX_BODY:
        return _answer(413)
    body = request.stream.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        return _answer(413)
    try:
        batch = read_batch(body)
    except InvalidBatch as problem:
        return _answer(400, problem.message)
    door: Door = current_app.extensions["flexapp.listens"]
    claims = sessions.read(services().signer, batch.token, services().clock.now(), late=sessions.LATE)
    if claims is None or not _is_in_pace(door, claims, len(batch.events)):
        return _answer(204)
    try:
        _store(door, services(), claims, batch)
    except Busy:
        response = _answer(503)
        response.headers["Retry-After"] = _RETRY_SECONDS
        return response
    return _answer(204)


def _store(door: Door, services: Services, claims: SessionClaims, batch: Batch) -> None:
    now = services.clock.now()
    agent = request.headers.get("User-Agent", "")
    reported = request_flags(
        user_agent=agent,
        gpc=request.headers.get("Sec-GPC"),
        dnt=request.headers.get("DNT"),
        purpose=request.headers.get("Sec-Purpose"),
    )
    flags = reported | claims.flags
    if services.settings.count_all_plays:
        flags -= {"bot"}
    key = None
    if not flags & {"gpc", "bot", "preview"}:
        key = door.keys.key_for(
            address=address(),
            user_agent=agent,
            host=claims.host,
            minted_at=claims.minted_at,
            now=now,
        )
    rows = [event_row(claims, event, visitor_key=key, flags=flags, now=now) for event in batch.events]
    door.ingest.submit(rows)


def _is_in_pace(door: Door, claims: SessionClaims, events: int) -> bool:
    now = services().clock.now()
    return door.sessions.allows(claims.session_id, events, now) and door.networks.allows(
        network_of(address()), events, now
    )


def _answer(status: int, message: str = "") -> Response:
    response = Response(message, status=status, mimetype="text/plain")
    if status == 204:
        del response.headers["Content-Type"]
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "no-store"
    return response
