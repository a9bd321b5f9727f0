"""``GET /embed/v1/<app or track id>``: the iframe document."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, current_app, request

from embed.documents import gone_document
from embed.encoding import Encoder
from embed.parameters import read_parameters
from embed.policy import document_headers
from embed.press import address_of
from embed.publishing import Publisher
from embed.subjects import PlayerGone
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.headers import origin_of
from flexapp.web.lane import Answer

blueprint = Blueprint("embed", __name__)
_encoder = Encoder()


def register(app: Flask) -> None:
    """The process's Publisher is ``app.extensions["flexapp.publisher"]``, also for the lane."""
    app.extensions["flexapp.publisher"] = Publisher(
        app.extensions["flexapp"], app.extensions["flexapp.ingest"]
    )
    app.register_blueprint(blueprint)


@blueprint.get("/embed/v1/<target>")
@allow(Access.STRANGER)
def player(target: str) -> Response:
    """The player of an app or a track, with a session of its own; 404 in the player's look when it is gone.

    Documents that are published already are mostly handed out before Flask (``web/lane.py``).
    """
    publisher: Publisher = current_app.extensions["flexapp.publisher"]
    asked = read_parameters(request.args)
    try:
        found = publisher.publish(db(), target, asked, address=address_of(request.environ))
    except PlayerGone as gone:
        return _gone(gone.reason, asked.lang)
    return response_of(publisher.hand_out(found, request.environ))


def response_of(answer: Answer) -> Response:
    """What the lane would say, as Flask says it."""
    status, headers, body = answer
    response = Response(body, status=status)
    del response.headers["Content-Type"]
    response.headers.extend(headers)
    return response


def _gone(reason: str, lang: str | None) -> Response:
    document = gone_document(reason, lang=lang, own_origin=origin_of(services().settings.base_url))
    accepted = request.headers.get("Accept-Encoding", "")
    data, coding = _encoder.encode(document.body, b"\n", accepted)
    response = Response(data, status=404, mimetype="text/html")
    response.headers.update(document_headers(document.policy))
    if coding:
        response.headers["Content-Encoding"] = coding
    return response
