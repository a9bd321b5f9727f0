"""An app's own host name: named by its owner, live once control of it is proven."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for

from flexapp.apps import operations
from flexapp.dashboard import forms
from flexapp.dashboard.apps import Answer, own_app, settings_again
from flexapp.errors import Conflict, Invalid
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.hosts import our_hosts

blueprint = Blueprint("app_domain", __name__, url_prefix="/producer-dashboard/apps")


@blueprint.post("/<app_id>/domain")
@allow(Access.SIGNED_IN)
def save_domain(app_id: str) -> Answer:
    """Name a host, name another, or take it back with an empty field."""
    app = own_app(app_id)
    given = services()
    try:
        named = operations.set_domain(
            db(),
            app,
            forms.text("domain"),
            own_hosts=our_hosts(given.settings),
            now=given.clock.now(),
        )
    except (Invalid, Conflict) as error:
        db().rollback()
        return settings_again(own_app(app_id), forms.text("domain"), error)
    if named is None:
        flash("The app answers at its page here only.", "good")
    elif not named.is_live:
        flash(f"{named.host} is named. Add the record below to prove that it is yours.", "good")
    return redirect(url_for("apps.settings_page", app_id=app.id, _anchor="host-name"), 303)
