"""Public pages are kept for visitors, never past a change, never with somebody's name."""

import itertools
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf

from flexapp.app import create_app
from flexapp.catalog.models import LicenseType
from flexapp.config import Settings
from flexapp.storage.revisions import revisions_of
from flexapp.storage.session import Database
from flexapp.web.access import Access, allow
from flexapp.web.caching import cached_page
from flexapp.web.identity import current_person
from flexapp.workflows.services import Services
from tests.factories.catalog import make_license_type
from tests.factories.people import make_person, sign_in


@pytest.fixture(params=["memory", "redis"])
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    if request.param == "memory":
        return settings
    return settings.model_copy(update={"redis_url": request.getfixturevalue("redis_url")})


@pytest.fixture
def revision() -> list[str]:
    return ["1"]


@pytest.fixture
def client(settings: Settings, services: Services, revision: list[str]) -> FlaskClient:
    app: Flask = create_app(settings, replace(services, settings=settings))
    count = itertools.count(1)

    @cached_page(seconds=60, parameters=("genre",), revision=lambda: revision[0])
    @allow(Access.PUBLIC)
    def page() -> str:
        person = current_person()
        return f"{next(count)} {person.name if person else ''}"

    @cached_page(seconds=60)
    @allow(Access.PUBLIC)
    def form() -> str:
        return f"{next(count)} {generate_csrf()}"

    app.add_url_rule("/probe/page", "probe_page", page)
    app.add_url_rule("/probe/form", "probe_form", form)
    return app.test_client()


def text(client: FlaskClient, path: str) -> str:
    return client.get(path).get_data(as_text=True)


def test_a_page_is_made_once_until_its_revision_changes(client: FlaskClient, revision: list[str]) -> None:
    assert text(client, "/probe/page") == text(client, "/probe/page") == "1 "
    assert client.get("/probe/page").mimetype == "text/html"
    revision[0] = "2"
    assert text(client, "/probe/page") == "2 "


def test_a_change_of_anything_shown_makes_a_new_page(client: FlaskClient, services: Services) -> None:
    assert text(client, "/probe/form").split()[0] == "1"
    assert text(client, "/probe/page") == text(client, "/probe/page") == "2 "
    with services.database.writing() as session:
        person = make_person(session, name="Mira")
        license_type = make_license_type(session, person)
    assert text(client, "/probe/page") == text(client, "/probe/page") == "3 "
    with services.database.writing() as session:
        session.get_one(LicenseType, license_type.id).default_price = 7777
    assert text(client, "/probe/page") == text(client, "/probe/page") == "4 "
    elsewhere = Database(services.database.url, pool_size=2)
    with elsewhere.writing() as session:
        session.get_one(LicenseType, license_type.id).default_price = 8888
    elsewhere.close()
    revisions_of(services.database).ring()
    assert text(client, "/probe/page") == "5 ", "what another process changed, once it was asked"


def test_only_named_parameters_make_another_page(client: FlaskClient) -> None:
    assert text(client, "/probe/page?utm_source=x") == text(client, "/probe/page?utm_source=y") == "1 "
    assert text(client, "/probe/page?genre=trap") == "2 "


def test_a_signed_in_person_is_neither_kept_nor_shown_what_was_kept(
    client: FlaskClient, services: Services
) -> None:
    with services.database.writing() as session:
        mira = make_person(session, name="Mira")
    signed_in = client.application.test_client()
    sign_in(signed_in, services, mira)
    assert text(signed_in, "/probe/page") == "1 Mira"
    assert text(client, "/probe/page") == "2 "
    assert text(signed_in, "/probe/page") == "3 Mira"
    assert text(client, "/probe/page") == "2 "


def test_a_page_with_a_form_token_is_never_kept(client: FlaskClient) -> None:
    first, second = text(client, "/probe/form"), text(client.application.test_client(), "/probe/form")
    assert first.split()[0] != second.split()[0]
