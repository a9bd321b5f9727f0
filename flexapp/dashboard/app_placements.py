"""An app's placements: where it is pasted, and under which key."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for

from flexapp.apps import operations, queries
from flexapp.apps.models import Channel, FlexApp, Placement
from flexapp.apps.sizes import SIZES
from flexapp.dashboard import forms
from flexapp.dashboard.apps import Answer, own_app
from flexapp.errors import Conflict, Invalid, NotFound
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.problems import status_of

blueprint = Blueprint("app_placements", __name__, url_prefix="/producer-dashboard/apps")

CHANNELS = (
    (Channel.OWN_SITE.value, "Your own website"),
    (Channel.AFFILIATE.value, "Somebody else's website"),
    (Channel.SOCIAL_CARD.value, "A card in a feed"),
    (Channel.OEMBED_CONSUMER.value, "A tool that unfolds links"),
    (Channel.DIRECT.value, "Something else"),
)


@blueprint.get("/<app_id>/placements")
@allow(Access.SIGNED_IN)
def placements_page(app_id: str) -> Answer:
    """Every placement, and the form for another."""
    return _page(own_app(app_id))


@blueprint.post("/<app_id>/placements")
@allow(Access.SIGNED_IN)
def create_placement(app_id: str) -> Answer:
    """A placement with a key of its own."""
    app = own_app(app_id)
    try:
        placement = operations.create_placement(
            db(),
            app,
            name=forms.text("name"),
            channel=forms.text("channel") or Channel.OWN_SITE,
            allowed_origins=forms.text("allowed_origins").splitlines(),
            signer=services().signer,
            now=services().clock.now(),
        )
    except (Invalid, Conflict) as error:
        db().rollback()
        return _page(own_app(app_id), error=error)
    flash(f"“{placement.name}” is ready: copy its snippet.", "good")
    return redirect(url_for("app_snippets.snippets_page", app_id=app.id, placement_id=placement.id), 303)


@blueprint.post("/<app_id>/placements/<placement_id>/revoke")
@allow(Access.SIGNED_IN)
def revoke_placement(app_id: str, placement_id: str) -> Answer:
    """Its players end, and its key credits nobody any more."""
    app = own_app(app_id)
    placement = own_placement(app, placement_id)
    operations.revoke_placement(db(), placement, now=services().clock.now())
    flash(f"“{placement.name}” is revoked. Its players say that they are gone.", "good")
    return redirect(url_for(".placements_page", app_id=app.id), 303)


def own_placement(app: FlexApp, placement_id: str) -> Placement:
    """The app's placement in the address; raises NotFound when it has none or took it back."""
    placement = queries.placement_by_id(db(), placement_id)
    if placement is None or placement.app_id != app.id or placement.revoked_at is not None:
        raise NotFound("The app has no such placement.")
    return placement


def _page(app: FlexApp, *, error: Invalid | Conflict | None = None) -> Answer:
    page = render_template(
        "dashboard/apps/placements.html",
        app=app,
        placements=list(reversed(queries.placements_of(db(), app.id))),
        channel_words={**dict(CHANNELS), Channel.PLATFORM_PAGE.value: "One of our own pages"},
        channels=CHANNELS,
        size=SIZES[app.layout],
        values=request.form,
        errors=error.fields if error else {},
        problem=error.message if error and not error.fields else "",
    )
    return (page, status_of(error)) if error else page
