"""What may change between a cart and its payment: prices, sold exclusives, other tabs, Stripe itself."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import timedelta

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from flexapp.errors import Upstream
from flexapp.kernel.clock import FixedClock
from flexapp.localstripe.server import Server
from flexapp.orders.models import OrderItem, OrderState
from flexapp.worker.runtime import Worker
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.services import Services
from tests.factories import orders as make
from tests.factories.carts import (
    Stalls,
    check_out,
    filled,
    form_of,
    lines,
    open_stalls,
    orders,
    sell_exclusively,
    sent,
)
from tests.factories.payments import pay_with_4242
from tests.factories.people import post_form


@pytest.fixture
def stalls(services: Services, localstripe: Server) -> Stalls:
    return open_stalls(services)


def test_a_price_that_changed_is_said_and_must_be_seen_before_it_is_paid(
    client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    token = filled(client, stalls.line("first", "basic"))
    form = form_of(client, token)
    with services.database.writing() as session:
        session.merge(stalls.licenses["basic"]).default_price = 3999
    answer = post_form(client, f"/cart/{token}", form)
    assert answer.status_code == 409
    assert "changed while you were reading" in answer.text
    assert "It was $29.99 when you added it" in answer.text
    assert orders(services) == []
    assert check_out(client, token).status_code == 303
    assert orders(services)[0].total == 3999


def test_an_exclusive_that_is_sold_meanwhile_is_named_and_the_rest_is_kept_and_bought(
    client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    token = filled(
        client, stalls.line("second", "exclusive", k=stalls.second_key), stalls.line("first", "basic")
    )
    form = form_of(client, token)
    sell_exclusively(services, stalls, "second")
    answer = post_form(client, f"/cart/{token}", form)
    assert answer.status_code == 409
    assert "“Harbor “Blue””: This beat was sold exclusively." in html.unescape(answer.text)
    assert "the rest of your cart is kept" in answer.text
    assert len(orders(services)) == 1
    assert make.reservations(services) == []
    assert set(lines(services, token)) == {stalls.second.id, stalls.first.id}
    again = check_out(client, token)
    assert again.status_code == 303
    assert orders(services)[-1].total == 2999
    pay_with_4242(again.headers["Location"])
    complete_order(services, orders(services)[-1].id)
    assert lines(services, token) == [stalls.second.id]
    make.check_books(services)
    assert "Nothing to buy here now" in client.get(f"/cart/{token}").text


def test_an_exclusive_that_somebody_is_paying_for_waits_but_ones_own_does_not_stand_in_the_way(
    app: Flask, client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    token = filled(client, stalls.line("first", "exclusive"))
    first = check_out(client, token)
    assert first.status_code == 303
    page = client.get(f"/cart/{token}")
    assert "You have not paid yet" in page.text
    assert "Somebody is buying" not in page.text
    assert check_out(client, token).headers["Location"] == first.headers["Location"]
    other = app.test_client()
    rival = filled(other, stalls.line("first", "basic"), stalls.line("second", "basic"))
    assert "Somebody is buying its exclusive license" in other.get(f"/cart/{rival}").text
    assert "Pay $29.99" in other.get(f"/cart/{rival}").text


def test_two_tabs_with_the_same_form_end_at_one_checkout_and_one_payment(
    client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    token = filled(client, stalls.line("first", "exclusive"), stalls.line("second", "basic"))
    one, two = form_of(client, token), form_of(client, token)
    first = post_form(client, f"/cart/{token}", one)
    second = post_form(client, f"/cart/{token}", two)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(orders(services)) == 1
    pay_with_4242(first.headers["Location"])
    late = post_form(client, f"/cart/{token}", two)  # no webhook came yet: we ask Stripe ourselves
    assert late.status_code == 409
    assert "Your cart is empty" in late.text
    assert [order.state for order in orders(services)] == [OrderState.PAID]
    make.check_books(services)


def test_a_changed_cart_closes_the_checkout_before_so_that_nothing_is_paid_twice(
    client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    token = filled(client, stalls.line("first", "exclusive"), stalls.line("second", "basic"))
    check_out(client, token)
    post_form(client, f"/cart/{token}/remove", {"track": stalls.second.id})
    answer = check_out(client, token)
    assert answer.status_code == 303, answer.text
    old, new = orders(services)
    assert (old.state, new.state) == (OrderState.EXPIRED, OrderState.OPEN)
    assert services.payments.retrieve_checkout(old.checkout_session_id or "").status.value == "expired"
    pay_with_4242(answer.headers["Location"])
    complete_order(services, new.id)
    make.check_books(services)
    assert len(lines(services, token)) == 0


def test_what_is_added_or_changed_after_the_order_stays_in_the_cart(
    client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    token = filled(client, stalls.line("first", "basic"), stalls.line("second", "basic"))
    url = check_out(client, token).headers["Location"]
    sent(client, f"/embed/v1/carts/{token}/lines", stalls.line("third", "basic"))
    sent(client, f"/embed/v1/carts/{token}/lines", stalls.line("second", "premium"))
    pay_with_4242(url)
    (order,) = orders(services)
    for _ in range(2):
        complete_order(services, order.id)
        make.deliver(services, "checkout.session.completed", order.checkout_session_id or "")
    assert lines(services, token) == [stalls.second.id, stalls.third.id]


def test_a_buyer_who_comes_back_without_paying_finds_the_cart_as_it_was(
    client: FlaskClient, services: Services, stalls: Stalls, clock: FixedClock, worker: Worker
) -> None:
    token = filled(client, stalls.line("first", "basic"), stalls.line("second", "basic"))
    url = check_out(client, token).headers["Location"]
    checkout = requests.get(url, timeout=10).text
    assert f'href="{services.settings.base_url}/cart/{token}"' in checkout
    assert len(lines(services, token)) == 2
    clock.advance(timedelta(minutes=40))
    worker.run_once()
    (order,) = orders(services)
    assert order.state is OrderState.EXPIRED
    page = client.get(f"/orders/{order.token}")
    assert f'href="/cart/{token}"' in page.text
    again = check_out(client, token)
    assert again.status_code == 303
    assert again.headers["Location"] != url


def test_more_exclusives_than_one_order_takes_are_refused_with_a_way_out(
    client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    token = filled(client, *(stalls.line(place, "exclusive") for place in ("first", "second", "third")))
    answer = check_out(client, token)
    assert answer.status_code == 429
    assert "at most 2 exclusive licenses" in answer.text
    assert make.reservations(services) == []
    assert orders(services) == []


def test_stripe_that_does_not_answer_costs_nothing_and_the_same_form_finishes_the_work(
    client: FlaskClient, services: Services, stalls: Stalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = filled(client, stalls.line("first", "exclusive"))
    form = form_of(client, token)

    def fail(**_given: object) -> None:
        raise Upstream("no answer")

    really: Callable[..., object] = services.payments.create_checkout
    monkeypatch.setattr(services.payments, "create_checkout", fail)
    answer = post_form(client, f"/cart/{token}", form)
    assert answer.status_code == 502
    assert "your cart is kept" in answer.text
    monkeypatch.setattr(services.payments, "create_checkout", really)
    assert post_form(client, f"/cart/{token}", form).status_code == 303
    assert len(orders(services)) == 1
    assert [item.track_id for item in _items(services)] == [stalls.first.id]


def _items(services: Services) -> list[OrderItem]:
    with services.database.reading() as session:
        return list(session.scalars(select(OrderItem)))
