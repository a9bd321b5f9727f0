"""``/p/<producer>``: who they are and every beat that they sell, to look through."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request

from flexapp.apps.lineup import MAX_TRACKS, lineup_of
from flexapp.catalog.models import Track
from flexapp.catalog.queries import cover_sizes, public_tracks
from flexapp.errors import NotFound
from flexapp.people.models import Person
from flexapp.people.queries import person_by_old_slug, person_by_slug
from flexapp.public.addresses import here
from flexapp.public.discovery import producer_card
from flexapp.public.listing import PARAMETERS, listing_of
from flexapp.public.touches import keeping_touch
from flexapp.public.views import counting_views, of_producer
from flexapp.web.access import Access, allow
from flexapp.web.caching import cached_page
from flexapp.web.context import db
from flexapp.web.hosts import on_domains

blueprint = Blueprint("public_producer", __name__)
_AT_MOST = 1000


class ProducerNotFound(NotFound):
    """Nobody has this slug."""

    code = "producer_not_found"


@blueprint.get("/p/<slug>")
@counting_views(lambda slug: of_producer(person_by_slug(db(), slug)))
@keeping_touch
@cached_page(seconds=60, parameters=PARAMETERS)
@on_domains
@allow(Access.PUBLIC)
def producer(slug: str) -> Response:
    """The producer's page; an old slug redirects.

    At an app's own host name it shows what of theirs is in the app; who has nothing there is on our host.
    """
    to = here()
    person = person_by_slug(db(), slug)
    if person is None:
        moved = person_by_old_slug(db(), slug)
        if moved is None:
            raise ProducerNotFound("There is nobody at this address.")
        query = f"?{request.query_string.decode('ascii', 'ignore')}" if request.query_string else ""
        return make_response(redirect(f"/p/{moved.slug}{query}", code=301))
    tracks = _tracks(person)
    if to.is_domain and not tracks:
        return make_response(redirect(f"{to.base_url}/p/{person.slug}", code=302))
    listing = listing_of(db(), tracks, path=f"/p/{person.slug}", key="" if to.is_domain else to.key)
    sizes = cover_sizes(db(), [beat.track for beat in listing.beats])
    genres = sorted({track.genre for track in tracks if track.genre})
    card = producer_card(person, listing.beats, len(tracks), to, sizes)
    response = make_response(
        render_template(
            "public/producer.html",
            person=person,
            listing=listing,
            genres=genres,
            card=card,
            whole=person if _plays_on(person, tracks) else None,
        )
    )
    if card.oembed:
        response.headers["Link"] = card.link_header
    return response


def _plays_on(person: Person, tracks: list[Track]) -> bool:
    """Whether the page plays all of theirs in their own player.

    That player credits nobody else, so who came by another's app keeps hearing beat by beat; and it
    shows the newest hundred.
    """
    to = here()
    if to.is_domain or (to.app is not None and to.app.owner_id != person.id):
        return False
    return 1 < len(tracks) <= MAX_TRACKS


def _tracks(person: Person) -> list[Track]:
    to = here()
    if to.is_domain and to.app is not None:
        return [track for track in lineup_of(db(), to.app) if track.producer_id == person.id]
    return public_tracks(db(), producer_id=person.id, limit=_AT_MOST)
