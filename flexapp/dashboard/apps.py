"""Flex apps: the list, a new one, and an app's rooms for its look and its settings."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from flexapp.apps import operations, queries, refused
from flexapp.apps.hosting import origin_at
from flexapp.apps.lineup import lineup_of
from flexapp.apps.models import FlexApp, Layout, ThemeMode
from flexapp.apps.sizes import SIZES
from flexapp.apps.theme import EMBER
from flexapp.dashboard import forms
from flexapp.dashboard.ways import WAYS
from flexapp.errors import Conflict, Invalid, NotFound
from flexapp.people.permissions import Permission, check
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person
from flexapp.web.problems import status_of

blueprint = Blueprint("apps", __name__, url_prefix="/producer-dashboard/apps")
Answer = str | Response | tuple[str, int]

LAYOUTS = (
    {"value": Layout.LIST.value, "title": "List", "line": "The lineup under the player, 352 px and more"},
    {"value": Layout.COMPACT.value, "title": "Compact", "line": "Cover and waveform, 166 px"},
    {"value": Layout.CARD.value, "title": "Card", "line": "A big square cover, for columns"},
    {"value": Layout.BAR.value, "title": "Bar", "line": "One line, 80 px, for footers"},
)
THEMES = (
    {"value": ThemeMode.AUTO.value, "title": "As the visitor's system"},
    {"value": ThemeMode.LIGHT.value, "title": "Paper"},
    {"value": ThemeMode.DARK.value, "title": "Night"},
)
ACCENTS = ("#cf3a10", "#a06a00", "#1b7f4d", "#0f8b8d", "#1a4fd6", "#5b54c9", "#b3266b", "#16141a")


@blueprint.get("")
@allow(Access.SIGNED_IN)
def apps_page() -> Answer:
    """The person's apps with what they show and where."""
    me = require_person()
    check(me, Permission.CURATE)
    shown = [
        {"app": app, "lineup": lineup_of(db(), app), "placements": queries.placements_of(db(), app.id)}
        for app in queries.apps_of(db(), me.id)
    ]
    return render_template("dashboard/apps/list.html", shown=shown, layouts=_titles())


@blueprint.get("/new")
@allow(Access.SIGNED_IN)
def new_app() -> Answer:
    """A name, a layout, and what to start with."""
    check(require_person(), Permission.CURATE)
    return _new_page({"name": "", "layout": Layout.LIST.value, "own_catalog": True})


@blueprint.post("/new")
@allow(Access.SIGNED_IN)
def create_app() -> Answer:
    """Make the app; with the own catalog as its first source when asked."""
    me = require_person()
    check(me, Permission.CURATE)
    now = services().clock.now()
    try:
        app = operations.create_app(
            db(), me, name=forms.text("name"), layout=forms.text("layout") or Layout.LIST, now=now
        )
        if "own_catalog" in request.form and me.is_producer:
            operations.add_rule(db(), app, now=now)
    except (Invalid, Conflict) as error:
        db().rollback()
        values = {
            "name": forms.text("name"),
            "layout": forms.text("layout"),
            "own_catalog": "own_catalog" in request.form,
        }
        return _new_page(values, error=error)
    flash(f"“{app.name}” is made. Fill it with beats, then place it on a website.", "good")
    return redirect(url_for("app_sources.sources_page", app_id=app.id), 303)


@blueprint.get("/<app_id>/look")
@allow(Access.SIGNED_IN)
def look_page(app_id: str) -> Answer:
    """Layout, theme and accent beside a live player."""
    return _look_page(own_app(app_id))


@blueprint.post("/<app_id>/look")
@allow(Access.SIGNED_IN)
def save_look(app_id: str) -> Answer:
    """Keep the look; every placed player takes it at its next load."""
    app = own_app(app_id)
    try:
        operations.update_theme(
            db(),
            app,
            layout=forms.text("layout") or None,
            theme=forms.text("theme") or None,
            accent=forms.text("accent"),
        )
    except Invalid as error:
        db().rollback()
        return _look_page(own_app(app_id), error=error)
    flash("The look is saved. Placed players take it at their next load.", "good")
    return redirect(url_for(".look_page", app_id=app.id), 303)


@blueprint.get("/<app_id>/settings")
@allow(Access.SIGNED_IN)
def settings_page(app_id: str) -> Answer:
    """Name, allowed websites, and the way to delete it."""
    app = own_app(app_id)
    return _settings_page(app, {"name": app.name, "allowed_origins": "\n".join(app.allowed_origins)})


@blueprint.post("/<app_id>/settings")
@allow(Access.SIGNED_IN)
def save_settings(app_id: str) -> Answer:
    """Rename the app, say which websites may show it, and whether visitors are asked first."""
    app = own_app(app_id)
    try:
        operations.rename(db(), app, name=forms.text("name"), now=services().clock.now())
        operations.set_allowed_origins(db(), app, forms.text("allowed_origins").splitlines())
        operations.require_consent(db(), app, "consent_required" in request.form)
    except Invalid as error:
        db().rollback()
        values = {"name": forms.text("name"), "allowed_origins": forms.text("allowed_origins")}
        return _settings_page(own_app(app_id), values, error=error)
    flash("The settings are saved.", "good")
    return redirect(url_for(".settings_page", app_id=app.id), 303)


@blueprint.post("/<app_id>/allow")
@allow(Access.SIGNED_IN)
def allow_origin(app_id: str) -> Answer:
    """Allow a website that was refused."""
    app = own_app(app_id)
    try:
        refused.allow_refused_origin(db(), app, forms.text("origin"))
    except Invalid as error:
        db().rollback()
        flash(error.message, "bad")
    else:
        flash("The website may show the player from its next load on.", "good")
    return redirect(url_for(".settings_page", app_id=app.id), 303)


@blueprint.post("/<app_id>/dismiss")
@allow(Access.SIGNED_IN)
def dismiss_origin(app_id: str) -> Answer:
    """Keep a website refused, and out of the list."""
    app = own_app(app_id)
    refused.dismiss_refused_origin(db(), app, forms.text("origin"), now=services().clock.now())
    return redirect(url_for(".settings_page", app_id=app.id), 303)


@blueprint.post("/<app_id>/delete")
@allow(Access.SIGNED_IN)
def delete_app(app_id: str) -> Answer:
    """Take the app off every page; its sales and listens stay on record."""
    app = own_app(app_id)
    operations.delete_app(db(), app, now=services().clock.now())
    flash(f"“{app.name}” is deleted. Pages that show it now say that it is gone.", "good")
    return redirect(url_for(".apps_page"), 303)


def own_app(app_id: str) -> FlexApp:
    """The app in the address; raises NotFound when it is not the person's."""
    app = queries.app_by_id(db(), app_id)
    if app is None:
        raise NotFound("There is no such app.")
    check(require_person(), Permission.EDIT_APP, app)
    return app


def _new_page(values: dict[str, Any], *, error: Invalid | Conflict | None = None) -> Answer:
    page = render_template(
        "dashboard/apps/new.html",
        values=values,
        layouts=LAYOUTS,
        errors=error.fields if error else {},
        problem=error.message if error and not error.fields else "",
    )
    return (page, status_of(error)) if error else page


def _look_page(app: FlexApp, *, error: Invalid | None = None) -> Answer:
    size = SIZES[app.layout]
    page = render_template(
        "dashboard/apps/look.html",
        app=app,
        layouts=LAYOUTS,
        themes=THEMES,
        accents=ACCENTS,
        ember=EMBER,
        sizes={layout.value: [one.width, one.height] for layout, one in SIZES.items()},
        size=size,
        errors=error.fields if error else {},
    )
    return (page, status_of(error)) if error else page


def settings_again(app: FlexApp, domain: str, error: Invalid | Conflict) -> Answer:
    """The settings with a host name that could not be taken, and why."""
    values = {"name": app.name, "allowed_origins": "\n".join(app.allowed_origins), "domain": domain}
    return _settings_page(app, values, error=error)


def _settings_page(
    app: FlexApp, values: dict[str, Any], *, error: Invalid | Conflict | None = None
) -> Answer:
    domain = queries.domain_of(db(), app.id)
    page = render_template(
        "dashboard/apps/settings.html",
        app=app,
        values={"domain": domain.host if domain else "", **values},
        domain=domain,
        domain_origin=origin_at(domain.host, services().settings.base_url) if domain else "",
        problem=error.message if error and not error.fields else "",
        refused=queries.refused_origins_of(db(), app.id),
        ways=WAYS,
        errors=error.fields if error else {},
        base_url=services().settings.base_url,
    )
    return (page, status_of(error)) if error else page


def _titles() -> dict[str, str]:
    return {layout["value"]: layout["title"] for layout in LAYOUTS}
