"""create_app(settings): the only place where the parts meet."""

from __future__ import annotations

from pathlib import Path

from flask_openapi.openapi import OpenAPI

import embed.routes
import flexapp.api.routes
import flexapp.dashboard.routes
import flexapp.hooks.routes
import flexapp.public.routes
from embed.renewing import Renewer
from flexapp import assets
from flexapp.config import Durability, Settings
from flexapp.gateways import broadcast
from flexapp.gateways.geo import countries_from, networks_from
from flexapp.gateways.localclock import clock_from
from flexapp.gateways.mail import mailer_from
from flexapp.gateways.objects import objects_from
from flexapp.gateways.stripe import payments_from
from flexapp.kernel.signing import Signer
from flexapp.listening.hosting import HOSTS
from flexapp.storage.session import Database
from flexapp.web import (
    caching,
    context,
    csrf,
    filters,
    headers,
    hosts,
    identity,
    lane,
    limits,
    logs,
    network,
    plain_text,
    problems,
)
from flexapp.worker.runtime import Worker
from flexapp.workflows.services import Services

ROOT = Path(__file__).resolve().parent.parent
MAX_BODY_BYTES = 1024 * 1024
"""Of forms and JSON; views that take files set their own limit (``web/uploads.py``)."""
SURFACES = (
    flexapp.api.routes,
    embed.routes,
    flexapp.hooks.routes,
    flexapp.dashboard.routes,
    flexapp.public.routes,
)


def build_services(settings: Settings) -> Services:
    """The real services that the settings name; logging is set up on the way."""
    logs.install(settings)
    database = Database(settings.database_url, log_survives_power=settings.durability is Durability.POWER)
    broadcast.connect(settings.redis_url, database)
    clock = clock_from(settings)
    signer = Signer(settings.secret_key, settings.secret_key_fallbacks)
    return Services(
        settings=settings,
        database=database,
        clock=clock,
        signer=signer,
        payments=payments_from(settings),
        objects=objects_from(settings),
        mailer=mailer_from(settings, database),
        countries=countries_from(settings),
        networks=networks_from(settings, HOSTS),
    )


def create_app(settings: Settings, services: Services | None = None) -> OpenAPI:
    """The WSGI app with every surface, on the given services or the real ones."""
    services = services or build_services(settings)
    app = OpenAPI(
        "flexapp",
        template_folder=str(ROOT / "templates"),
        static_folder=None,
        doc_ui=False,
        openapi_extensions={"openapi": "3.1.0"},
    )
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
    )
    logs.install(settings)
    broadcast.connect(settings.redis_url, services.database)
    context.install(app, services)
    way = lane.install(app)
    network.install(app, settings)
    problems.install(app)
    plain_text.install(app)
    headers.install(app)
    limits.install(app, settings)
    hosts.install(app)
    csrf.install(app, settings)
    identity.install(app)
    caching.install(app, settings)
    filters.install(app)
    assets.install(app)
    for surface in SURFACES:
        surface.register(app)
    hosts.stand_in_front(app, settings, services.database)
    way.fill(
        paths={"/api/v1/listens": app.extensions["flexapp.listens"].answer},
        below={
            "/embed/v1/": app.extensions["flexapp.publisher"].answer,
            "/embed/v1/lineups/": app.extensions["flexapp.lineups"].answer,
        },
    )
    return app


def start_embedded_worker(app: OpenAPI, settings: Settings) -> Worker | None:
    """The worker's threads inside this process: the embedded size, on SQLite."""
    if not (settings.embedded_worker and settings.is_sqlite):
        return None
    worker = Worker(app.extensions["flexapp"], threads=settings.worker_threads)
    worker.start()
    return worker


def start_renewing(app: OpenAPI) -> Renewer:
    """What changed is published again in the background, in a process that serves."""
    renewer = Renewer(app, [app.extensions["flexapp.publisher"], app.extensions["flexapp.lineups"]])
    renewer.start()
    return renewer
