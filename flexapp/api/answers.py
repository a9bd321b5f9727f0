"""From a view's typed answer to JSON, and from a wrong request to a named refusal."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from flexapp.errors import Invalid


class InvalidRequest(Invalid):
    """Fields of the request are missing, unknown or of the wrong kind; ``fields`` names them."""

    code = "invalid_request"


class MalformedBody(Invalid):
    """The body is not JSON."""

    code = "malformed_body"


def answer(result: Any, declared: dict[int, Any]) -> Response:
    """The response for what a view returned: a model, or (model or "", status).

    The model must be of the class that the view declared for the status, so no answer leaves
    that the contract does not describe; pydantic checked its fields when it was made.
    """
    if isinstance(result, Response):
        return result
    body, status = result if isinstance(result, tuple) else (result, 200)
    if status not in declared:
        raise TypeError(f"{request.endpoint} answers {status}, which it does not declare")
    if declared[status] is None:
        return Response(status=status)
    if not isinstance(body, BaseModel) or type(body) is not declared[status]:
        raise TypeError(f"{request.endpoint} answers {type(body).__name__}, not what it declares")
    return Response(body.model_dump_json(), status, mimetype="application/json")


def refuse(error: ValidationError) -> Response:
    """Raise the named refusal for a request that does not fit its view's signature.

    Neither the input nor pydantic's own addresses go out.
    """
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    at_root = [one for one in problems if not one["loc"]]
    if at_root and request.method in ("POST", "PUT", "PATCH"):
        if request.get_data() and not request.is_json:
            raise UnsupportedMediaType("Send the body as application/json.")
        if request.get_json(silent=True) is None:
            raise MalformedBody("The body is not JSON." if request.get_data() else "The body is missing.")
    fields: dict[str, str] = {}
    for one in problems:
        name = ".".join(str(part) for part in one["loc"]) or "body"
        fields.setdefault(name, _sentence(one["type"], one["msg"]))
    first = next(iter(fields.items()))
    raise InvalidRequest(f"{first[0]}: {first[1]}", fields=fields)


def _sentence(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "There is no such field."
    if kind == "missing":
        return "This field is missing."
    return message.removesuffix(".") + "."
