"""``POST /api/v1/listens``: what players report, stored before the 204 (embed/PROTOCOL.md).

The body is JSON sent as text, so no pre-flight is needed from an opaque frame. Every well-formed body
is answered with 204, also one whose token is forged or over: whoever cheats learns nothing. Only what
many people behind one address report together beyond the pace is asked to come again. The lane
hands reports to the door directly; what is unusual about the request itself comes here by Flask.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from random import randrange
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, request

from flexapp.kernel.network import network_of
from flexapp.listening import hosting, sessions
from flexapp.listening.batches import MAX_BODY, Batch, InvalidBatch, read_batch
from flexapp.listening.counting import EARLY
from flexapp.listening.ingest import Busy, ingest_of
from flexapp.listening.pace import Pace
from flexapp.listening.rows import event_rows
from flexapp.listening.sessions import SessionClaims, new_session_id
from flexapp.listening.visitors import VisitorKeys, request_flags
from flexapp.web.access import Access, allow
from flexapp.web.dimensions import dimensions_of
from flexapp.web.headers import stranger_headers
from flexapp.web.lane import Answer
from flexapp.workflows.services import Services

EVENTS_PER_SESSION = 400  #: a minute; a player sends about 10
EVENTS_PER_NETWORK = 6000  #: a minute; many people may share an address
NAMELESS = frozenset({"gpc", "ask", "bot", "preview"})  #: flags with which no key is kept
_SOON = 2
_SPREAD = 20  #: seconds over which the people behind one address come back
_STATUS = {204: "204 No Content", 400: "400 Bad Request", 413: "413 Content Too Large"}
_STATUS[429] = "429 Too Many Requests"
_STATUS[503] = "503 Service Unavailable"
blueprint = Blueprint("listens", __name__)


class Door:
    """Takes reports, and keeps what it must know between them. One per process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._headers = [
            ("Access-Control-Allow-Origin", "*"),
            ("Cache-Control", "no-store"),
            *stranger_headers(services.settings),
        ]
        self._keys = VisitorKeys(services.database)
        self._sessions = Pace(EVENTS_PER_SESSION)
        self._networks = Pace(EVENTS_PER_NETWORK)
        self.ingest = ingest_of(services.database)

    def answer(self, environ: dict[str, Any]) -> Answer | None:
        """The lane's way; None, with the body unread, for a request that is no plain report."""
        length = environ.get("CONTENT_LENGTH") or ""
        is_plain = environ["REQUEST_METHOD"] == "POST" and "HTTP_TRANSFER_ENCODING" not in environ
        if not (is_plain and length.isascii() and length.isdigit() and int(length) <= MAX_BODY):
            return None
        if "HTTP_X_REQUEST_ID" in environ and self._services.settings.trusted_proxies:
            return None
        body = environ["wsgi.input"].read(int(length))
        try:
            status, headers, message = self.take(body, environ)
        except Exception:  # let the long way find and report it
            environ["wsgi.input"] = io.BytesIO(body)
            return None
        return status, [*headers, ("X-Request-Id", f"req_{new_session_id().decode()}")], message

    def take(self, body: bytes, environ: Mapping[str, Any]) -> Answer:
        """204 when stored, 400 for no report, 413 for a long body, 429 and 503 when storing must wait."""
        if len(body) > MAX_BODY:
            return self.refuse(413)
        try:
            batch = read_batch(body)
        except InvalidBatch as problem:
            return self.refuse(400, problem.message)
        now = self._services.clock.now()
        raw_days = self._services.settings.raw_days
        claims = sessions.read_report(self._services.signer, batch.token, now, raw_days=raw_days)
        events, network = len(batch.events), network_of(_address(environ))
        if claims is None or not self._sessions.allows(claims.session_id, events, now):
            return _STATUS[204], self._headers, b""
        if not self._networks.allows(network, events, now):
            self._sessions.give_back(claims.session_id, events, now)
            return self._later(429, _next_minute(now))
        try:
            self._store(claims, batch, environ)
        except Busy:
            self._sessions.give_back(claims.session_id, events, now)
            self._networks.give_back(network, events, now)
            return self._later(503, _SOON)
        return _STATUS[204], self._headers, b""

    def _later(self, status: int, seconds: int) -> Answer:
        """A refusal after which the player keeps the report and tries again."""
        line, headers, message = self.refuse(status)
        return line, [*headers, ("Retry-After", str(seconds))], message

    def refuse(self, status: int, message: str = "") -> Answer:
        """An answer that every page may read."""
        body = message.encode()
        typed = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        return _STATUS[status], [*typed, *self._headers], body

    def _store(self, claims: SessionClaims, batch: Batch, environ: Mapping[str, Any]) -> None:
        now = self._services.clock.now()
        is_early = now < claims.minted_at
        agent = environ.get("HTTP_USER_AGENT", "")
        reported = request_flags(
            user_agent=agent,
            gpc=environ.get("HTTP_SEC_GPC"),
            dnt=environ.get("HTTP_DNT"),
            purpose=environ.get("HTTP_SEC_PURPOSE"),
        )
        flags = reported | claims.flags
        if self._services.settings.count_all_plays:
            flags -= {"bot"}
        if host := hosting.flag_of(self._services.networks.number_of(_address(environ))):
            flags |= {host}
        if is_early:
            flags |= {EARLY}
        if environ.get("HTTP_ORIGIN") == "null":
            flags |= {"sandbox"}
        if batch.consent is True:
            flags -= {"ask"}
        key = network = None
        if not flags & NAMELESS:
            key = self._keys.key_for(
                address=_address(environ),
                user_agent=agent,
                host=claims.host,
                minted_at=claims.minted_at,
                now=now,
            )
            network = self._keys.network_key_for(
                address=_address(environ), minted_at=claims.minted_at, now=now
            )
        dimensions = dimensions_of(environ, self._services.countries, claims.layout)
        rows = event_rows(
            claims,
            batch.events,
            visitor_key=key,
            network_key=network,
            flags=flags,
            now=now,
            dimensions=dimensions,
        )
        self.ingest.submit(rows)


def register(app: Flask) -> None:
    """Open the door; the process's Ingest is ``app.extensions["flexapp.ingest"]``."""
    door = Door(app.extensions["flexapp"])
    app.extensions["flexapp.ingest"] = door.ingest
    app.extensions["flexapp.listens"] = door
    app.register_blueprint(blueprint)


@blueprint.post("/api/v1/listens")
@allow(Access.STRANGER)
def listens() -> Response:
    """204 when stored, 400 for no report, 413 for a long body, 429 and 503 when storing must wait."""
    door = cast(Door, current_app.extensions["flexapp.listens"])
    if (request.content_length or 0) > MAX_BODY:
        return _response(door.refuse(413))
    return _response(door.take(request.stream.read(MAX_BODY + 1), request.environ))


def _response(answer: Answer) -> Response:
    status, headers, message = answer
    response = Response(message, status=status)
    response.headers.clear()
    response.headers.extend(headers)
    return response


def _next_minute(now: datetime) -> int:
    """Seconds until a network may report again, not all of its people at once."""
    return 60 - now.second + randrange(_SPREAD)  # noqa: S311


def _address(environ: Mapping[str, Any]) -> str:
    return str(environ.get("REMOTE_ADDR") or "")
