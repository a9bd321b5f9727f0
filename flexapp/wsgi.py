"""The production entry: ``granian --interface wsgi flexapp.wsgi:application``."""

from __future__ import annotations

from flexapp.app import create_app, start_embedded_worker, start_renewing
from flexapp.config import Settings
from flexapp.web import warming

settings = Settings()
application = create_app(settings)
renewer = start_renewing(application)
worker = start_embedded_worker(application, settings)
warming.start(application.extensions["flexapp"].networks)
