"""Buying over HTTP: the page, the order, the payment at the stand-in, the files, the refund."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from flexapp.catalog.models import Deliverable, LicenseType, Track
from flexapp.kernel.clock import FixedClock
from flexapp.licensing.models import Download, Reservation
from flexapp.listening import sessions
from flexapp.localstripe.server import Server
from flexapp.notices.models import MailLog
from flexapp.orders.models import Order, OrderItem, OrderState
from flexapp.people.models import Person
from flexapp.worker.runtime import Worker
from flexapp.workflows.refund_order import refund_order
from flexapp.workflows.services import Services
from tests.factories import orders as make
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_license_types, make_track
from tests.factories.people import make_person, post_form

CARD = {"card": "4242424242424242", "expiry": "12/34", "cvc": "123", "name": "Ana Buyer"}


@dataclass
class Stand:
    """One producer with a track under four licenses, an affiliate whose app shows it."""

    producer: Person
    affiliate: Person
    track: Track
    premium: LicenseType
    exclusive: LicenseType
    key: str


@pytest.fixture
def stand(services: Services) -> Stand:
    with services.database.writing() as session:
        producer = make_person(session, name="Kaito")
        affiliate = make_person(session, name="Mara")
        _, premium, _, exclusive = make_license_types(session, producer)
        track = make_track(
            session, producer, title="Midnight “Trap” é", slug="midnight-trap", objects=services.objects
        )
        make_track(session, producer, title="Dusty Corner", slug="dusty-corner")
        app = make_app(session, affiliate, picks=(track,))
        key = make_placement(session, app, services.signer).key
    return Stand(producer, affiliate, track, premium, exclusive, key)


@pytest.fixture
def pay(localstripe: Server) -> Callable[[str], str]:
    """Pays with 4242 on the stand-in's page; returns where it sends the buyer."""

    def pay(url: str) -> str:
        answer = requests.post(
            url, data={**CARD, "email": "ana@mail.example"}, allow_redirects=False, timeout=10
        )
        assert answer.status_code == 303, answer.text
        return urlsplit(answer.headers["Location"]).path

    return pay


def form_of(client: FlaskClient, stand: Stand, license_type: LicenseType, query: str = "") -> dict[str, str]:
    """The fields of the buy page as a browser would send them."""
    page = client.get(f"/buy/{stand.track.slug}{query}")
    assert page.status_code == 200
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    hidden.pop("csrf_token", None)
    return {
        **hidden,
        "lic": license_type.id,
        "email": "ana@mail.example",
        "name": "Ana Buyer",
        "accept": "yes",
    }


def buy(client: FlaskClient, stand: Stand, license_type: LicenseType, query: str = "") -> TestResponse:
    return post_form(client, f"/buy/{stand.track.slug}", form_of(client, stand, license_type, query))


def count(services: Services, model: type) -> int:
    with services.database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_the_page_shows_licenses_prices_and_full_terms_and_changes_nothing(
    client: FlaskClient, services: Services, stand: Stand
) -> None:
    page = client.get(f"/buy/{stand.track.slug}?lic={stand.premium.id}&k={stand.key}")
    assert page.status_code == 200
    for text in ("$29.99", "$65.00", "$149.00", "$499.00", "Kaito", "What you may do", "Limits"):
        assert text in page.text
    assert re.search(rf'value="{stand.premium.id}" checked', page.text)
    assert "<script>" not in page.text
    assert "style=" not in page.text
    assert count(services, Order) == 0
    assert count(services, Reservation) == 0


def test_the_whole_way_from_the_page_to_the_file(
    client: FlaskClient,
    services: Services,
    stand: Stand,
    worker: Worker,
    pay: Callable[[str], str],
    clock: FixedClock,
) -> None:
    answer = buy(client, stand, stand.premium, f"?k={stand.key}")
    assert answer.status_code == 303, answer.text
    page_path = pay(answer.headers["Location"])
    page = client.get(page_path)  # before any webhook: the page asks Stripe itself
    assert "Thank you, Ana Buyer" in page.text
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in page.headers["Cache-Control"]
    with services.database.reading() as session:
        order = session.scalars(select(Order)).one()
        item = session.scalars(select(OrderItem)).one()
        assert order.state is OrderState.PAID
        assert (item.producer_amount, item.affiliate_amount, item.platform_amount) == (4875, 650, 975)
        assert item.attribution["rule"] == "placement"
        files = select(Deliverable).where(Deliverable.track_id == stand.track.id)
        deliverables = {row.kind.value: row for row in session.scalars(files)}
        receipt = session.scalars(select(MailLog).where(MailLog.key == f"order.receipt:{order.id}")).one()
        assert page_path in receipt.text
        assert "What you may do" in receipt.text
        notices = list(session.scalars(select(MailLog.recipient).where(MailLog.key.startswith("order.sale"))))
        assert sorted(notices) == sorted([stand.producer.email, stand.affiliate.email])
    links = re.findall(r'href="(/files/[^"]+)"', page.text)
    assert len(links) == 2
    for link, kind in zip(links, ("mp3", "wav"), strict=True):
        assert client.head(link).status_code == 200
        file = client.get(link)
        expected = deliverables[kind]
        assert file.status_code == 200
        assert file.headers["Content-Length"] == str(expected.bytes)
        assert hashlib.sha256(file.data).hexdigest() == expected.sha256
        assert file.headers["Content-Disposition"].startswith("attachment;")
        assert file.headers["Content-Type"] == expected.content_type
    with services.database.reading() as session:
        assert [row.count for row in session.scalars(select(Download))] == [1, 1]
    worker.run_once()
    make.check_books(services)
    clock.advance(timedelta(hours=24, seconds=1))
    gone = client.get(links[0])
    assert gone.status_code == 404
    assert "run out" in gone.text


def test_the_session_whose_player_led_here_is_kept_as_evidence_and_a_forged_one_is_not(
    client: FlaskClient, services: Services, stand: Stand, clock: FixedClock
) -> None:
    heard = sessions.mint(
        services.signer, app_id="", placement_id="", channel="direct", host="blog.example", now=clock.now()
    )
    claims = sessions.read(services.signer, heard, clock.now())
    assert claims is not None
    clock.advance(timedelta(days=20))
    for token, kept in ((heard, claims.session_id), (f"x{heard}", None), ("", None)):
        assert buy(client, stand, stand.premium, f"?k={stand.key}&s={token}").status_code == 303
        with services.database.reading() as session:
            newest = select(OrderItem).order_by(OrderItem.id.desc()).limit(1)
            item = session.scalars(newest).one()
        assert item.attribution.get("session_id") == kept
        assert item.attribution["rule"] == "placement"
        clock.advance(timedelta(seconds=1))


def test_a_file_is_handed_out_ten_times_and_the_producer_may_reset(
    client: FlaskClient, services: Services, stand: Stand, pay: Callable[[str], str]
) -> None:
    page_path = pay(buy(client, stand, stand.premium).headers["Location"])
    link = re.findall(r'href="(/files/[^"]+)"', client.get(page_path).text)[0]
    for _ in range(10):
        assert client.get(link).status_code == 200
    refused = client.get(link)
    assert refused.status_code == 409
    assert "downloaded 10 times" in refused.text
    assert "Used up" in client.get(page_path).text


def test_the_same_form_sent_twice_leads_to_the_same_checkout(
    client: FlaskClient, services: Services, stand: Stand
) -> None:
    form = form_of(client, stand, stand.premium)
    first = post_form(client, f"/buy/{stand.track.slug}", form)
    again = post_form(client, f"/buy/{stand.track.slug}", form)
    assert first.headers["Location"] == again.headers["Location"]
    assert count(services, Order) == 1


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"accept": ""}, 422, "Read and accept"),
        ({"email": "nobody"}, 422, "Enter the e-mail address"),
        ({"name": " "}, 422, "Enter the name"),
        ({"seen": "0" * 64}, 409, "changed while you were reading"),
        ({"lic": "lty_00000000000000000000000000"}, 409, "not offered any more"),
    ],
)
def test_a_form_that_is_wrong_comes_back_with_its_values(
    client: FlaskClient,
    services: Services,
    stand: Stand,
    change: dict[str, str],
    status: int,
    sentence: str,
) -> None:
    form = form_of(client, stand, stand.premium)
    form |= {f"seen-{stand.premium.id}" if name == "seen" else name: value for name, value in change.items()}
    answer = post_form(client, f"/buy/{stand.track.slug}", form)
    assert answer.status_code == status
    assert sentence in answer.text
    if "name" not in change:
        assert 'value="Ana Buyer"' in answer.text
    assert form["nonce"] in answer.text
    assert count(services, Order) == 0


def test_a_post_without_our_token_is_refused(client: FlaskClient, services: Services, stand: Stand) -> None:
    form = form_of(client, stand, stand.premium)
    assert client.post(f"/buy/{stand.track.slug}", data=form).status_code == 403
    assert count(services, Order) == 0


def test_an_exclusive_held_by_another_and_a_sold_one_show_beats_close_to_it(
    client: FlaskClient, services: Services, stand: Stand, pay: Callable[[str], str]
) -> None:
    waiting = form_of(client, stand, stand.premium)
    first = buy(client, stand, stand.exclusive)
    assert first.status_code == 303
    assert "buying the exclusive" in client.get(f"/buy/{stand.track.slug}").text
    held = post_form(client, f"/buy/{stand.track.slug}", waiting)
    assert held.status_code == 409
    assert "Dusty Corner" in held.text
    client.get(pay(first.headers["Location"]))
    sold = client.get(f"/buy/{stand.track.slug}")
    assert sold.status_code == 409
    assert "is taken" in sold.text
    assert "Dusty Corner" in sold.text
    assert post_form(client, f"/buy/{stand.track.slug}", waiting).status_code == 409
    assert count(services, Order) == 1


def test_a_visitor_who_came_by_a_placement_is_remembered_for_later_purchases(
    client: FlaskClient, services: Services, stand: Stand
) -> None:
    first = client.get(f"/buy/{stand.track.slug}?k={stand.key}")
    cookie = next(line for line in first.headers.getlist("Set-Cookie") if line.startswith("aff="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    buy(client, stand, stand.premium)
    with services.database.reading() as session:
        item = session.scalars(select(OrderItem)).one()
    assert item.affiliate_id == stand.affiliate.id
    assert item.attribution["rule"] == "last_touch"


@pytest.mark.parametrize("headers", [{"Sec-GPC": "1"}, {"DNT": "1"}, {"Sec-Purpose": "prefetch"}])
def test_nobody_who_asks_not_to_be_followed_is_remembered(
    client: FlaskClient, stand: Stand, headers: dict[str, str]
) -> None:
    answer = client.get(f"/buy/{stand.track.slug}?k={stand.key}", headers=headers)
    assert not any(line.startswith("aff=") for line in answer.headers.getlist("Set-Cookie"))


def test_an_edited_placement_token_sets_no_cookie(client: FlaskClient, stand: Stand) -> None:
    answer = client.get(f"/buy/{stand.track.slug}?k={stand.key}x")
    assert not any(line.startswith("aff=") for line in answer.headers.getlist("Set-Cookie"))


def test_the_player_polls_a_state_that_names_nobody(
    client: FlaskClient, services: Services, stand: Stand, pay: Callable[[str], str]
) -> None:
    chosen = "0b6e0a2c-6f0f-4b7e-9c57-3f2d1a9b8c7d"
    assert client.get(f"/embed/v1/orders/{chosen}").status_code == 404
    answer = buy(client, stand, stand.premium, f"?o={chosen}")
    waiting = client.get(f"/embed/v1/orders/{chosen}")
    assert waiting.json == {"state": "open", "is_settled": False}
    assert waiting.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in waiting.headers
    client.get(pay(answer.headers["Location"]))
    assert client.get(f"/embed/v1/orders/{chosen}").json == {"state": "paid", "is_settled": True}


def test_an_unpaid_order_waits_can_be_continued_and_canceled(
    client: FlaskClient, services: Services, stand: Stand
) -> None:
    checkout = buy(client, stand, stand.exclusive).headers["Location"]
    with services.database.reading() as session:
        token = session.scalars(select(Order.token)).one()
    page = client.get(f"/orders/{token}")
    assert "Waiting for your payment" in page.text
    assert checkout in page.text.replace("&amp;", "&")
    assert count(services, Reservation) == 1
    assert post_form(client, f"/orders/{token}/cancel").status_code == 303
    assert "was not paid" in client.get(f"/orders/{token}").text
    assert count(services, Reservation) == 0
    assert requests.get(checkout, timeout=10).status_code == 410


def test_an_order_page_that_ran_out_is_renewed_by_mail_alone(
    client: FlaskClient,
    services: Services,
    stand: Stand,
    pay: Callable[[str], str],
    clock: FixedClock,
) -> None:
    page_path = pay(buy(client, stand, stand.premium).headers["Location"])
    client.get(page_path)
    clock.advance(timedelta(days=30))
    old = client.get(page_path)
    assert "has run out" in old.text
    assert "/files/" not in old.text
    for _ in range(3):
        answer = post_form(client, f"{page_path}/renew")
        assert answer.status_code == 303
        assert answer.headers["Location"].endswith(page_path)
    with services.database.reading() as session:
        mails = session.scalars(select(MailLog).where(MailLog.key.startswith("order.link"))).all()
        token = session.scalars(select(Order.token)).one()
    assert [mail.recipient for mail in mails] == ["ana@mail.example"]
    assert f"/orders/{token}" in mails[0].text
    assert token not in page_path
    assert "Thank you" in client.get(f"/orders/{token}").text
    assert "has run out" in client.get(page_path).text


def test_a_token_that_never_was_is_not_found(client: FlaskClient) -> None:
    assert client.get("/orders/nonsense").status_code == 404
    assert client.get("/files/nonsense").status_code == 404
    assert post_form(client, "/orders/nonsense/renew").status_code == 404


def test_a_refund_closes_the_files_and_says_so(
    client: FlaskClient, services: Services, stand: Stand, worker: Worker, pay: Callable[[str], str]
) -> None:
    page_path = pay(buy(client, stand, stand.premium, f"?k={stand.key}").headers["Location"])
    link = re.findall(r'href="(/files/[^"]+)"', client.get(page_path).text)[0]
    with services.database.reading() as session:
        order = session.scalars(select(Order)).one()
    services.payments.refund(charge_id=order.charge_id or "", key="operator")
    refund_order(services, order.id)
    assert "Your money went back" in client.get(page_path).text
    assert client.get(link).status_code == 403
    make.check_books(services)
    with services.database.reading() as session:
        mail = session.scalars(select(MailLog).where(MailLog.key.startswith("order.refund"))).one()
    assert "$65.00 of your order goes back to you" in mail.text
    assert "has ended with this refund" in mail.text
