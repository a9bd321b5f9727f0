"""``/t/<track>``: a beat's own page: listen, choose a license, buy."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template

from flexapp.catalog.models import Track, Visibility
from flexapp.catalog.queries import TrackNotFound, public_tracks, track_by_old_slug, track_by_slug
from flexapp.catalog.standing import is_playable
from flexapp.public.beats import beats_of, offer_line
from flexapp.public.discovery import PLAYER_HEIGHT, PLAYER_WIDTH, card_of
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services

blueprint = Blueprint("public_track", __name__)
_MORE = 4


@blueprint.get("/t/<slug>")
@allow(Access.PUBLIC)
def track(slug: str) -> Response:
    """The beat; an old slug redirects, a draft is not there, a sold one says so and cannot be bought."""
    found = track_by_slug(db(), slug)
    if found is None and (moved := track_by_old_slug(db(), slug)) is not None and _is_open(moved):
        return make_response(redirect(f"/t/{moved.slug}", code=301))
    if found is None or not _is_open(found):
        raise TrackNotFound("There is no beat at this address. It may have been taken down.")
    [beat] = beats_of(db(), [found])
    others = [
        other
        for other in public_tracks(db(), producer_id=found.producer_id, limit=_MORE + 1)
        if other.id != found.id
    ][:_MORE]
    card = card_of(beat, services().settings)
    response = make_response(
        render_template(
            "public/track.html",
            beat=beat,
            card=card,
            more=beats_of(db(), others),
            offer_line=offer_line,
            player_width=PLAYER_WIDTH,
            player_height=PLAYER_HEIGHT,
        )
    )
    if card.oembed and not beat.is_sold:
        response.headers["Link"] = card.link_header
    return response


def _is_open(track: Track) -> bool:
    """Visitors may open it: not a draft, and there is something to hear."""
    return track.visibility is not Visibility.DRAFT and is_playable(track)
