"""Every route is guarded by what it declared: sessions, tokens, scopes, forms."""

from datetime import timedelta

import pytest
from flask import Flask, jsonify
from flask.testing import FlaskClient

from flexapp.kernel.clock import FixedClock
from flexapp.people import operations, queries
from flexapp.people.models import Person, Scope
from flexapp.web.access import Access, allow
from flexapp.web.context import services as app_services
from flexapp.web.identity import current_person
from flexapp.workflows.services import Services
from tests.factories.people import (
    bearer,
    form_headers,
    make_api_token,
    make_person,
    sign_in,
)


@pytest.fixture
def app(app: Flask) -> Flask:
    """The app with one more route of each kind."""
    for access in (Access.PUBLIC, Access.SIGNED_IN, Access.TOKEN, Access.STRANGER):

        @allow(access)
        def view() -> object:
            assert app_services()
            person = current_person()
            return jsonify(name=person.name if person else None)

        prefix = "/api/v1" if access is Access.TOKEN else ""
        app.add_url_rule(
            f"{prefix}/probe/{access.value}", f"probe_{access.value}", view, methods=["GET", "POST"]
        )
    app.add_url_rule("/probe/silent", "probe_silent", lambda: "never")
    return app


@pytest.fixture
def mira(services: Services) -> Person:
    with services.database.writing() as session:
        return make_person(session, name="Mira")


def token(services: Services, person: Person, *scopes: Scope) -> dict[str, str]:
    with services.database.writing() as session:
        return bearer(make_api_token(session, person, scopes=scopes))


def test_a_route_that_declares_nobody_answers_nobody(client: FlaskClient) -> None:
    answer = client.get("/probe/silent")
    assert answer.status_code == 500
    assert b"never" not in answer.data


def test_a_token_reads_and_writes_by_its_scopes(
    client: FlaskClient, services: Services, mira: Person
) -> None:
    path = "/api/v1/probe/token"
    read, write = (token(services, mira, scope) for scope in (Scope.READ, Scope.WRITE))
    assert client.get(path, headers=read).get_json() == {"name": "Mira"}
    assert client.post(path, headers=write).get_json() == {"name": "Mira"}
    for answer in (client.post(path, headers=read), client.get(path, headers=write)):
        assert answer.status_code == 403
        assert answer.mimetype == "application/problem+json"
        assert answer.get_json()["code"] == "scope_missing"


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer flx_made-up", "Basic bWlyYTp4", "flx_made-up", "Bearer é"],
)
def test_anything_but_a_good_token_is_a_401(client: FlaskClient, header: str) -> None:
    answer = client.get(
        "/api/v1/probe/token", headers={"Authorization": header.encode("latin-1").decode("latin-1")}
    )
    assert answer.status_code == 401
    body = answer.get_json()
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert (body["code"], body["status"]) == ("unauthenticated", 401)
    assert body["request_id"] == answer.headers["X-Request-Id"]


def test_a_bad_token_is_not_saved_by_a_good_cookie(
    client: FlaskClient, services: Services, mira: Person
) -> None:
    sign_in(client, services, mira)
    assert client.get("/api/v1/probe/token").status_code == 200
    assert client.get("/api/v1/probe/token", headers=bearer("flx_made-up")).status_code == 401


def test_a_browser_that_calls_the_api_needs_our_form_token(
    client: FlaskClient, services: Services, mira: Person
) -> None:
    sign_in(client, services, mira)
    assert client.post("/api/v1/probe/token").status_code == 403
    assert client.post("/api/v1/probe/token", headers=form_headers(client)).status_code == 200


def test_a_token_does_not_open_pages(client: FlaskClient, services: Services, mira: Person) -> None:
    answer = client.get("/probe/signed_in", headers=token(services, mira, *Scope))
    assert answer.status_code == 303


def test_a_script_on_our_page_is_told_that_the_session_ended(client: FlaskClient) -> None:
    answer = client.get("/probe/signed_in", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.get_json()["code"] == "unauthenticated"


def test_a_strangers_page_knows_no_session_and_needs_no_form_token(
    client: FlaskClient, services: Services, mira: Person
) -> None:
    sign_in(client, services, mira)
    for answer in (client.get("/probe/stranger"), client.post("/probe/stranger")):
        assert answer.get_json() == {"name": None}
        assert "Set-Cookie" not in answer.headers
    assert client.get("/probe/public").get_json() == {"name": "Mira"}


def test_a_deleted_persons_token_and_session_are_nobodys(
    client: FlaskClient, services: Services, mira: Person
) -> None:
    sign_in(client, services, mira)
    header = token(services, mira, *Scope)
    with services.database.writing() as session:
        operations.anonymize(session, mira, now=services.clock.now())
    assert client.get("/probe/signed_in").status_code == 303
    assert client.application.test_client().get("/api/v1/probe/token", headers=header).status_code == 401


def test_being_seen_is_noted_and_prolongs_the_session(
    client: FlaskClient, services: Services, mira: Person, clock: FixedClock
) -> None:
    sign_in(client, services, mira)
    header = token(services, mira, *Scope)
    clock.advance(timedelta(days=20))
    assert client.get("/probe/signed_in").status_code == 200
    assert client.application.test_client().get("/api/v1/probe/token", headers=header).status_code == 200
    with services.database.reading() as session:
        (row,) = queries.sessions_of(session, mira.id, now=clock.now())
        (key,) = queries.tokens_of(session, mira.id)
        assert row.last_seen_at == key.last_used_at == clock.now()
        assert row.expires_at == clock.now() + operations.SESSION_LIFE
    clock.advance(timedelta(days=20))
    assert client.get("/probe/signed_in").status_code == 200
    clock.advance(timedelta(days=31))
    assert client.get("/probe/signed_in").status_code == 303
