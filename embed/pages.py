"""``GET /embed/v1/<app or track id>``: the iframe document."""

from __future__ import annotations

from flask import Blueprint, Response, request

from embed import refusals
from embed.documents import Document, gone_document, player_document, tail_of
from embed.encoding import Encoder
from embed.parameters import Parameters, read_parameters
from embed.policy import document_headers
from embed.sessions import note_load, session_token
from embed.subjects import PlayerGone, host_of, subject_of
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.headers import origin_of

blueprint = Blueprint("embed", __name__)
_encoder = Encoder()


@blueprint.get("/embed/v1/<target>")
@allow(Access.STRANGER)
def player(target: str) -> Response:
    """The player of an app or a track, rendered for this view; 404 in the player's look when it is gone."""
    own_origin = origin_of(services().settings.base_url)
    asked = read_parameters(request.args)
    try:
        subject = subject_of(db(), services().signer, target, key=asked.key)
    except PlayerGone as gone:
        document = gone_document(gone.message, own_origin=own_origin)
        return _answer(document, b"\n", asked, status=404)
    document = player_document(db(), subject, asked, own_origin=own_origin)
    referer = request.headers.get("Referer")
    token = session_token(subject, asked, host=host_of(referer))
    if refusals.is_refused(subject, referer, own_origin=own_origin):
        refusals.note(services().database, subject, referer, now=services().clock.now())
    else:
        note_load(token)
    return _answer(document, tail_of(token), asked)


def _answer(document: Document, tail: bytes, asked: Parameters, status: int = 200) -> Response:
    accepted = request.headers.get("Accept-Encoding", "")
    data, coding = _encoder.encode(document.body, tail, accepted, is_common=asked.is_common)
    response = Response(data, status=status, mimetype="text/html")
    response.headers.update(document_headers(document.policy))
    if coding:
        response.headers["Content-Encoding"] = coding
    return response
