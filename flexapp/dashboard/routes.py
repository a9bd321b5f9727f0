"""Every path of this surface on one screen."""

from __future__ import annotations

from flask_openapi.openapi import OpenAPI

from flexapp.dashboard import (
    activity,
    app_arrivals,
    app_domain,
    app_placements,
    app_snippets,
    app_sources,
    apps,
    buyers,
    finances,
    insights,
    license_types,
    navigation,
    overview,
    own_browser,
    sales,
    settings,
    suspects,
    track_files,
    tracks,
)


def register(app: OpenAPI) -> None:
    """Hang this surface's routes into the app."""
    navigation.install(app)
    own_browser.install(app)
    app.register_blueprint(settings.blueprint)
    app.register_blueprint(sales.blueprint)
    app.register_blueprint(buyers.blueprint)
    app.register_blueprint(finances.blueprint)
    app.register_blueprint(tracks.blueprint)
    app.register_blueprint(track_files.blueprint)
    app.register_blueprint(license_types.blueprint)
    app.register_blueprint(apps.blueprint)
    app.register_blueprint(app_sources.blueprint)
    app.register_blueprint(app_placements.blueprint)
    app.register_blueprint(app_snippets.blueprint)
    app.register_blueprint(app_arrivals.blueprint)
    app.register_blueprint(app_domain.blueprint)
    app.register_blueprint(overview.blueprint)
    app.register_blueprint(activity.blueprint)
    app.register_blueprint(insights.blueprint)
    app.register_blueprint(suspects.blueprint)
