"""Every path of this surface on one screen."""

from __future__ import annotations

from flask_openapi.openapi import OpenAPI

from embed import carts, codes, kept, lineups, listens, media, oembed, orders, pages, scripts


def register(app: OpenAPI) -> None:
    """Hang this surface's routes into the app."""
    app.register_blueprint(oembed.blueprint)
    app.register_blueprint(orders.blueprint)
    app.register_blueprint(carts.blueprint)
    app.register_blueprint(codes.blueprint)
    app.register_blueprint(scripts.blueprint)
    app.register_blueprint(media.blueprint)
    app.register_blueprint(kept.blueprint)
    listens.register(app)
    pages.register(app)
    lineups.register(app)
