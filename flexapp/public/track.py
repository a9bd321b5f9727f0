"""``/t/<track>``: a beat's own page: listen, choose a license, buy."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, make_response, redirect, render_template, request

from flexapp.apps.lineup import lineup_of
from flexapp.catalog.caps import caps_in_words
from flexapp.catalog.models import Track, Visibility
from flexapp.catalog.offers import Offer
from flexapp.catalog.queries import (
    TrackNotFound,
    cover_sizes,
    public_tracks,
    track_by_old_slug,
    track_by_slug,
)
from flexapp.catalog.standing import is_playable
from flexapp.public.addresses import Addresses, here
from flexapp.public.beats import Beat, beats_of, offer_line
from flexapp.public.discovery import track_card
from flexapp.public.similar import similar_tracks
from flexapp.public.touches import keeping_touch
from flexapp.public.views import counting_views, of_track
from flexapp.web.access import Access, allow
from flexapp.web.caching import cached_page
from flexapp.web.context import db
from flexapp.web.hosts import on_domains

blueprint = Blueprint("public_track", __name__)
_MORE = 4


@dataclass(frozen=True)
class License:
    """One offer as the page lists it."""

    offer: Offer
    line: str
    caps: list[tuple[str, str]]
    terms: str


@blueprint.get("/t/<slug>")
@counting_views(lambda slug: of_track(track_by_slug(db(), slug)))
@keeping_touch
@cached_page(seconds=60, parameters=("k",))
@on_domains
@allow(Access.PUBLIC)
def track(slug: str) -> Response:
    """The beat; an old slug redirects, a draft is not there, a sold one says so and cannot be bought.

    At an app's own host name only beats of the app are shown; others redirect to our host.
    """
    to = here()
    found = track_by_slug(db(), slug)
    if found is None and (moved := track_by_old_slug(db(), slug)) is not None and _is_open(moved):
        query = f"?{request.query_string.decode('ascii', 'ignore')}" if request.query_string else ""
        return make_response(redirect(f"/t/{moved.slug}{query}", code=301))
    if found is None or not _is_open(found):
        raise TrackNotFound("There is no beat at this address. It may have been taken down.")
    lineup = lineup_of(db(), to.app) if to.app else []
    is_sold = found.sold_exclusively_at is not None
    if to.is_domain and not is_sold and found.id not in {one.id for one in lineup}:
        return make_response(redirect(f"{to.base_url}/t/{found.slug}", code=302))
    [beat] = beats_of(db(), [found])
    card = track_card(beat, to, cover_sizes(db(), [found]), shared_key=to.key if not to.is_domain else "")
    response = make_response(
        render_template(
            "public/track.html",
            beat=beat,
            card=card,
            licenses=[
                License(
                    offer,
                    offer_line(offer),
                    caps_in_words(offer.license_type.caps),
                    offer.license_type.terms,
                )
                for offer in beat.offers
            ],
            lists_of_beats=_lists(beat, to, lineup),
        )
    )
    if card.oembed:
        response.headers["Link"] = card.link_header
    return response


def _lists(beat: Beat, to: Addresses, lineup: list[Track]) -> list[tuple[str, list[Beat]]]:
    """Beats to go on with, by heading: of the app, or of the producer and what is alike elsewhere."""
    track, session = beat.track, db()
    if to.app is not None:
        made = [(f"More in {to.app.name}", similar_tracks(session, track, among=lineup, most=2 * _MORE))]
    else:
        mine = public_tracks(session, producer_id=track.producer_id, limit=_MORE + 1)
        others = [other for other in mine if other.id != track.id][:_MORE]
        made = [
            (f"More by {beat.producer.name}", others),
            ("Similar beats", similar_tracks(session, track, most=_MORE)),
        ]
    return [(heading, beats_of(session, tracks)) for heading, tracks in made if tracks]


def _is_open(track: Track) -> bool:
    """Visitors may open it: not a draft, and there is something to hear."""
    return track.visibility is not Visibility.DRAFT and is_playable(track)
