"""The cart's door for players: text bodies, no cookies, readable everywhere, and what it refuses."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from flexapp.app import create_app
from flexapp.catalog.models import Visibility
from flexapp.catalog.queries import track_by_id
from flexapp.config import Settings
from flexapp.kernel.clock import FixedClock
from flexapp.orders.models import Cart, CartLine
from flexapp.worker.periodic import prune
from flexapp.workflows.services import Services
from tests.factories.carts import Stalls, open_stalls, sent
from tests.factories.catalog import make_license_type, make_track
from tests.factories.people import make_person

BASIC = {"amount": 2999, "currency": "usd", "text": "$29.99"}


@pytest.fixture
def stalls(services: Services) -> Stalls:
    return open_stalls(services)


def create(client: FlaskClient, stalls: Stalls) -> dict[str, Any]:
    answer = sent(client, "/embed/v1/carts", stalls.line("first", "basic", k=stalls.first_key))
    assert answer.status_code == 201, answer.text
    return dict(answer.json or {})


def lines(services: Services) -> list[CartLine]:
    with services.database.reading() as session:
        return list(session.scalars(select(CartLine).order_by(CartLine.added_at, CartLine.track_id)))


def assert_problem(answer: TestResponse, status: int, code: str) -> None:
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    assert (answer.json or {})["code"] == code
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_cart_is_made_with_its_first_line_and_says_what_it_comes_to(
    client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    answer = sent(client, "/embed/v1/carts", stalls.line("first", "basic", k=stalls.first_key))
    cart = answer.json or {}
    assert answer.status_code == 201
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert len(cart["token"]) >= 32
    assert cart["url"] == f"{services.settings.base_url}/cart/{cart['token']}"
    assert cart["total"] == BASIC
    (line,) = cart["lines"]
    assert (line["title"], line["producer"]) == (stalls.first.title, "Kaito")
    assert (line["price"], line["problem"]) == (BASIC, None)
    assert [offer["price"]["amount"] for offer in line["offers"]] == [2999, 6500, 14900, 49900]
    assert "email" not in answer.text
    assert (client.get(f"/embed/v1/carts/{cart['token']}").json or {})["lines"] == cart["lines"]


def test_prices_are_written_as_the_players_language_writes_them(client: FlaskClient, stalls: Stalls) -> None:
    token = create(client, stalls)["token"]
    german = client.get(f"/embed/v1/carts/{token}?lang=de").json or {}
    assert german["total"]["text"] == "29,99\N{NO-BREAK SPACE}$"
    unknown = client.get(f"/embed/v1/carts/{token}?lang=xx").json or {}
    assert unknown["total"] == BASIC


def test_a_track_is_there_once_and_another_choice_replaces_it_without_moving_its_placement(
    client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    path = f"/embed/v1/carts/{create(client, stalls)['token']}"
    sent(client, f"{path}/lines", stalls.line("second", "basic", k=stalls.second_key))
    changed = sent(client, f"{path}/lines", stalls.line("first", "premium")).json or {}
    assert [line["license"] for line in changed["lines"]] == ["Premium lease", "Basic lease"]
    assert changed["total"]["amount"] == 6500 + 2999
    assert [line.placement_token for line in lines(services)] == [stalls.first_key, stalls.second_key]
    sent(client, f"{path}/lines", stalls.line("first", "basic", k=stalls.second_key))
    assert {line.placement_token for line in lines(services)} == {stalls.second_key}


def test_a_line_is_taken_out_once_or_twice_alike(client: FlaskClient, stalls: Stalls) -> None:
    path = f"/embed/v1/carts/{create(client, stalls)['token']}"
    for _ in range(2):
        answer = sent(client, f"{path}/remove", {"track_id": stalls.first.id})
        assert answer.status_code == 200
        assert answer.json == {
            **(answer.json or {}),
            "lines": [],
            "count": 0,
            "can_check_out": False,
            "total": {"amount": 0, "currency": "usd", "text": "$0.00"},
        }


def test_tokens_that_are_not_ours_are_left_out_and_sell_all_the_same(
    client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    body = stalls.line("first", "basic", k=stalls.first_key[:-3] + "abc", s="v1.forged.token")
    assert sent(client, "/embed/v1/carts", body).status_code == 201
    (line,) = lines(services)
    assert (line.placement_token, line.session_token) == (None, None)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "nul",
        "{}",
        '{"track_id": 7}',
        '{"track_id": "trk_x", "license_type_id": "lty_x"}',
        "[" * 3000,
    ],
)
def test_a_body_that_names_no_line_is_refused(
    client: FlaskClient, services: Services, stalls: Stalls, body: str
) -> None:
    assert_problem(sent(client, "/embed/v1/carts", body), 422, "invalid_cart_line")
    assert lines(services) == []


def test_a_body_over_four_kilobytes_is_refused(client: FlaskClient, stalls: Stalls) -> None:
    body = json.dumps({**stalls.line("first", "basic"), "x": "y" * 4096})
    assert_problem(sent(client, "/embed/v1/carts", body), 413, "cart_line_too_large")


def test_what_is_not_for_sale_is_refused_with_its_own_code(
    client: FlaskClient, services: Services, stalls: Stalls, clock: FixedClock
) -> None:
    path = f"/embed/v1/carts/{create(client, stalls)['token']}/lines"
    unknown = {"track_id": f"trk_{'0' * 26}", "license_type_id": stalls.licenses["basic"].id}
    assert_problem(sent(client, path, unknown), 404, "track_not_found")
    foreign = {"track_id": stalls.second.id, "license_type_id": stalls.licenses["basic"].id}
    assert_problem(sent(client, path, foreign), 409, "offer_gone")
    with services.database.writing() as session:
        track = track_by_id(session, stalls.second.id)
        assert track is not None
        track.sold_exclusively_at = clock.now()
    assert_problem(sent(client, path, stalls.line("second", "basic")), 409, "track_sold_exclusively")
    assert_problem(
        sent(client, "/embed/v1/carts/nobodys/lines", stalls.line("first", "basic")), 404, "cart_not_found"
    )
    assert_problem(client.get("/embed/v1/carts/nobodys"), 404, "cart_not_found")


def test_a_cart_holds_thirty_beats_of_one_currency(
    client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    path = f"/embed/v1/carts/{create(client, stalls)['token']}/lines"
    with services.database.writing() as session:
        producer = make_person(session)
        lease = make_license_type(session, producer)
        tracks = [make_track(session, producer, license_types=[lease]) for _ in range(30)]
        euro = make_license_type(session, producer, currency="eur")
        other = make_track(session, producer, license_types=[euro])
    body = {"track_id": other.id, "license_type_id": euro.id}
    assert_problem(sent(client, path, body), 409, "cart_currency")
    codes = [
        sent(client, path, {"track_id": track.id, "license_type_id": lease.id}).status_code
        for track in tracks
    ]
    assert codes == [200] * 29 + [409]
    assert sent(client, path, stalls.line("first", "premium")).status_code == 200


def test_an_empty_cart_takes_another_currency(
    client: FlaskClient, services: Services, stalls: Stalls
) -> None:
    path = f"/embed/v1/carts/{create(client, stalls)['token']}"
    with services.database.writing() as session:
        producer = make_person(session)
        euro = make_license_type(session, producer, currency="eur")
        other = make_track(session, producer, license_types=[euro])
    sent(client, f"{path}/remove", {"track_id": stalls.first.id})
    answer = sent(client, f"{path}/lines", {"track_id": other.id, "license_type_id": euro.id})
    assert (answer.json or {})["total"] == {"amount": 2999, "currency": "eur", "text": "€29.99"}


def test_each_line_says_what_became_of_it_and_stays_out_of_the_total(
    client: FlaskClient, services: Services, stalls: Stalls, clock: FixedClock
) -> None:
    path = f"/embed/v1/carts/{create(client, stalls)['token']}"
    sent(client, f"{path}/lines", stalls.line("second", "basic"))
    sent(client, f"{path}/lines", stalls.line("third", "premium"))
    with services.database.writing() as session:
        first, second = track_by_id(session, stalls.first.id), track_by_id(session, stalls.second.id)
        assert first is not None
        assert second is not None
        first.sold_exclusively_at = clock.now()
        second.visibility = Visibility.DRAFT
        session.merge(stalls.licenses["third premium"]).default_price = 7000
    cart = client.get(path).json or {}
    assert [(line["problem"] or {}).get("code") for line in cart["lines"]] == [
        "track_sold_exclusively",
        "track_gone",
        None,
    ]
    assert cart["total"]["amount"] == 7000
    assert cart["lines"][2]["was"] == {"amount": 6500, "currency": "usd", "text": "$65.00"}
    with services.database.writing() as session:
        session.merge(stalls.licenses["third premium"]).is_active = False
    cart = client.get(path).json or {}
    assert [(line["problem"] or {}).get("code") for line in cart["lines"]] == [
        "track_sold_exclusively",
        "track_gone",
        "offer_gone",
    ]
    assert cart["can_check_out"] is False


def test_a_cart_that_nobody_uses_for_thirty_days_expires_and_is_forgotten(
    client: FlaskClient, services: Services, stalls: Stalls, clock: FixedClock
) -> None:
    path = f"/embed/v1/carts/{create(client, stalls)['token']}"
    clock.advance(timedelta(days=29))
    assert sent(client, f"{path}/lines", stalls.line("second", "basic")).status_code == 200
    clock.advance(timedelta(days=29))
    assert client.get(path).status_code == 200
    clock.advance(timedelta(days=1, seconds=1))
    assert_problem(client.get(path), 404, "cart_expired")
    assert_problem(sent(client, f"{path}/lines", stalls.line("first", "basic")), 404, "cart_expired")
    page = client.get(path.replace("/embed/v1/carts/", "/cart/"))
    assert (page.status_code, "This cart has expired" in page.text) == (410, True)
    prune(services)
    assert lines(services) == []
    clock.advance(timedelta(days=30))
    prune(services)
    with services.database.reading() as session:
        assert session.scalars(select(Cart)).all() == []
    assert_problem(client.get(path), 404, "cart_not_found")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_new_carts_are_limited_by_address(settings: Settings, services: Services, stalls: Stalls) -> None:
    client = create_app(settings.model_copy(update={"rate_limits": True}), services).test_client()
    answers = [sent(client, "/embed/v1/carts", stalls.line("first", "basic")) for _ in range(21)]
    assert [one.status_code for one in answers] == [201] * 20 + [429]
    assert answers[-1].headers["Access-Control-Allow-Origin"] == "*"
    assert int(answers[-1].headers["Retry-After"]) > 0
