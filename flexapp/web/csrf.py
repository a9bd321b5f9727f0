"""Forms that we handed out: what changes something for a browser session carries our token.

Flask-WTF makes and checks the token. It is asked for after we know who calls: programs with an API
token, strangers' pages and webhooks carry no cookie that could be abused, so they need none. The
header is read before the form, so that a streamed upload is not parsed on the way.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, request, session
from flask_wtf.csrf import CSRFProtect, ValidationError, validate_csrf

from flexapp.config import Settings
from flexapp.errors import Forbidden
from flexapp.web.context import services

FIELD = "csrf_token"
HEADER = "X-CSRFToken"
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class FormNotOurs(Forbidden):
    """A form without our token, or with the one of another session."""

    code = "form_not_ours"


def install(app: Flask, settings: Settings) -> None:
    """Give templates ``csrf_token()``; the cookie behind it is ours alone."""
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        SESSION_COOKIE_NAME="__Host-flexapp_form" if settings.is_secure else "flexapp_form",
        SESSION_COOKIE_SECURE=settings.is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
    )
    CSRFProtect(app)


def browser() -> str:
    """The secret behind this browser's form tokens, of its signed cookie; after ``protect`` never empty."""
    return str(session.get(FIELD, ""))


def protect() -> None:
    """Raise FormNotOurs unless the running request changes nothing or carries the token."""
    if request.method not in _CHANGING:
        return
    origin = request.headers.get("Origin")
    other_site = request.headers.get("Sec-Fetch-Site") == "cross-site"
    ours = (request.host, urlsplit(services().settings.base_url).netloc)  # a proxy may rename the host
    if other_site or (origin and origin != "null" and urlsplit(origin).netloc not in ours):
        raise FormNotOurs("This form was sent from another site.")
    try:
        validate_csrf(request.headers.get(HEADER) or request.form.get(FIELD))
    except ValidationError as problem:
        raise FormNotOurs("This form is no longer valid. Load the page again and repeat.") from problem
