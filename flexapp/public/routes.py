"""Every path of this surface on one screen."""

from __future__ import annotations

from flask_openapi.openapi import OpenAPI

from flexapp.config import Env
from flexapp.public import (
    account,
    addresses,
    buy,
    cart,
    demo_mails,
    favicon,
    files,
    footer,
    health,
    home,
    hosted_app,
    how_plays_count,
    orders,
    producer,
    shell,
    track,
)
from flexapp.web import markdown


def register(app: OpenAPI) -> None:
    """Hang this surface's routes into the app."""
    addresses.install(app)
    footer.install(app)
    markdown.install(app)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(favicon.blueprint)
    app.register_blueprint(home.blueprint)
    app.register_blueprint(producer.blueprint)
    app.register_blueprint(track.blueprint)
    app.register_blueprint(hosted_app.blueprint)
    app.register_blueprint(shell.blueprint)
    app.register_blueprint(account.blueprint)
    app.register_blueprint(buy.blueprint)
    app.register_blueprint(cart.blueprint)
    app.register_blueprint(orders.blueprint)
    app.register_blueprint(files.blueprint)
    app.register_blueprint(how_plays_count.blueprint)
    if app.extensions["flexapp"].settings.env is Env.DEMO:
        app.register_blueprint(demo_mails.blueprint)
