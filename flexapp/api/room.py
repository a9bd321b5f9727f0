"""A room of the API: one resource's views behind the same door, with the same refusals."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from flexapp.api import idempotency, limits
from flexapp.api.shapes.base import Problem

PREFIX = "/api/v1"
MAX_JSON_BYTES = 1024 * 1024
SECURITY: list[dict[str, list[str]]] = [{"token": []}]
_REFUSALS = {
    400: "The request cannot be read",
    401: "No token, or one that is unknown or revoked",
    403: "The token lacks the scope",
    404: "It does not exist, or is none of the caller's",
    405: "This path knows other methods",
    409: "The state of things does not allow it now",
    413: "The body is too large",
    415: "The body is of another type",
    422: "The input is wrong; fields names what to mend",
    429: "Too many requests; Retry-After says when to come back",
}


def room(name: str, title: str, description: str, *, takes_files: bool = False) -> APIBlueprint:
    """A blueprint below ``/api/v1`` that answers in JSON and repeats POSTs by their key.

    With ``takes_files`` bodies are streams: the views bound them, and claim the key when the
    file has arrived.
    """
    blueprint = APIBlueprint(
        f"api_{name}",
        __name__,
        url_prefix=PREFIX,
        abp_tags=[Tag(name=title, description=description)],
        abp_security=SECURITY,
        abp_responses={status: _refusal(status) for status in _REFUSALS},
        operation_id_callback=_operation_id,
        validate_response=True,
    )
    limits.limit(blueprint, limits.UPLOADS if takes_files else limits.CALLS)
    if not takes_files:
        blueprint.before_request(_bound_body)
        blueprint.before_request(idempotency.before)
        blueprint.after_request(idempotency.after)
    return blueprint


def _bound_body() -> None:
    request.max_content_length = MAX_JSON_BYTES


def _refusal(status: int) -> dict[str, Any]:
    return {
        "description": _REFUSALS[status],
        "content": {
            "application/problem+json": {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}
        },
    }


def _operation_id(*, name: str, path: str, method: str) -> str:
    return name
