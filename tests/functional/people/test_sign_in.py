"""Signing up, logging in and recovering through HTTP, as a browser does it."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flexapp.app import create_app
from flexapp.config import Settings
from flexapp.notices.queries import latest_mails
from flexapp.people import queries
from flexapp.people.models import Person
from flexapp.workflows.services import Services
from tests.factories.people import PASSWORD, form_token, make_person, post_form, sign_in

EMAIL = "mira@example.com"
SIGN_UP = {"name": "Mira", "email": EMAIL, "password": PASSWORD, "roles": ["producer", "affiliate"]}


@pytest.fixture
def mira(services: Services) -> Person:
    with services.database.writing() as session:
        return make_person(session, email=EMAIL, name="Mira")


def log_in(client: FlaskClient, **fields: str) -> TestResponse:
    return post_form(client, "/login", {"email": EMAIL, "password": PASSWORD, **fields})


def mailed_path(services: Services) -> str:
    with services.database.reading() as session:
        text = latest_mails(session)[0].text
    found = re.search(rf"{services.settings.base_url}(/\S+)", text)
    assert found
    return found[1]


def without_noise(answer: TestResponse) -> str:
    """The answer without what differs between any two requests."""
    text = answer.get_data(as_text=True)
    text = re.sub(r'name="csrf_token" value="[^"]+"', "", text)
    return re.sub(r"req_[0-9a-f]+", "", text)


def test_a_visitor_becomes_a_producer(client: FlaskClient, services: Services) -> None:
    assert client.get("/signup").status_code == 200
    answer = post_form(client, "/signup", SIGN_UP)
    assert (answer.status_code, answer.location) == (303, "/check-mail")
    assert EMAIL in client.get("/check-mail").get_data(as_text=True)
    assert log_in(client).status_code == 401

    path = mailed_path(services)
    page = client.get(path)
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert post_form(client, path, {"password": "not this one"}).status_code == 401
    answer = post_form(client, path, {"password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/producer-dashboard")
    assert client.get("/producer-dashboard/settings").status_code == 200
    assert client.get(path).status_code == 410
    assert post_form(client, "/logout").status_code == 303
    assert client.get("/producer-dashboard/settings").status_code == 303
    assert log_in(client).status_code == 303


def test_signing_up_answers_alike_whoever_has_the_address(
    app: Flask, services: Services, mira: Person
) -> None:
    pages = []
    for email in (EMAIL, "nobody@example.com"):
        client = app.test_client()
        answer = post_form(client, "/signup", {**SIGN_UP, "email": email, "password": "a good phrase"})
        assert (answer.status_code, answer.location) == (303, "/check-mail")
        pages.append(without_noise(client.get("/check-mail")).replace(email, ""))
    assert pages[0] == pages[1]


@pytest.mark.parametrize(("path", "fields"), [("/reset", {}), ("/verify", {})])
def test_forms_that_mail_a_link_answer_alike(
    app: Flask, mira: Person, path: str, fields: dict[str, str]
) -> None:
    pages = []
    for email in (EMAIL, "nobody@example.com"):
        client = app.test_client()
        answer = post_form(client, path, {**fields, "email": email})
        assert (answer.status_code, answer.location) == (303, "/check-mail")
        pages.append(without_noise(client.get("/check-mail")).replace(email, ""))
    assert pages[0] == pages[1]


def test_logging_in_fails_alike_for_every_reason(app: Flask, services: Services, mira: Person) -> None:
    with services.database.writing() as session:
        make_person(session, email="unverified@example.com", verified=False)
    pages = []
    for email, password in (
        (EMAIL, "wrong phrase"),
        ("nobody@example.com", PASSWORD),
        ("unverified@example.com", PASSWORD),
    ):
        client = app.test_client()
        answer = log_in(client, email=email, password=password)
        assert answer.status_code == 401
        pages.append(without_noise(answer).replace(email, ""))
    assert len(set(pages)) == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"email": "not an address"}, "Write an e-mail address"),
        ({"password": "short"}, "Use at least 8 characters"),
        ({"password": "password123"}, "first to be guessed"),
        ({"name": " "}, "Write a name"),
        ({"roles": []}, "Choose at least one"),
    ],
)
def test_a_wrong_field_is_named_and_the_rest_kept(
    client: FlaskClient, fields: dict[str, object], says: str
) -> None:
    answer = post_form(client, "/signup", {**SIGN_UP, **fields})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert says in page
    assert PASSWORD not in page
    if "email" not in fields:
        assert f'value="{EMAIL}"' in page


def test_logging_in_leads_to_the_page_that_was_wanted(client: FlaskClient, mira: Person) -> None:
    answer = client.get("/producer-dashboard/settings/tokens?x=1")
    assert answer.status_code == 303
    assert answer.location == "/login?next=/producer-dashboard/settings/tokens%3Fx%3D1"
    page = client.get(answer.location).get_data(as_text=True)
    assert 'name="next" value="/producer-dashboard/settings/tokens?x=1"' in page
    answer = log_in(client, next="/producer-dashboard/settings/tokens?x=1")
    assert answer.location == "/producer-dashboard/settings/tokens?x=1"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_logging_in_never_leads_elsewhere(client: FlaskClient, mira: Person, wanted: str) -> None:
    assert "evil" not in client.get("/login", query_string={"next": wanted}).get_data(as_text=True)
    assert log_in(client, next=wanted).location == "/producer-dashboard"


def test_the_cookie_is_out_of_reach_and_new_at_each_log_in(client: FlaskClient, mira: Person) -> None:
    first = log_in(client).headers.getlist("Set-Cookie")[0]
    for part in ("flexapp=", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in first
    assert "Domain" not in first
    post_form(client, "/logout")
    second = log_in(client).headers.getlist("Set-Cookie")[0]
    assert first.partition(";")[0] != second.partition(";")[0]


def test_over_https_the_cookies_are_bound_to_the_host(
    settings: Settings, services: Services, mira: Person
) -> None:
    secure = settings.model_copy(update={"base_url": "https://flexapp.example"})
    app = create_app(secure, replace(services, settings=secure))
    client = app.test_client()
    page = client.get("/login", base_url="https://flexapp.example")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.get_data(as_text=True))
    assert token
    answer = client.post(
        "/login",
        data={"email": EMAIL, "password": PASSWORD, "csrf_token": token[1]},
        base_url="https://flexapp.example",
        headers={"Origin": "https://flexapp.example"},
    )
    assert answer.status_code == 303
    for cookie in (*page.headers.getlist("Set-Cookie"), answer.headers.getlist("Set-Cookie")[0]):
        assert cookie.startswith("__Host-")
        for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
            assert part in cookie
        assert "Domain" not in cookie
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_a_session_revoked_elsewhere_is_over_with_the_next_request(
    app: Flask, services: Services, mira: Person
) -> None:
    here, there = app.test_client(), app.test_client()
    for client in (here, there):
        sign_in(client, services, mira)
        assert client.get("/producer-dashboard/settings/security").status_code == 200
    assert post_form(here, "/producer-dashboard/settings/sessions/end-others").status_code == 303
    assert here.get("/producer-dashboard/settings/security").status_code == 200
    assert there.get("/producer-dashboard/settings/security").status_code == 303


def test_a_made_up_cookie_is_nobody(client: FlaskClient) -> None:
    client.set_cookie("flexapp", "made-up")
    answer = client.get("/producer-dashboard/settings")
    assert answer.status_code == 303
    assert any(cookie.startswith("flexapp=;") for cookie in answer.headers.getlist("Set-Cookie"))


def test_a_new_password_comes_by_mail(
    app: Flask, client: FlaskClient, services: Services, mira: Person
) -> None:
    other = app.test_client()
    sign_in(other, services, mira)
    post_form(client, "/reset", {"email": EMAIL})
    path = mailed_path(services)
    assert client.get(path).status_code == 200
    weak = post_form(client, path, {"password": "short"})
    assert (weak.status_code, "Use at least 8 characters" in weak.get_data(as_text=True)) == (422, True)
    assert post_form(client, path, {"password": "a new phrase"}).location == "/login"
    assert post_form(client, path, {"password": "a new phrase"}).status_code == 410
    assert other.get("/producer-dashboard/settings").status_code == 303
    assert log_in(client).status_code == 401
    assert log_in(client, password="a new phrase").status_code == 303


def test_forms_without_our_token_change_nothing(client: FlaskClient, services: Services) -> None:
    token = form_token(client)
    attempts: list[Callable[[], TestResponse]] = [
        lambda: client.post("/signup", data=SIGN_UP),
        lambda: client.post("/signup", data={**SIGN_UP, "csrf_token": "made up"}),
        lambda: client.post(
            "/signup", data={**SIGN_UP, "csrf_token": token}, headers={"Origin": "https://evil.example"}
        ),
        lambda: client.post(
            "/signup", data={**SIGN_UP, "csrf_token": token}, headers={"Sec-Fetch-Site": "cross-site"}
        ),
        lambda: client.application.test_client().post("/signup", data={**SIGN_UP, "csrf_token": token}),
    ]
    for attempt in attempts:
        assert attempt().status_code == 403
    with services.database.reading() as session:
        assert queries.person_by_email(session, EMAIL) is None
    assert client.post("/signup", data={**SIGN_UP, "csrf_token": token}).status_code == 303


def test_one_address_tries_passwords_slowly(settings: Settings, services: Services) -> None:
    limited = settings.model_copy(update={"rate_limits": True})
    client = create_app(limited, replace(services, settings=limited)).test_client()
    answers = [
        post_form(client, "/login", {"email": f"p{number}@example.com", "password": "wrong phrase"})
        for number in range(21)
    ]
    assert {answer.status_code for answer in answers[:20]} == {401}
    assert answers[20].status_code == 429
    assert 1 <= int(answers[20].headers["Retry-After"]) <= 60


def test_one_account_is_guarded_from_any_address(client: FlaskClient, mira: Person) -> None:
    for number in range(10):
        environment = {"REMOTE_ADDR": f"203.0.113.{number}"}
        assert (
            post_form(
                client, "/login", {"email": EMAIL, "password": "wrong phrase"}, environ_overrides=environment
            ).status_code
            == 401
        )
    answer = log_in(client)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 900
    assert "Try again in 15 minutes" in answer.get_data(as_text=True)
