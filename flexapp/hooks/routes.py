"""Every path of this surface on one screen."""

from __future__ import annotations

from flask_openapi.openapi import OpenAPI

from flexapp.hooks import stripe


def register(app: OpenAPI) -> None:
    """Hang this surface's routes into the app."""
    app.register_blueprint(stripe.blueprint)
