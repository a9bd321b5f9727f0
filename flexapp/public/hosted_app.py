"""``/a/<app>``: a flex app on a page of its own: the player, and every beat in it."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, redirect, render_template, request

from flexapp.apps.lineup import lineup_of
from flexapp.apps.queries import app_by_old_slug, app_by_slug, placement_by_token
from flexapp.apps.sizes import SIZES
from flexapp.errors import NotFound
from flexapp.people.queries import person_by_id
from flexapp.public.beats import beats_of
from flexapp.public.touches import remember_touch
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services

blueprint = Blueprint("public_hosted_app", __name__)


class HostedAppNotFound(NotFound):
    """There is no app at this address."""

    code = "hosted_app_not_found"


@blueprint.get("/a/<slug>")
@allow(Access.PUBLIC)
def hosted_app(slug: str) -> Response:
    """The app; an old slug redirects. A placement's ``k`` is remembered and goes on into the player."""
    given = services()
    app = app_by_slug(db(), slug)
    if app is None:
        moved = app_by_old_slug(db(), slug)
        if moved is None:
            raise HostedAppNotFound("There is no app at this address. It may have been taken down.")
        query = f"?{request.query_string.decode('ascii', 'ignore')}" if request.query_string else ""
        return make_response(redirect(f"/a/{moved.slug}{query}", code=301))
    placement = placement_by_token(db(), given.signer, request.args.get("k"))
    key = placement.key if placement is not None and placement.app_id == app.id else ""
    owner = person_by_id(db(), app.owner_id)
    beats = beats_of(db(), lineup_of(db(), app))
    canonical = f"{given.settings.base_url}/a/{app.slug}"
    shared = f"{canonical}?{urlencode({'k': key})}" if key else canonical
    player = f"/embed/v1/{app.id}" + (f"?{urlencode({'k': key})}" if key else "")
    oembed = {
        f"{kind}+oembed": f"{given.settings.base_url}/oembed?{urlencode({'url': shared, 'format': name})}"
        for kind, name in (("application/json", "json"), ("text/xml", "xml"))
    }
    response = make_response(
        render_template(
            "public/hosted_app.html",
            app=app,
            owner=owner,
            beats=beats,
            canonical=canonical,
            player=player,
            player_url=given.settings.base_url + player,
            size=SIZES[app.layout],
            oembed=oembed,
            cover=next((beat.track for beat in beats if beat.track.cover_key), None),
            base_url=given.settings.base_url,
        )
    )
    links = (f'<{address}>; rel="alternate"; type="{kind}"' for kind, address in oembed.items())
    response.headers["Link"] = ", ".join(links)
    remember_touch(response, db(), key)
    return response
