"""``/p/<producer>``: who they are and every beat that they sell."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template

from flexapp.catalog.queries import public_tracks
from flexapp.errors import NotFound
from flexapp.people.queries import person_by_old_slug, person_by_slug
from flexapp.public.beats import beats_of
from flexapp.web.access import Access, allow
from flexapp.web.caching import cached_page
from flexapp.web.context import db

blueprint = Blueprint("public_producer", __name__)
_AT_MOST = 200


class ProducerNotFound(NotFound):
    """Nobody has this slug."""

    code = "producer_not_found"


def _mark(slug: str) -> str:
    """Changes with the person and with each beat that they show."""
    person = person_by_slug(db(), slug)
    if person is None:
        return ""
    tracks = public_tracks(db(), producer_id=person.id, limit=_AT_MOST)
    return "\n".join((person.name, person.bio, *(f"{track.id}:{track.revision}" for track in tracks)))


@blueprint.get("/p/<slug>")
@cached_page(seconds=10, revision=_mark)
@allow(Access.PUBLIC)
def producer(slug: str) -> Response:
    """The producer's page; an old slug redirects."""
    person = person_by_slug(db(), slug)
    if person is None:
        moved = person_by_old_slug(db(), slug)
        if moved is None:
            raise ProducerNotFound("There is nobody at this address.")
        return make_response(redirect(f"/p/{moved.slug}", code=301))
    beats = beats_of(db(), public_tracks(db(), producer_id=person.id, limit=_AT_MOST))
    genres = sorted({beat.track.genre for beat in beats if beat.track.genre})
    return make_response(render_template("public/producer.html", person=person, beats=beats, genres=genres))
