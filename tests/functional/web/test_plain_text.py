"""A NUL in an address, a query, a form or JSON is refused before any database sees it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from flexapp.people.models import Person
from flexapp.workflows.services import Services
from tests.factories.people import bearer, form_token, make_api_token, make_person, post_form, sign_in


@pytest.fixture
def mira(services: Services) -> Person:
    with services.database.writing() as session:
        return make_person(session, name="Mira", slug="mira")


def test_an_address_with_nul_leads_nowhere(client: FlaskClient, mira: Person) -> None:
    for path in ("orders", "embed/v1/orders", "t", "a", "buy", "p", "files", "embed/v1/t", "api/v1/tracks"):
        for address in (f"/{path}/%00x", f"/{path}/x%00"):
            answer = client.get(address)
            assert answer.status_code == 404, address
    assert client.get("/api/v1/tracks/%00").mimetype == "application/problem+json"
    assert "nothing at this address" in client.get("/orders/%00").text


def test_a_query_with_nul_is_a_bad_request(client: FlaskClient, services: Services, mira: Person) -> None:
    for address in ("/?q=%00", "/beats?q=a%00", "/login?next=%00", "/oembed?url=%00", "/?%00=1"):
        assert client.get(address).status_code == 400, address
    with services.database.writing() as session:
        header = bearer(make_api_token(session, mira))
    answer = client.get("/api/v1/tracks?query=%00", headers=header)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_with_nul_is_a_bad_request(client: FlaskClient, mira: Person, kind: str) -> None:
    for path in ("/login", "/signup", "/buy/nothing", "/orders/nothing/renew"):
        answer = post_form(client, path, {"email": "a\0@mail.example", "password": "x"}, content_type=kind)
        assert answer.status_code == 400, path
        assert "NUL" in answer.text
    by_header = client.post(
        "/login",
        data={"email": "a\0@mail.example", "password": "x"},
        headers={"X-CSRFToken": form_token(client)},
        content_type=kind,
    )
    assert by_header.status_code == 400


def test_a_form_of_a_signed_in_person_with_nul_changes_nothing(
    client: FlaskClient, services: Services, mira: Person
) -> None:
    sign_in(client, services, mira)
    answer = post_form(client, "/producer-dashboard/tracks/new", {"title": "Night\0"})
    assert answer.status_code in (400, 404, 405)


def test_json_with_nul_is_refused_by_the_field_that_has_it(
    client: FlaskClient, services: Services, mira: Person
) -> None:
    with services.database.writing() as session:
        header = bearer(make_api_token(session, mira))
    for body, field in (({"title": "Ni\0ght"}, "title"), ({"title": "Night", "tags": ["a", "\0"]}, "tags")):
        answer = client.post("/api/v1/tracks", json=body, headers=header)
        assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
        assert answer.get_json()["fields"] == {field: "A NUL character is not taken."}
    for body in ({"title": "Night", "\0": 1}, ["\0"], "\0"):
        assert client.post("/api/v1/tracks", json=body, headers=header).status_code == 422
    nested = {"kind": "pick", "track_id": "trk_\0"}
    assert client.post("/api/v1/apps/app_x/sources", json=nested, headers=header).status_code in (404, 422)
    assert client.post("/api/v1/tracks", json={"title": "Night"}, headers=header).status_code == 201
