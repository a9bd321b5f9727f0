"""A cart over HTTP: from lines of several producers to one payment and every file."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from flexapp.catalog.queries import track_by_id
from flexapp.kernel.clock import FixedClock
from flexapp.listening import sessions
from flexapp.localstripe.server import Server
from flexapp.orders.models import CartLine, OrderState
from flexapp.worker.runtime import Worker
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
)
from tests.factories.payments import pay_with_4242
from tests.factories.people import post_form, sign_in

UUID = "0b6e0a2c-6f0f-4b7e-9c57-3f2d1a9b8c7d"


@pytest.fixture
def stalls(services: Services, localstripe: Server) -> Stalls:
    return open_stalls(services)


def test_two_producers_in_two_affiliates_players_are_paid_at_once_and_each_line_credits_its_own(
    client: FlaskClient, services: Services, stalls: Stalls, worker: Worker
) -> None:
    token = filled(
        client,
        stalls.line("first", "basic", k=stalls.first_key),
        stalls.line("second", "premium", k=stalls.second_key),
        stalls.line("third", "exclusive"),
    )
    answer = check_out(client, token)
    assert answer.status_code == 303, answer.text
    back = pay_with_4242(answer.headers["Location"])
    page = client.get(urlsplit(back).path)
    assert "Thank you, Ana Buyer" in page.text
    (order,) = orders(services)
    assert (order.state, order.total) == (OrderState.PAID, 2999 + 6500 + 49900)
    first, second, third = make.items(services, order.id)
    assert [first.affiliate_id, second.affiliate_id, third.affiliate_id] == [
        stalls.first_affiliate.id,
        stalls.second_affiliate.id,
        None,
    ]
    assert [item.attribution["rule"] for item in (first, second, third)] == ["placement", "placement", "none"]
    assert (first.producer_amount, first.affiliate_amount, first.platform_amount) == (2129, 300, 570)
    assert (second.producer_amount, second.affiliate_amount, second.platform_amount) == (4875, 650, 975)
    assert (third.producer_amount, third.affiliate_amount, third.platform_amount) == (39920, 0, 9980)
    assert [item.producer_id for item in (first, second, third)] == [one.id for one in stalls.producers]
    make.check_books(services)
    assert lines(services, token) == []
    links = re.findall(r'href="(/files/[^"]+)"', page.text)
    assert len(links) == 1 + 2 + 3
    assert {client.get(link).status_code for link in links} == {200}
    worker.run_once()
    make.check_books(services)
    assert "Your cart is empty" in client.get(f"/cart/{token}").text


def test_the_page_shows_prices_and_every_licenses_terms_runs_no_script_and_changes_nothing(
    client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    token = filled(client, stalls.line("first", "basic"), stalls.line("second", "premium"))
    page = client.get(f"/cart/{token}")
    for text in ("$29.99", "$65.00", "$94.99", "Kaito", "Lena", html.escape("Harbor “Blue”"), "Pay $94.99"):
        assert text in page.text
    assert page.text.count("What you may do") == 2
    assert "<script>" not in page.text
    assert "style=" not in page.text
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in page.headers["Cache-Control"]
    assert orders(services) == []
    assert make.reservations(services) == []


def test_a_license_is_changed_and_a_beat_removed_without_scripts(
    client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    token = filled(client, stalls.line("first", "basic", k=stalls.first_key), stalls.line("second", "basic"))
    change = {"track": stalls.first.id, "lic": stalls.licenses["premium"].id}
    assert post_form(client, f"/cart/{token}/lines", change).headers["Location"] == f"/cart/{token}"
    assert "Pay $94.99" in client.get(f"/cart/{token}").text
    with services.database.reading() as session:
        line = session.get_one(CartLine, (token, stalls.first.id))
        assert line.placement_token == stalls.first_key
    post_form(client, f"/cart/{token}/remove", {"track": stalls.second.id})
    assert lines(services, token) == [stalls.first.id]
    foreign = {"track": stalls.first.id, "lic": stalls.license("second", "basic").id}
    post_form(client, f"/cart/{token}/lines", foreign)
    assert "not offered any more" in client.get(f"/cart/{token}").text
    unheld = {"track": stalls.third.id, "lic": stalls.license("third", "basic").id}
    post_form(client, f"/cart/{token}/lines", unheld)
    assert lines(services, token) == [stalls.first.id]
    assert client.post(f"/cart/{token}/remove", data={"track": stalls.first.id}).status_code == 403
    assert lines(services, token) == [stalls.first.id]


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"accept": ""}, 422, "Read and accept"),
        ({"email": "nobody"}, 422, "Enter the e-mail address"),
        ({"seen": "0" * 64}, 409, "changed while you were reading"),
        ({"track": []}, 422, "nothing to buy"),
    ],
)
def test_a_form_that_is_wrong_comes_back_with_its_values_and_orders_nothing(
    client: FlaskClient,
    services: Services,
    stalls: Stalls,
    change: dict[str, str],
    status: int,
    sentence: str,
) -> None:
    token = filled(client, stalls.line("first", "exclusive"), stalls.line("second", "premium"))
    answer = check_out(client, token, **change)
    assert answer.status_code == status
    assert sentence in answer.text
    assert 'value="Ana Buyer"' in answer.text
    assert orders(services) == []
    assert make.reservations(services) == []
    assert len(lines(services, token)) == 2


def test_a_placement_that_brought_the_buyer_to_the_cart_credits_a_line_that_has_none(
    client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    token = filled(client, stalls.line("first", "basic"), stalls.line("second", "basic", k=stalls.second_key))
    client.get(f"/cart/{token}?k={stalls.first_key}")
    check_out(client, token)
    items = make.items(services, orders(services)[0].id)
    assert [item.attribution["rule"] for item in items] == ["last_touch", "placement"]
    assert [item.affiliate_id for item in items] == [stalls.first_affiliate.id, stalls.second_affiliate.id]


def test_the_session_a_line_was_added_in_is_kept_as_evidence_and_the_player_can_follow_its_order(
    client: FlaskClient, services: Services, stalls: Stalls, clock: FixedClock
) -> None:
    heard = sessions.mint(
        services.signer, app_id="", placement_id="", channel="direct", host="blog.example", now=clock.now()
    )
    claims = sessions.read(services.signer, heard, clock.now())
    assert claims is not None
    token = filled(client, stalls.line("first", "basic", s=heard), stalls.line("second", "basic"))
    clock.advance(timedelta(days=20))
    form = form_of(client, token, f"?o={UUID}")
    assert form["o"] == UUID
    post_form(client, f"/cart/{token}", form)
    first, second = make.items(services, orders(services)[0].id)
    assert first.attribution["session_id"] == claims.session_id
    assert "session_id" not in second.attribution
    assert client.get(f"/embed/v1/orders/{UUID}").json == {"state": "open", "is_settled": False}


def test_the_buy_page_adds_to_this_browsers_cart_and_a_players_cart_goes_on_here(
    app: Flask, client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    page = client.get(f"/buy/{stalls.first.slug}?k={stalls.first_key}")
    assert f'formaction="/buy/{stalls.first.slug}/cart"' in page.text
    chosen = {"lic": stalls.licenses["basic"].id, "k": stalls.first_key}
    answer = post_form(client, f"/buy/{stalls.first.slug}/cart", chosen)
    token = answer.headers["Location"].removeprefix("/cart/")
    cookie = client.get_cookie("cart")
    assert cookie is not None
    assert (cookie.value, cookie.http_only, cookie.same_site) == (token, True, "Lax")
    post_form(client, f"/buy/{stalls.second.slug}/cart", {"lic": stalls.license("second", "basic").id})
    assert lines(services, token) == [stalls.first.id, stalls.second.id]
    assert client.get("/cart").headers["Location"] == f"/cart/{token}"
    with services.database.reading() as session:
        assert session.get_one(CartLine, (token, stalls.first.id)).placement_token == stalls.first_key

    other = app.test_client()
    assert "Your cart is empty" in other.get("/cart").text
    players = filled(other, stalls.line("third", "basic"))
    other.get(f"/cart/{players}")
    post_form(other, f"/buy/{stalls.first.slug}/cart", {"lic": stalls.licenses["basic"].id})
    assert set(lines(services, players)) == {stalls.third.id, stalls.first.id}
    client.get(f"/cart/{players}")  # a browser with a cart of its own keeps that
    assert client.get("/cart").headers["Location"] == f"/cart/{token}"


def test_a_players_cart_and_this_browsers_own_become_one(
    client: FlaskClient, services: Services, stalls: Stalls, clock: FixedClock
) -> None:
    for place in ("first", "second", "third"):
        chosen = {"lic": stalls.license(place, "basic").id, "k": stalls.second_key}
        answer = post_form(client, f"/buy/{getattr(stalls, place).slug}/cart", chosen)
    own = answer.headers["Location"].removeprefix("/cart/")
    players = filled(client, stalls.line("first", "premium", k=stalls.first_key))
    assert "You have another cart, with 3 beats" in client.get(f"/cart/{players}").text
    with services.database.writing() as session:
        third = track_by_id(session, stalls.third.id)
        assert third is not None
        third.sold_exclusively_at = clock.now()
    post_form(client, f"/cart/{players}/merge")
    page = client.get(f"/cart/{players}").text
    assert "Not moved, because it is not for sale now or does not fit: Ember &amp; Ash." in page
    assert "You have another cart" not in page
    assert client.get("/cart").headers["Location"] == f"/cart/{players}"
    assert (set(lines(services, players)), lines(services, own)) == (
        {stalls.first.id, stalls.second.id},
        [stalls.third.id],
    )
    with services.database.reading() as session:
        first = session.get_one(CartLine, (players, stalls.first.id))
        second = session.get_one(CartLine, (players, stalls.second.id))
    assert (first.license_type_id, first.placement_token) == (stalls.licenses["premium"].id, stalls.first_key)
    assert second.placement_token == stalls.second_key
    post_form(client, f"/cart/{players}/merge")
    assert set(lines(services, players)) == {stalls.first.id, stalls.second.id}


def test_a_license_that_went_is_said_on_the_buy_page_and_nothing_is_added(
    client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    answer = post_form(client, f"/buy/{stalls.first.slug}/cart", {"lic": "lty_" + "0" * 26})
    assert answer.headers["Location"] == f"/buy/{stalls.first.slug}"
    assert "not offered any more" in client.get(answer.headers["Location"]).text
    with services.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(CartLine)) == 0
    assert post_form(client, "/buy/nothing/cart", {"lic": "x"}).status_code == 404


def test_a_producer_is_told_that_a_beat_in_the_cart_is_their_own(
    client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    token = filled(client, stalls.line("first", "basic"), stalls.line("second", "basic"))
    assert "your own beat" not in client.get(f"/cart/{token}").text
    sign_in(client, services, stalls.producers[0])
    assert client.get(f"/cart/{token}").text.count("your own beat") == 1


def test_an_unknown_cart_is_not_there_and_a_removed_beat_keeps_its_title(
    client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    assert client.get("/cart/nobodys").status_code == 404
    assert post_form(client, "/cart/nobodys", {"accept": "yes"}).status_code in (404, 422)
    token = filled(client, stalls.line("first", "basic"))
    with services.database.writing() as session:
        track = track_by_id(session, stalls.first.id)
        assert track is not None
        track.deleted_at = services.clock.now()
    page = client.get(f"/cart/{token}").text
    assert "Night Drive" in page
    assert "This beat was taken down." in page
