"""What a link or another browser may not do to a buyer, and how often a page asks Stripe."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from flexapp.app import create_app
from flexapp.catalog.models import LicenseType, Track
from flexapp.config import Settings
from flexapp.errors import Invalid
from flexapp.gateways.ports import Checkout
from flexapp.orders.models import Order
from flexapp.orders.operations import checked_buyer
from flexapp.workflows.services import Services
from tests.factories.catalog import make_license_types, make_track
from tests.factories.payments import pay_with_4242
from tests.factories.people import make_person, post_form

UUID = "0b6e0a2c-6f0f-4b7e-9c57-3f2d1a9b8c7d"


@pytest.fixture
def track(services: Services) -> Track:
    with services.database.writing() as session:
        producer = make_person(session)
        make_license_types(session, producer)
        return make_track(session, producer, slug="night", objects=services.objects)


def form_of(client: FlaskClient, services: Services, query: str = "") -> dict[str, str]:
    page = client.get(f"/buy/night{query}")
    assert page.status_code == 200
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    hidden.pop("csrf_token")
    with services.database.reading() as session:
        chosen = session.scalars(select(LicenseType.id).where(LicenseType.name.contains("Premium"))).one()
    return {**hidden, "lic": chosen, "email": "ana@mail.example", "name": "Ana", "accept": "yes"}


def orders(services: Services) -> list[Order]:
    with services.database.reading() as session:
        return list(session.scalars(select(Order).order_by(Order.created_at, Order.id)))


def test_a_link_fills_in_nothing_that_a_buyer_types_and_plants_no_nonce(
    client: FlaskClient, services: Services, track: Track
) -> None:
    page = client.get("/buy/night?nonce=planted&email=eve@mail.example&name=Eve&accept=yes&o=x")
    assert "planted" not in page.text
    assert "eve@mail.example" not in page.text
    assert 'value="Eve"' not in page.text
    assert not re.search(r'name="accept"[^>]* checked', page.text)
    first, second = (form_of(client, services)["nonce"] for _ in range(2))
    assert first != second


def test_the_same_form_from_another_browser_never_leads_to_the_first_ones_order(
    app: Flask, client: FlaskClient, services: Services, track: Track
) -> None:
    form = form_of(client, services)
    bought = post_form(client, "/buy/night", form)
    pay_with_4242(bought.headers["Location"])
    again = post_form(client, "/buy/night", form)
    (order,) = orders(services)
    client.get(f"/orders/{order.token}")
    assert post_form(client, "/buy/night", form).headers["Location"] == f"/orders/{order.token}"
    stranger = app.test_client()
    stranger.get("/buy/night")
    replayed = post_form(stranger, "/buy/night", form)
    assert order.token not in replayed.headers["Location"]
    assert replayed.headers["Location"] not in (bought.headers["Location"], again.headers["Location"])
    assert len(orders(services)) == 2


def test_only_a_uuid_becomes_the_public_token(client: FlaskClient, services: Services, track: Track) -> None:
    assert form_of(client, services, f"?o={UUID}")["o"] == UUID
    for wrong in ("A" * 32, UUID + "x", UUID.upper(), f"{UUID}%0A"):
        form = form_of(client, services, f"?o={wrong}")
        assert "o" not in form
        post_form(client, "/buy/night", {**form, "o": wrong.replace("%0A", "\n")})
        assert wrong.replace("%0A", "\n") not in [one.public_token for one in orders(services)]
    post_form(client, "/buy/night", form_of(client, services, f"?o={UUID}"))
    assert client.get(f"/embed/v1/orders/{UUID}").json == {"state": "open", "is_settled": False}


def test_an_order_page_that_is_loaded_again_and_again_asks_stripe_once_in_five_seconds(
    client: FlaskClient, services: Services, track: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_form(client, "/buy/night", form_of(client, services))
    (order,) = orders(services)
    asked: list[str] = []
    really = services.payments.retrieve_checkout

    def count(checkout_id: str) -> Checkout:
        asked.append(checkout_id)
        return really(checkout_id)

    monkeypatch.setattr(services.payments, "retrieve_checkout", count)
    for _ in range(5):
        assert client.get(f"/orders/{order.token}").status_code == 200
    assert asked == [order.checkout_session_id]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_buy_and_order_pages_are_limited_by_address(settings: Settings, services: Services) -> None:
    client = create_app(settings.model_copy(update={"rate_limits": True}), services).test_client()
    for path in ("/buy/nothing", "/orders/nothing"):
        codes = [client.get(path).status_code for _ in range(121)]
        assert codes[:120] == [404] * 120
        assert codes[120] == 429


@pytest.mark.parametrize("letter", ["\x00", "\x01", "\x1f", "\x7f", "\x85"])
def test_addresses_and_names_of_orders_have_no_control_characters(letter: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_buyer(f"a{letter}b@mail.example", f"A{letter}na")
    assert set(refused.value.fields) == {"email", "name"}
    assert checked_buyer(" Ana@Mail.example ", " Ana  Ø  李 ").name == "Ana Ø 李"
