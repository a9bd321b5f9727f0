"""The only map from domain errors to HTTP: problem+json for programs, a page for people."""

from __future__ import annotations

import re
import secrets
import time
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from markupsafe import escape
from werkzeug.exceptions import HTTPException

from flexapp import errors
from flexapp.web.access import Access, current_access
from flexapp.web.context import services

STATUS: dict[type[errors.FlexAppError], int] = {
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Invalid: 422,
    errors.TooLarge: 413,
    errors.TooMany: 429,
    errors.Upstream: 502,
    errors.FlexAppError: 500,
}
OUR_FAULT = "Something went wrong on our side. Nothing was lost; try again in a moment."
_PROGRAMS = ("/api/", "/hooks/", "/oembed", "/media/", "/peaks/", "/healthz", "/readyz", "/metrics")
GIVEN_ID = re.compile(r"[\w-]{8,64}")
log = structlog.get_logger("flexapp.web")


def install(app: Flask) -> None:
    """Name every request, answer every error in the caller's language, log what was done."""
    app.before_request(_begin)
    app.after_request(_name)
    app.register_error_handler(errors.FlexAppError, _domain_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crash)


def request_id() -> str:
    """The id of the running request: in its answer, in every log line, on every error page."""
    if "request_id" not in g:
        given = request.headers.get("X-Request-Id", "") if services().settings.trusted_proxies else ""
        g.request_id = given if GIVEN_ID.fullmatch(given) else f"req_{secrets.token_hex(10)}"
    return str(g.request_id)


def status_of(error: errors.FlexAppError) -> int:
    """The HTTP status of a domain error: that of its nearest ancestor in the map."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(
    status: int,
    code: str,
    message: str,
    *,
    fields: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """An RFC 9457 problem: ``type title status detail code request_id`` and, if any, ``fields``."""
    body: dict[str, Any] = {
        "type": f"urn:flexapp:problem:{code}",
        "title": title_of(status),
        "status": status,
        "detail": message,
        "code": code,
        "request_id": request_id(),
    }
    if fields:
        body["fields"] = fields
    response = jsonify(body)
    response.status_code = status
    response.mimetype = "application/problem+json"
    response.headers.extend(headers or {})
    return response


def title_of(status: int) -> str:
    """``Not found`` for 404."""
    try:
        return HTTPStatus(status).phrase.capitalize()
    except ValueError:
        return "Error"


def wants_json() -> bool:
    """Whether a program asks: by path, by what the route declared, or by what it accepts."""
    if request.path.startswith(_PROGRAMS) or current_access() in (Access.TOKEN, Access.WEBHOOK):
        return True
    if request.path.startswith("/embed/"):
        return "text/html" not in request.headers.get("Accept", "")
    by_script = request.headers.get("Sec-Fetch-Dest") == "empty"
    best = request.accept_mimetypes.best_match(("text/html", "application/json"), default="text/html")
    return by_script or best == "application/json"


def _begin() -> None:
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id())


def _name(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()
    rule = request.url_rule.rule if request.url_rule else None  # never the path: it may hold a secret
    spent = (time.perf_counter() - g.began) * 1000 if "began" in g else 0.0
    log.info("answered", method=request.method, route=rule, status=response.status_code, ms=round(spent, 1))
    return response


def _domain_error(error: errors.FlexAppError) -> Response:
    status = status_of(error)
    headers = {}
    if "retry_after" in error.details:
        headers["Retry-After"] = str(error.details["retry_after"])
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="Flexapp"'
    if status >= 500:
        log.error("failed", code=error.code, detail=error.message, exc_info=error)
    message = error.message if status != 500 else OUR_FAULT
    return _answer(status, error.code, message, fields=error.fields, headers=headers)


def _http_error(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:
        return make_response(error.get_response(request.environ))
    status = error.code or 500
    code = re.sub(r"[^a-z]+", "_", title_of(status).lower())
    message = _SENTENCES.get(status) or error.description or title_of(status)
    kept = {
        name: value for name, value in error.get_headers(request.environ) if name.lower() != "content-type"
    }
    return _answer(status, code, message, headers=kept)


def _crash(error: Exception) -> Response:
    log.error("crashed", route=request.url_rule.rule if request.url_rule else None, exc_info=error)
    return _answer(500, "internal", OUR_FAULT)


def _answer(
    status: int,
    code: str,
    message: str,
    *,
    fields: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    if wants_json():
        return problem(status, code, message, fields=fields, headers=headers)
    response = make_response(_page(status, code, message), status)
    response.headers.extend(headers or {})
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(status: int, code: str, message: str) -> str:
    facts = {"code": code, "status": status, "title": title_of(status), "message": message}
    if current_access() is not Access.STRANGER and not request.path.startswith("/embed/"):
        try:
            return render_template("errors/error.html", request_id=request_id(), **facts)
        except Exception as trouble:  # the page itself needs what failed: say it without any of it
            log.error("no error page", exc_info=trouble)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width"><title>{escape(facts["title"])}</title>'
        f"<h1>{escape(facts['title'])}</h1><p>{escape(message)}</p>"
        f"<p><small>{escape(request_id())}</small></p></html>"
    )


_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "That is larger than what we take here.",
    415: "Send JSON with Content-Type: application/json.",
    429: "Too many requests. Wait a moment and try again.",
    500: OUR_FAULT,
}
