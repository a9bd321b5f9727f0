"""The settings pages through HTTP: each form does what it says, to its owner only."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flexapp.notices.queries import latest_mails
from flexapp.people import queries
from flexapp.people.models import Person
from flexapp.workflows.services import Services
from tests.factories.people import NOON, PASSWORD, bearer, make_person, post_form, sign_in

SETTINGS = "/producer-dashboard/settings"
EMAIL = "mira@example.com"


@pytest.fixture
def mira(services: Services) -> Person:
    with services.database.writing() as session:
        return make_person(session, email=EMAIL, name="Mira Sol")


@pytest.fixture
def browser(client: FlaskClient, services: Services, mira: Person) -> FlaskClient:
    sign_in(client, services, mira)
    return client


def person(services: Services, mira: Person) -> Person:
    with services.database.reading() as session:
        found = queries.person_by_id(session, mira.id)
        assert found
        return found


@pytest.mark.parametrize("page", ["", "/security", "/tokens", "/delete"])
def test_each_page_is_for_its_owner_alone_and_kept_nowhere(browser: FlaskClient, page: str) -> None:
    answer = browser.get(SETTINGS + page)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert browser.application.test_client().get(SETTINGS + page).status_code == 303


def test_the_profile_is_saved_and_shown(browser: FlaskClient, services: Services, mira: Person) -> None:
    answer = post_form(
        browser, SETTINGS, {"name": "Mira Luna", "bio": "Late nights <3", "roles": ["producer"]}
    )
    assert answer.status_code == 303
    row = person(services, mira)
    assert (row.name, row.slug, row.bio) == ("Mira Luna", "mira-luna", "Late nights <3")
    assert (row.is_affiliate, row.allows_affiliate_sales) == (False, False)
    page = browser.get(SETTINGS).get_data(as_text=True)
    assert "Your profile is saved." in page
    assert "Late nights &lt;3" in page
    again = post_form(browser, SETTINGS, {"name": "", "bio": "kept text", "roles": ["producer"]})
    assert again.status_code == 422
    assert "kept text" in again.get_data(as_text=True)
    assert person(services, mira).name == "Mira Luna"


def test_nobody_becomes_an_admin_by_a_form(browser: FlaskClient, services: Services, mira: Person) -> None:
    fields = {"name": "Mira", "roles": ["producer", "admin"], "is_admin": "1"}
    assert post_form(browser, SETTINGS, fields).status_code == 422
    assert not person(services, mira).is_admin


def test_a_new_address_needs_the_password_and_the_new_mailbox(
    browser: FlaskClient, services: Services, mira: Person
) -> None:
    form = {"email": "new@example.com", "current_password": "wrong phrase"}
    answer = post_form(browser, f"{SETTINGS}/email", form)
    assert answer.status_code == 422
    assert "That is not your password." in answer.get_data(as_text=True)
    assert post_form(browser, f"{SETTINGS}/email", {**form, "current_password": PASSWORD}).status_code == 303
    with services.database.reading() as session:
        mail = latest_mails(session)[0]
    found = re.search(rf"{services.settings.base_url}(/change-email/\S+)", mail.text)
    assert found
    path = found[1]
    assert browser.get(path).status_code == 200
    assert person(services, mira).email == EMAIL
    assert post_form(browser, path).status_code == 303
    assert person(services, mira).email == "new@example.com"
    assert browser.get(path).status_code == 410


def test_a_new_password_keeps_this_browser_with_a_new_secret_and_ends_the_others(
    app: Flask, browser: FlaskClient, services: Services, mira: Person
) -> None:
    other = app.test_client()
    sign_in(other, services, mira)
    before = browser.get_cookie("flexapp")
    form = {"current_password": PASSWORD, "password": "a new phrase"}
    wrong = post_form(browser, f"{SETTINGS}/password", {**form, "current_password": "wrong phrase"})
    assert wrong.status_code == 422
    assert post_form(browser, f"{SETTINGS}/password", {**form, "password": "short"}).status_code == 422
    assert post_form(browser, f"{SETTINGS}/password", form).status_code == 303
    after = browser.get_cookie("flexapp")
    assert before
    assert after
    assert before.value != after.value
    assert browser.get(f"{SETTINGS}/security").status_code == 200
    assert other.get(f"{SETTINGS}/security").status_code == 303


def test_browsers_are_listed_and_logged_out_one_by_one(
    app: Flask, browser: FlaskClient, services: Services, mira: Person
) -> None:
    other = app.test_client()
    sign_in(other, services, mira)
    page = browser.get(f"{SETTINGS}/security").get_data(as_text=True)
    assert "2 browsers" in page
    assert "This browser" in page
    with services.database.reading() as session:
        rows = queries.sessions_of(session, mira.id, now=services.clock.now())
    for row in rows:
        answer = post_form(browser, f"{SETTINGS}/sessions/{row.id}/end")
        assert answer.status_code == 303
    assert {client.get(SETTINGS).status_code for client in (browser, other)} == {303}


def test_a_token_is_shown_once_works_and_is_revoked(browser: FlaskClient, services: Services) -> None:
    answer = post_form(browser, f"{SETTINGS}/tokens", {"name": "Nightly", "scopes": ["read"]})
    assert answer.status_code == 201
    found = re.search(r"flx_[\w-]{40,}", answer.get_data(as_text=True))
    assert found
    secret = found[0]
    assert secret not in browser.get(f"{SETTINGS}/tokens").get_data(as_text=True)
    program = browser.application.test_client()
    assert program.get("/api/v1/me", headers=bearer(secret)).status_code == 200
    page = browser.get(f"{SETTINGS}/tokens").get_data(as_text=True)
    path = re.search(rf'action="({SETTINGS}/tokens/tok_[^"]+/revoke)"', page)
    assert path
    assert post_form(browser, path[1]).status_code == 303
    assert program.get("/api/v1/me", headers=bearer(secret)).status_code == 401
    assert "No tokens yet" in browser.get(f"{SETTINGS}/tokens").get_data(as_text=True)


def test_a_token_without_a_scope_is_not_made(browser: FlaskClient, services: Services, mira: Person) -> None:
    assert post_form(browser, f"{SETTINGS}/tokens", {"name": "Nightly"}).status_code == 422
    with services.database.reading() as session:
        assert queries.tokens_of(session, mira.id) == []


def test_what_is_anothers_does_not_exist(browser: FlaskClient, services: Services) -> None:
    from flexapp.people import operations

    with services.database.writing() as session:
        kilo = make_person(session)
        row, secret = operations.begin_session(session, kilo, user_agent="", now=services.clock.now())
        token, _ = operations.create_api_token(session, kilo, name="x", scopes=["read"], now=NOON)
    for path in (f"/sessions/{row.id}/end", f"/tokens/{token.id}/revoke", "/tokens/tok_nothing/revoke"):
        assert post_form(browser, SETTINGS + path).status_code == 404
    with services.database.reading() as session:
        assert queries.person_by_session_secret(session, secret, now=services.clock.now())
        assert len(queries.tokens_of(session, kilo.id)) == 1
