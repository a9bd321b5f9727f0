"""Who calls: one loader for browser sessions and API tokens, and the guard of every route."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import quote, urlsplit

import structlog
from flask import Flask, Response, g, redirect, request
from sqlalchemy.orm import Session

from flexapp.config import Settings
from flexapp.errors import Forbidden, Unauthenticated
from flexapp.people import operations, passwords, queries
from flexapp.people.models import Person, Scope
from flexapp.web import csrf
from flexapp.web.access import Access, current_access
from flexapp.web.context import services
from flexapp.web.problems import wants_json

HOME = "/producer-dashboard"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_ALL = frozenset(scope.value for scope in Scope)


class ScopeMissing(Forbidden):
    """The API token does not allow this method."""

    code = "scope_missing"


class UndeclaredRoute(RuntimeError):
    """A route without ``@allow``: it answers nobody."""


@dataclass(frozen=True)
class Principal:
    """The caller; ``scopes`` are all for a browser session, the token's for a program.

    ``person`` is a snapshot outside of any session: to change the row, hand it to an operation of
    ``people`` or load it by its id.
    """

    person: Person
    scopes: frozenset[str]
    session_id: str | None = None
    token_id: str | None = None


def install(app: Flask) -> None:
    """Enforce each route's declared access before its view runs."""
    settings: Settings = app.extensions["flexapp"].settings
    passwords.choose(fast=settings.argon2_fast)
    app.before_request(_guard)
    app.context_processor(lambda: {"current_person": current_person()})


def principal() -> Principal | None:
    """The caller, if anybody is signed in or sent a good token."""
    return cast("Principal | None", g.get("principal"))


def current_person() -> Person | None:
    """The person who calls, or None."""
    who = principal()
    return who.person if who else None


def calling_program() -> Principal | None:
    """Whose API token the request carries, looked up once; None without one that works."""
    if "calling_program" not in g:
        g.calling_program = _by_token() if "Authorization" in request.headers else None
    return cast("Principal | None", g.calling_program)


def require_person() -> Person:
    """The person who calls; raises Unauthenticated."""
    person = current_person()
    if person is None:
        raise Unauthenticated("Log in, or send an API token.")
    return person


def cookie_name(settings: Settings) -> str:
    """``__Host-`` binds the cookie to this host and to https."""
    return "__Host-flexapp" if settings.is_secure else "flexapp"


def remember(response: Response, secret: str) -> None:
    """Hand the browser its session's secret."""
    settings = services().settings
    response.set_cookie(
        cookie_name(settings),
        secret,
        max_age=int(operations.SESSION_LIFE.total_seconds()),
        secure=settings.is_secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def forget(response: Response) -> None:
    """Take the browser's cookie back."""
    settings = services().settings
    response.delete_cookie(
        cookie_name(settings), secure=settings.is_secure, httponly=True, samesite="Lax", path="/"
    )


def session_secret() -> str:
    """The secret in the request's cookie, empty without one."""
    return request.cookies.get(cookie_name(services().settings), "")


def safe_next(wanted: str | None) -> str:
    """Where to go after logging in: a path of ours, else the dashboard."""
    wanted = wanted or ""
    parts = urlsplit(wanted)
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    is_plain = wanted.isprintable() and "\\" not in wanted and len(wanted) <= 500
    if parts.scheme or parts.netloc or not is_ours or not is_plain:
        return HOME
    return HOME if parts.path in ("/login", "/logout", "/signup") else wanted


def _guard() -> Any:
    if request.endpoint is None:
        return None
    access = current_access()
    if access is None:
        raise UndeclaredRoute(f"{request.endpoint} declares nobody who may call it")
    if access in (Access.STRANGER, Access.WEBHOOK):
        return None
    program = access is Access.TOKEN and "Authorization" in request.headers
    who = calling_program() if program else _by_cookie()
    g.principal = who
    if who is not None:
        structlog.contextvars.bind_contextvars(person_id=who.person.id)
    if access is Access.SIGNED_IN and who is None:
        return _to_log_in()
    if access is Access.TOKEN:
        _require_scope(who)
    if not program:
        csrf.protect()
    return None


def _require_scope(who: Principal | None) -> None:
    if who is None:
        raise Unauthenticated("Send an API token: Authorization: Bearer flx_…")
    needed = Scope.READ if request.method in _READING else Scope.WRITE
    if needed.value not in who.scopes:
        raise ScopeMissing(f"This API token lacks the scope {needed.value!r}.")


def _to_log_in() -> Response:
    if wants_json():
        raise Unauthenticated("Log in first.")
    if request.method in _READING:
        target = request.full_path.rstrip("?")
    else:
        target = urlsplit(request.referrer or "").path or HOME
    response: Any = redirect(f"/login?next={quote(safe_next(target))}", 303)
    if session_secret():
        forget(response)
    return response  # type: ignore[no-any-return]


def _by_cookie() -> Principal | None:
    secret = session_secret()
    if not secret:
        return None
    services_ = services()
    now = services_.clock.now()
    with services_.database.reading() as session:
        found = queries.person_by_session_secret(session, secret, now=now)
        session.expunge_all()
    if found is None:
        return None
    person, row = found
    if _is_stale(row.last_seen_at, now):
        _note(lambda writing: operations.touch_session(writing, row.id, now=now))
    return Principal(person, _ALL, session_id=row.id)


def _by_token() -> Principal | None:
    scheme, _, secret = request.headers["Authorization"].partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret.startswith(operations.TOKEN_PREFIX):
        return None
    services_ = services()
    now = services_.clock.now()
    with services_.database.reading() as session:
        found = queries.person_by_token_secret(session, secret)
        session.expunge_all()
    if found is None:
        return None
    person, row = found
    if _is_stale(row.last_used_at, now):
        _note(lambda writing: operations.touch_token(writing, row.id, now=now))
    return Principal(person, frozenset(row.scopes), token_id=row.id)


def _is_stale(moment: datetime | None, now: datetime) -> bool:
    return moment is None or now - moment > operations.SEEN_EVERY or moment - now > timedelta(minutes=1)


def _note(write: Any) -> None:
    session: Session
    with services().database.writing() as session:
        write(session)
