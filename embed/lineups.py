"""``GET /embed/v1/lineups/<id>``: what an app, a track or a producer shows, for lists that others build.

The same for everybody, so it is published like documents and answered by the lane. No session comes with
it: who plays or sells from such a list links to our pages, with a placement's ``k`` to be credited.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request
from sqlalchemy.orm import Session

from embed.encoding import coding_of
from embed.pages import response_of
from embed.parameters import Parameters
from embed.press import Press, Wish, address_of, needs_of
from embed.shelf import Kept, Key, Shelf
from embed.subjects import Subject
from flexapp.apps.models import FlexApp, Placement
from flexapp.listening.sessions import new_session_id
from flexapp.web.access import Access, allow
from flexapp.web.context import db
from flexapp.web.headers import stranger_headers
from flexapp.web.lane import Answer
from flexapp.web.lineups import lineup_rows, producer_row
from flexapp.workflows.services import Services

FOLDER = "/embed/v1/lineups/"
_MOST = 500
_END = b"\n"
_EVERYBODYS = Parameters()
blueprint = Blueprint("lineups", __name__)


@dataclass(slots=True, eq=False, kw_only=True)
class Lineup(Kept):
    """A lineup as JSON, and its entity tag."""

    tag: str


class Lineups(Press[Lineup]):
    """Publishes and hands out the lineups of one process."""

    def __init__(self, services: Services) -> None:
        super().__init__(services, Shelf(most_common=_MOST, most_free=0))
        self._base_url = services.settings.base_url
        self._trusts_ids = bool(services.settings.trusted_proxies)
        self._fixed = [
            ("Access-Control-Allow-Origin", "*"),
            ("Cache-Control", "public, no-cache"),
            ("Vary", "Accept-Encoding"),
            *stranger_headers(services.settings),
        ]

    def answer(self, environ: Mapping[str, Any]) -> Answer | None:
        """The lane's way; a request that was named before us goes the long way."""
        if self._trusts_ids and "HTTP_X_REQUEST_ID" in environ:
            return None
        return super().answer(environ)

    def hand_out(self, found: Lineup, environ: Mapping[str, Any]) -> Answer:
        """Status, headers and body."""
        found.used = self._services.clock.milliseconds()
        found.times += 1
        headers = [*self._fixed, ("ETag", found.tag), ("X-Request-Id", f"req_{new_session_id().decode()}")]
        if found.tag in environ.get("HTTP_IF_NONE_MATCH", ""):
            return "304 Not Modified", headers, b""
        coding = coding_of(environ.get("HTTP_ACCEPT_ENCODING", ""))
        body = (found.packed.get(coding) or self._pack(found, coding)).with_tail(_END)
        headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        if coding:
            headers.append(("Content-Encoding", coding))
        return "200 OK", headers, body

    def usual(self, app: FlexApp, placements: Iterable[Placement]) -> list[Wish]:
        """The app's lineup."""
        return [Wish((app.id, _EVERYBODYS), [f"{FOLDER}{app.id}?"])]

    def _make(self, session: Session, subject: Subject, key: Key) -> Lineup:
        page = {"app": "a", "trk": "t", "per": "p"}[subject.id[:3]]
        slug = subject.tracks[0].slug if page == "t" else (subject.app or subject.owner).slug
        value = {
            "id": subject.id,
            "name": subject.name,
            "owner": producer_row(subject.owner),
            "url": f"{self._base_url}/{page}/{slug}",
            "data": lineup_rows(session, subject.tracks, self._base_url),
        }
        body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
        tag = f'W/"{hashlib.blake2b(body, digest_size=9).hexdigest()}"'
        return Lineup(body=body, needs=needs_of(session, subject), tag=tag)


def register(app: Flask) -> None:
    """The process's Lineups is ``app.extensions["flexapp.lineups"]``, also for the lane."""
    app.extensions["flexapp.lineups"] = Lineups(app.extensions["flexapp"])
    app.register_blueprint(blueprint)


@blueprint.get(f"{FOLDER}<target>")
@allow(Access.STRANGER)
def lineup(target: str) -> Response:
    """The lineup of an app, a track or a producer; 404 ``player_gone`` when it is gone."""
    lineups: Lineups = current_app.extensions["flexapp.lineups"]
    found = lineups.publish(db(), target, _EVERYBODYS, address=address_of(request.environ))
    return response_of(lineups.hand_out(found, request.environ))


@blueprint.after_request
def _open_to_all(response: Response) -> Response:
    """Refusals are readable for every page too."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    if response.status_code >= 400:
        response.headers["Cache-Control"] = "no-store"
    return response
