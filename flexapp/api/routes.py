"""Every path of this surface on one screen."""

from __future__ import annotations

from flask_openapi.openapi import OpenAPI

from flexapp.api import answers, spec
from flexapp.api.apps import apps
from flexapp.api.docs import docs
from flexapp.api.earnings import earnings
from flexapp.api.insights import insights
from flexapp.api.license_types import license_types
from flexapp.api.me import me
from flexapp.api.orders import orders
from flexapp.api.placements import placements
from flexapp.api.tokens import tokens
from flexapp.api.track_files import track_files
from flexapp.api.tracks import tracks

ROOMS = (
    me,  #             /api/v1/me
    tracks,  #         /api/v1/tracks, /api/v1/tracks/pickable, …/publish …/licenses …/processing
    track_files,  #    /api/v1/tracks/<id>/files/<kind>
    license_types,  #  /api/v1/license-types, …/templates …/order
    apps,  #           /api/v1/apps, …/sources …/lineup
    placements,  #     /api/v1/placements
    orders,  #         /api/v1/orders
    earnings,  #       /api/v1/earnings, /api/v1/earnings/entries
    insights,  #       /api/v1/insights/plays …/breakdown …/engagement …/funnel …/activity
    tokens,  #         /api/v1/tokens
)


def register(app: OpenAPI) -> None:
    """Hang this surface's routes into the app."""
    app.validation_error_callback = answers.refuse
    app.validate_response_callback = answers.answer
    spec.describe(app)
    for blueprint in ROOMS:
        app.register_api(blueprint)
    app.register_blueprint(spec.contract)  # /api/v1/openapi.json
    app.register_blueprint(docs)  # /docs/api
