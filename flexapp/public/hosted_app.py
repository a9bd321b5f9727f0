"""``/a/<app>``: a flex app as a storefront of its own: its player, and every beat in it to look through."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request
from sqlalchemy.orm import Session

from flexapp.apps.lineup import lineup_of
from flexapp.apps.models import FlexApp
from flexapp.apps.options import NAMES, read_options
from flexapp.apps.queries import app_by_id, app_by_old_slug, app_by_slug, placement_by_token
from flexapp.apps.sizes import SIZES
from flexapp.catalog.queries import cover_sizes
from flexapp.errors import NotFound
from flexapp.people.queries import people_by_ids
from flexapp.public.addresses import Addresses, app_of_request, enter
from flexapp.public.beats import beats_of
from flexapp.public.discovery import app_card
from flexapp.public.listing import PARAMETERS, listing_of
from flexapp.public.look import look_of
from flexapp.public.touches import remember_touch
from flexapp.public.views import counting_views, of_app
from flexapp.web.access import Access, allow
from flexapp.web.caching import cached_page
from flexapp.web.context import db, services
from flexapp.web.hosts import on_domains

blueprint = Blueprint("public_hosted_app", __name__)


class HostedAppNotFound(NotFound):
    """There is no app at this address."""

    code = "hosted_app_not_found"


@blueprint.get("/a/<slug>")
@counting_views(lambda slug: of_app(app_at(db(), slug)))
@on_domains
@allow(Access.PUBLIC)
def hosted_app(slug: str) -> Response:
    """The app; an old slug redirects.

    A placement's ``k`` is remembered and goes on into every link; without one the page's own is credited.
    """
    response = make_response(_page(slug))
    app = app_at(db(), slug)
    if app is not None and not (to := enter(app)).is_domain:
        remember_touch(response, db(), to.key)
    return response


@cached_page(seconds=60, parameters=(*PARAMETERS, *NAMES))
def _page(slug: str) -> Response:
    app = app_at(db(), slug)
    if app is None:
        moved = app_by_old_slug(db(), slug)
        if moved is None:
            raise HostedAppNotFound("There is no app at this address. It may have been taken down.")
        query = f"?{request.query_string.decode('ascii', 'ignore')}" if request.query_string else ""
        return make_response(redirect(f"/a/{moved.slug}{query}", code=301))
    to = enter(app)
    lineup = lineup_of(db(), app)
    owner = people_by_ids(db(), [app.owner_id])[app.owner_id]
    listing = listing_of(
        db(),
        lineup,
        path="/" if to.is_domain else f"/a/{app.slug}",
        key="" if to.is_domain else to.key,
        as_given="As chosen",
    )
    card = app_card(
        app,
        owner,
        beats_of(db(), lineup),
        to,
        cover_sizes(db(), lineup),
        shared_key=_given_key(app),
        options=read_options(request.args)[0],
    )
    response = make_response(
        render_template(
            "public/hosted_app.html",
            app=app,
            owner=owner,
            listing=listing,
            card=card,
            size=SIZES[app.layout],
            look=look_of(app, lineup),
        )
    )
    response.headers["Link"] = card.link_header
    return response


def app_at(session: Session, slug: str) -> FlexApp | None:
    """The app of a path, or of the host name when the path stands for it."""
    app_id = app_of_request(slug)
    return app_by_id(session, app_id) if app_id else app_by_slug(session, slug)


def needed_app(slug: str) -> tuple[FlexApp, Addresses]:
    """The app that a file of its page is for; raises HostedAppNotFound."""
    app = app_at(db(), slug)
    if app is None:
        raise HostedAppNotFound("There is no app at this address. It may have been taken down.")
    return app, enter(app)


def _given_key(app: FlexApp) -> str:
    placement = placement_by_token(db(), services().signer, request.args.get("k"))
    return placement.key if placement is not None and placement.app_id == app.id else ""
