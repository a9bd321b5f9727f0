"""People, and the ways they come in: a signed-in browser, an API token, a form with our token."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from flexapp.people import operations, passwords
from flexapp.people.models import Person, Role, Scope
from flexapp.web.identity import cookie_name
from flexapp.workflows.services import Services

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
BOTH = (Role.PRODUCER, Role.AFFILIATE)
_count = itertools.count(1)

passwords.choose(fast=True)


def make_person(
    session: Session,
    *,
    name: str | None = None,
    email: str | None = None,
    password: str = PASSWORD,
    roles: Collection[Role] = BOTH,
    verified: bool = True,
    now: datetime = NOON,
    **fields: Any,
) -> Person:
    """A person whose address is verified and who lets affiliates sell, unless told otherwise."""
    number = next(_count)
    person = operations.sign_up(
        session,
        email=email or f"person{number}@example.com",
        password=password,
        name=name or f"Person {number}",
        roles=roles,
        now=now,
        email_verified=verified,
    )
    person.allows_affiliate_sales = True
    for field, value in fields.items():
        setattr(person, field, value)
    session.flush()
    return person


def make_api_token(
    session: Session, person: Person, *, scopes: Collection[Scope] = tuple(Scope), now: datetime = NOON
) -> str:
    """The secret of a new API token."""
    return operations.create_api_token(session, person, name="Test", scopes=scopes, now=now)[1]


def bearer(secret: str) -> dict[str, str]:
    """The header that a program sends."""
    return {"Authorization": f"Bearer {secret}"}


def sign_in(client: FlaskClient, services: Services, person: Person) -> None:
    """Give the client a browser session of the person."""
    with services.database.writing() as session:
        _, secret = operations.begin_session(
            session, person, user_agent="Test browser", now=services.clock.now()
        )
    client.set_cookie(
        cookie_name(services.settings), secret, secure=services.settings.is_secure, path="/", httponly=True
    )


def form_token(client: FlaskClient) -> str:
    """A form token as a page would hand it to this client."""
    from flask_wtf.csrf import generate_csrf

    with client.application.test_request_context():
        with client.session_transaction() as cookie:
            raw = cookie.setdefault("csrf_token", "0" * 40)
        from flask import session as flask_session

        flask_session["csrf_token"] = raw
        return str(generate_csrf())


def post_form(
    client: FlaskClient, path: str, data: dict[str, Any] | None = None, **options: Any
) -> TestResponse:
    """Send a form with our token, as a browser does after it loaded the page."""
    return client.post(path, data={**(data or {}), "csrf_token": form_token(client)}, **options)


def form_headers(client: FlaskClient) -> dict[str, str]:
    """The header that our scripts send with what they change."""
    return {"X-CSRFToken": form_token(client)}
