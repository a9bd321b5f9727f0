"""One request, one transaction: the session opens on first use, and only this file commits."""

from __future__ import annotations

from typing import cast

from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session

from flexapp.workflows.services import Services

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def install(app: Flask, services: Services) -> None:
    """Give the app its services and its transaction per request."""
    app.extensions["flexapp"] = services
    app.after_request(_finish)
    app.teardown_request(_close)


def services() -> Services:
    """The services of the running app."""
    return cast(Services, current_app.extensions["flexapp"])


def db() -> Session:
    """The request's session: read-only for GET and HEAD, else it commits when the answer is below 400."""
    if "db" not in g:
        g.db = services().database.open(read_only=request.method in _READING)
    return cast(Session, g.db)


def commit_now() -> None:
    """End the transaction early, where a call to the outside must not hold locks; the next use begins one."""
    if "db" in g:
        g.db.commit()
        services().wake_worker()


def _finish(response: Response) -> Response:
    if "db" in g:
        if response.status_code < 400 and request.method not in _READING:
            g.db.commit()
            services().wake_worker()
        else:
            g.db.rollback()
    return response


def _close(_error: BaseException | None) -> None:
    session = g.pop("db", None)
    if session is not None:
        session.close()
