"""An app's placements: where it is pasted, under which key, and the four snippets of each."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from flexapp.apps import operations, queries
from flexapp.apps.models import Channel, FlexApp, Placement
from flexapp.apps.sizes import SIZES
from flexapp.apps.snippets import snippets_for
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
FORM_WORDS = {
    "element": ("Element", "For any page. Grows with the lineup, speaks with your scripts."),
    "script": ("Script", "The same, where a page builder drops unknown tags."),
    "iframe": ("Iframe", "No script at all. Works nearly everywhere."),
    "oembed": ("Link", "Paste it on its own line in WordPress, Ghost, Notion and others that unfold links."),
}


@blueprint.get("/<app_id>/placements")
@allow(Access.SIGNED_IN)
def placements_page(app_id: str) -> Answer:
    """Every placement with its snippets, and the form for another."""
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
    flash(f"“{placement.name}” is ready: copy one of its snippets.", "good")
    return redirect(url_for(".placements_page", app_id=app.id, open=placement.id, _anchor=placement.id), 303)


@blueprint.post("/<app_id>/placements/<placement_id>/revoke")
@allow(Access.SIGNED_IN)
def revoke_placement(app_id: str, placement_id: str) -> Answer:
    """Its players end, and its key credits nobody any more."""
    app = own_app(app_id)
    placement = queries.placement_by_id(db(), placement_id)
    if placement is None or placement.app_id != app.id:
        raise NotFound("The app has no such placement.")
    operations.revoke_placement(db(), placement, now=services().clock.now())
    flash(f"“{placement.name}” is revoked. Its players say that they are gone.", "good")
    return redirect(url_for(".placements_page", app_id=app.id), 303)


def _page(app: FlexApp, *, error: Invalid | Conflict | None = None) -> Answer:
    placements = list(reversed(queries.placements_of(db(), app.id)))
    opened = request.args.get("open") or (placements[0].id if placements else "")
    page = render_template(
        "dashboard/apps/placements.html",
        app=app,
        shown=[_shown(app, placement, opened) for placement in placements],
        channels=CHANNELS,
        size=SIZES[app.layout],
        values=request.form,
        errors=error.fields if error else {},
        problem=error.message if error and not error.fields else "",
    )
    return (page, status_of(error)) if error else page


def _shown(app: FlexApp, placement: Placement, opened: str) -> dict[str, Any]:
    texts: dict[str, str] = {
        str(form): text for form, text in snippets_for(app, placement, services().settings.base_url).items()
    }
    return {
        "placement": placement,
        "channel": dict(CHANNELS).get(placement.channel.value, "One of our own pages"),
        "is_open": placement.id == opened,
        "snippets": [
            {"form": form, "name": name, "line": line, "text": texts[form]}
            for form, (name, line) in FORM_WORDS.items()
        ],
    }
