"""Is the process alive, may it take traffic."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import text

from flexapp import errors
from flexapp.web.access import Access, allow
from flexapp.web.context import db

blueprint = Blueprint("health", __name__)


class NotReady(errors.Upstream):
    """The database does not answer yet."""

    code = "not_ready"


@blueprint.get("/healthz")
@allow(Access.PUBLIC)
def healthz() -> Response:
    """200 while the process runs; asks nobody else."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@allow(Access.PUBLIC)
def readyz() -> Response:
    """200 when the database answers."""
    try:
        db().execute(text("SELECT 1"))
    except Exception as problem:
        raise NotReady("The database does not answer.") from problem
    return jsonify(status="ok")
