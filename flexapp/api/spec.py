"""The contract: OpenAPI 3.1, made from the views' own signatures."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any, cast

from flask import Blueprint, Response, current_app
from flask_openapi.models.info import Info
from flask_openapi.models.security_scheme import SecurityScheme
from flask_openapi.openapi import OpenAPI

from flexapp.api.shapes.base import Problem
from flexapp.web.access import Access, allow
from flexapp.web.context import services

VERSION = "1.0.0"
_ABOUT = """\
Everything that the dashboard does, for programs. Send an API token as `Authorization: Bearer flx_…`; \
the scope `read` allows GET, `write` the rest.

Money is in minor units of its currency, times are RFC 3339 in UTC, ids say their kind. Lists are pages \
`{"data": […], "next_cursor": …}`: pass `next_cursor` as `cursor` until it is null.

A POST with an `Idempotency-Key` may be sent again for 24 hours: it is done once, and the stored reply \
comes back with `Idempotency-Replayed: true`.

Refusals are `application/problem+json` (RFC 9457) with a stable `code`, the `fields` to mend and a \
`request_id`. What is none of yours does not exist for you: 404. `X-RateLimit-Remaining` says how many \
calls are left in the minute; beyond them comes 429 with `Retry-After`.
"""
_TOKEN = SecurityScheme(type="http", scheme="bearer", description="An API token: flx_…")
_KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "1 to 200 printable ASCII characters; the same key gets the stored reply",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}

contract = Blueprint("api_spec", __name__)


def describe(app: OpenAPI) -> None:
    """Give the app what the contract says of the whole."""
    app.info = Info(title="Flexapp", version=VERSION, description=_ABOUT)
    app.security_schemes = {"token": _TOKEN}


def document() -> dict[str, Any]:
    """The running app's contract; made once, after every route is there."""
    app = cast(OpenAPI, current_app)
    made: dict[str, Any] | None = app.extensions.get("flexapp.contract")
    if made is None:
        made = _tidied(app.api_doc)
        made["servers"] = [{"url": services().settings.base_url}]
        app.extensions["flexapp.contract"] = made
    return made


@contract.get("/api/v1/openapi.json")
@allow(Access.PUBLIC)
def get_contract() -> Response:
    """OpenAPI 3.1 in JSON."""
    response = Response(json.dumps(document(), ensure_ascii=False), mimetype="application/json")
    response.headers["Cache-Control"] = "public, max-age=300"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _tidied(raw: dict[str, Any]) -> dict[str, Any]:
    """The library's document without repeats and in a stable order."""
    spec: dict[str, Any] = deepcopy(raw)
    schemas: dict[str, Any] = spec["components"]["schemas"]
    schemas.pop("ValidationErrorModel", None)
    problem = Problem.model_json_schema(mode="serialization")
    schemas[Problem.__name__] = problem
    for schema in schemas.values():
        schema.pop("$defs", None)
    for item in spec["paths"].values():
        for method, operation in item.items():
            if "description" in operation:
                operation["description"] = operation["description"].replace("<br/>", "\n").strip()
            operation["responses"] = dict(sorted(operation["responses"].items()))
            if method == "post":
                operation["parameters"] = [*operation.get("parameters", ()), _KEY_PARAMETER]
    spec["components"]["schemas"] = dict(sorted(schemas.items()))
    spec["paths"] = dict(sorted(spec["paths"].items()))
    return spec
