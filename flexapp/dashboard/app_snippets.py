"""A placement's page: options beside a live player, the snippet for each kind of website, who may show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for

from flexapp.apps import operations
from flexapp.apps.lineup import lineup_of
from flexapp.apps.models import FlexApp, Layout, Placement, ThemeMode
from flexapp.apps.options import FULL, HEIGHTS, LANGUAGES, WIDTHS, Options, read_options
from flexapp.apps.sizes import SIZES
from flexapp.apps.snippets import address_for, iframe_for, jsx_for, snippets_for
from flexapp.catalog.models import Track
from flexapp.dashboard import forms
from flexapp.dashboard.app_arrivals import opened
from flexapp.dashboard.app_placements import CHANNELS, own_placement
from flexapp.dashboard.apps import LAYOUTS, THEMES, Answer, own_app
from flexapp.dashboard.ways import WAYS, Kind
from flexapp.errors import Invalid
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.headers import origin_of
from flexapp.web.loader import newest_release
from flexapp.web.problems import status_of

blueprint = Blueprint("app_snippets", __name__, url_prefix="/producer-dashboard/apps")

PRESETS = (
    ("As designed", "x"),
    ("Fill the column", f"{FULL}x"),
    ("Sidebar", "300x"),
    ("Tall", "x450"),
)
SWITCHES = (
    ("art", "0", "Hide the artwork"),
    ("list", "0", "Hide the lineup"),
    ("buy", "0", "Hide prices and licenses"),
    ("loop", "1", "Begin again at the end"),
    ("autoplay", "1", "Play at once where the browser allows it"),
    ("single", "0", "Play on beside other players"),
    ("keys", "0", "No single-letter keys"),
)


@blueprint.get("/<app_id>/placements/<placement_id>")
@allow(Access.SIGNED_IN)
def snippets_page(app_id: str, placement_id: str) -> Answer:
    """Works without script too: the options are a form whose address carries them."""
    app = own_app(app_id)
    placement = own_placement(app, placement_id)
    return _page(app, placement, _values_of(placement))


@blueprint.get("/<app_id>/placements/<placement_id>/snippets")
@allow(Access.SIGNED_IN)
def snippets_now(app_id: str, placement_id: str) -> Response:
    """What the chosen options make, for the page that is open."""
    app = own_app(app_id)
    chosen = _chosen(app, own_placement(app, placement_id), lineup_of(db(), app))
    names = ("preview", "width", "height", "texts", "values", "errors")
    return jsonify({name: chosen[name] for name in names})


@blueprint.post("/<app_id>/placements/<placement_id>")
@allow(Access.SIGNED_IN)
def save_placement(app_id: str, placement_id: str) -> Answer:
    """Rename it, say what it is, narrow where it plays; its key stays."""
    app = own_app(app_id)
    placement = own_placement(app, placement_id)
    try:
        operations.update_placement(
            db(),
            app,
            placement,
            name=forms.text("name"),
            channel=forms.text("channel") or None,
            allowed_origins=forms.text("allowed_origins").splitlines(),
        )
    except Invalid as error:
        db().rollback()
        app = own_app(app_id)
        values = {name: forms.text(name) for name in ("name", "channel", "allowed_origins")}
        return _page(app, own_placement(app, placement_id), values, error=error)
    flash("The placement is saved. Pasted snippets go on working.", "good")
    return redirect(url_for(".snippets_page", app_id=app.id, placement_id=placement.id), 303)


def _page(
    app: FlexApp, placement: Placement, values: dict[str, str], *, error: Invalid | None = None
) -> Answer:
    tracks = lineup_of(db(), app)
    base_url = services().settings.base_url
    page = render_template(
        "dashboard/apps/snippets.html",
        app=app,
        placement=placement,
        choices=_choices(app, tracks),
        chosen=_chosen(app, placement, tracks),
        switches=SWITCHES,
        presets=PRESETS,
        ways=WAYS,
        limited=bool(app.allowed_origins or placement.allowed_origins),
        own=origin_of(base_url),
        release=newest_release(),
        channels=CHANNELS,
        opened=opened(services().clock.now()),
        saved=values,
        saved_errors=error.fields if error else {},
        bounds={"width": WIDTHS, "height": HEIGHTS},
    )
    return (page, status_of(error)) if error else page


def _chosen(app: FlexApp, placement: Placement, tracks: Sequence[Track]) -> dict[str, Any]:
    """Options as given, what they make, and what is wrong with them."""
    given = {name: value.strip() for name, value in request.args.items()}
    if "size" in given:
        given["width"], _, given["height"] = given.pop("size").partition("x")
    options, errors = read_options(given, tracks=[track.id for track in tracks])
    size = options.size(app.layout)
    shown = {name: value for name, value in options.query().items() if name != "autoplay"}
    return {
        "options": options,
        "values": {"width": given.get("width", ""), "height": given.get("height", "")},
        "given": given,
        "errors": errors,
        "preview": f"/embed/v1/{app.id}?{urlencode({'preview': '1'} | shown)}",
        "width": FULL if options.fills else str(size.width),
        "height": str(size.height),
        "texts": _texts(app, placement, options),
    }


def _texts(app: FlexApp, placement: Placement, options: Options) -> dict[Kind, str]:
    base_url = services().settings.base_url
    texts = snippets_for(app, placement, base_url, options)
    pinned = snippets_for(app, placement, base_url, options, release=newest_release())
    return {
        "link": texts["oembed"],
        "iframe": texts["iframe"],
        "script": texts["script"],
        "element": texts["element"],
        "pinned": pinned["element"],
        "address": address_for(app, placement, base_url, options),
        "full_iframe": iframe_for(app, placement, base_url, options, fills=True),
        "jsx": jsx_for(app, placement, base_url, options),
    }


def _choices(app: FlexApp, tracks: Sequence[Track]) -> dict[str, list[tuple[str, str]]]:
    layouts = {each["value"]: each["title"] for each in LAYOUTS}
    themes = {each["value"]: each["title"] for each in THEMES}
    sizes = {layout: f"{SIZES[layout].width} × {SIZES[layout].height}" for layout in Layout}
    return {
        "layout": [
            ("", f"The app's: {layouts[app.layout.value]}"),
            *((layout.value, f"{layouts[layout.value]}, {sizes[layout]}") for layout in Layout),
        ],
        "theme": [
            ("", f"The app's: {themes[app.theme.value]}"),
            *((theme.value, themes[theme.value]) for theme in ThemeMode),
        ],
        "lang": [("", "The app's: English"), *LANGUAGES.items()],
        "start_track": [("", "The first"), *((track.id, track.title) for track in tracks)],
    }


def _values_of(placement: Placement) -> dict[str, str]:
    return {
        "name": placement.name,
        "channel": placement.channel.value,
        "allowed_origins": "\n".join(placement.allowed_origins),
    }
