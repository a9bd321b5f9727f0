"""The producer's and the affiliate's pages after sales and a refund."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from flexapp.licensing.models import Download
from flexapp.localstripe.server import Server
from flexapp.orders.models import Order
from flexapp.people.models import Person
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.refund_order import refund_order
from flexapp.workflows.services import Services
from tests.factories import orders as make
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_license_types, make_track
from tests.factories.payments import pay_with_4242
from tests.factories.people import make_person, post_form, sign_in

PAGES = ("sales", "orders", "customers", "licenses-sold", "finances")


@pytest.fixture
def sold(services: Services, localstripe: Server) -> tuple[Person, Person, Order, Order]:
    """Kaito sold a Premium at 65.00 through Mara's app and a Basic at 29.99 through the own app."""
    with services.database.writing() as session:
        producer = make_person(session, name="Kaito")
        affiliate = make_person(session, name="Mara")
        basic, premium, *_ = make_license_types(session, producer)
        track = make_track(session, producer, title="Midnight Trap")
        key = make_placement(
            session, make_app(session, affiliate, name="Beatblog", picks=(track,)), services.signer
        ).key
        own = make_placement(
            session, make_app(session, producer, name="Kaito.studio", own_catalog=True), services.signer
        ).key
    orders = []
    for license_type, token in ((premium, key), (basic, own)):
        order = make.order(services, track, license_type, key=token)
        pay_with_4242(order.checkout_url or "")
        complete_order(services, order.id)
        orders.append(make.reload(services, order.id))
    return producer, affiliate, orders[0], orders[1]


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_page_says_what_to_do_next(client: FlaskClient, services: Services, page: str) -> None:
    with services.database.writing() as session:
        person = make_person(session)
    sign_in(client, services, person)
    answer = client.get(f"/producer-dashboard/{page}")
    assert answer.status_code == 200
    assert 'class="empty"' in answer.text


def test_the_producer_sees_each_part_of_each_price_and_why(
    client: FlaskClient, services: Services, sold: tuple[Person, Person, Order, Order]
) -> None:
    producer, _, first, second = sold
    sign_in(client, services, producer)
    sales = client.get("/producer-dashboard/sales").text
    for text in ("Midnight Trap", "Beatblog", "Kaito.studio", "$65.00", "$48.75", "$25.79"):
        assert text in sales
    order = client.get(f"/producer-dashboard/orders/{first.id}").text
    for text in ("$48.75", "$6.50", "$9.75", "Beatblog", "pressed buy in this app", first.buyer_email):
        assert text in order
    own = client.get(f"/producer-dashboard/orders/{second.id}").text
    for text in ("self-referral bonus", "$21.29", "$3.00", "$1.50", "$4.20"):
        assert text in own
    finances = client.get("/producer-dashboard/finances").text
    for text in ("$74.54", "75 % of $65.00", "5 % of $29.99", "Pending"):
        assert text in finances
    customers = client.get("/producer-dashboard/customers").text
    assert first.buyer_email in customers
    assert "Midnight Trap" in client.get("/producer-dashboard/licenses-sold").text


def test_the_affiliate_sees_the_own_commission_and_nothing_else(
    client: FlaskClient, services: Services, sold: tuple[Person, Person, Order, Order]
) -> None:
    _, affiliate, first, _ = sold
    sign_in(client, services, affiliate)
    sales = client.get("/producer-dashboard/sales").text
    assert "$6.50" in sales
    assert "$48.75" not in sales
    assert first.buyer_email not in sales
    assert client.get(f"/producer-dashboard/orders/{first.id}").status_code == 404
    assert first.buyer_email not in client.get("/producer-dashboard/customers").text
    finances = client.get("/producer-dashboard/finances").text
    assert "10 % of $65.00" in finances
    assert "48.75" not in finances


def test_a_stranger_finds_no_order_and_cannot_reset_downloads(
    client: FlaskClient, services: Services, sold: tuple[Person, Person, Order, Order]
) -> None:
    _, _, first, _ = sold
    with services.database.writing() as session:
        stranger = make_person(session)
    sign_in(client, services, stranger)
    assert client.get(f"/producer-dashboard/orders/{first.id}").status_code == 404
    assert post_form(client, f"/producer-dashboard/orders/{first.id}/downloads").status_code == 404


def test_the_producer_resets_downloads_of_an_order(
    client: FlaskClient, services: Services, sold: tuple[Person, Person, Order, Order]
) -> None:
    producer, _, first, _ = sold
    with services.database.writing() as session:
        for row in session.scalars(select(Download)):
            row.count = 10
    sign_in(client, services, producer)
    assert post_form(client, f"/producer-dashboard/orders/{first.id}/downloads").status_code == 303
    with services.database.reading() as session:
        assert sorted(session.scalars(select(Download.count))) == [0, 0, 10]


def test_a_refund_shows_on_every_page(
    client: FlaskClient, services: Services, sold: tuple[Person, Person, Order, Order]
) -> None:
    producer, affiliate, first, _ = sold
    services.payments.refund(charge_id=first.charge_id or "", key="operator")
    refund_order(services, first.id)
    sign_in(client, services, producer)
    assert "Refunded" in client.get("/producer-dashboard/sales").text
    finances = client.get("/producer-dashboard/finances").text
    assert "taken back with a refund" in finances
    assert "$25.79" in finances
    assert "Revoked" in client.get("/producer-dashboard/licenses-sold").text
    assert "Booked" in client.get(f"/producer-dashboard/orders/{first.id}").text
    sign_in(client, services, affiliate)
    assert "−$6.50" in client.get("/producer-dashboard/finances").text
