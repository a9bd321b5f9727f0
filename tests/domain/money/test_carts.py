"""Carts and money: tabs racing for one checkout, kills between payment and emptying, balanced books."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from flexapp.catalog.operations import TrackSold
from flexapp.kernel import steps
from flexapp.kernel.clock import FixedClock
from flexapp.licensing.exclusivity import TrackReserved
from flexapp.licensing.models import ExclusiveSale, License, Reservation
from flexapp.orders import carts, queries
from flexapp.orders.models import CartLine, Order, OrderState
from flexapp.orders.terms import TermsChanged, terms_hash
from flexapp.storage.session import Database
from flexapp.worker.runtime import Worker
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.fill_cart import put_in_cart
from flexapp.workflows.open_checkout import shown, start_checkout
from flexapp.workflows.order_cart import order_cart
from flexapp.workflows.price_cart import price_cart
from flexapp.workflows.services import Services
from tests.domain.money.conftest import Market
from tests.domain.money.test_kills import Victims
from tests.factories import orders as make
from tests.factories.payments import pay_with_4242

TABS = 6


def cart_with(services: Services, *lines: tuple[str, str, str | None]) -> str:
    """The token of a cart with these lines: track, license type, placement token."""
    token = None
    for track_id, license_type_id, key in lines:
        with services.database.writing() as session:
            token = put_in_cart(
                session,
                token,
                track_id=track_id,
                license_type_id=license_type_id,
                placement_token=key,
                session_token=None,
                services=services,
                now=services.clock.now(),
            ).token
    assert token is not None
    return token


def seen_in(services: Services, token: str) -> dict[str, Any]:
    """What the page's form says of the lines."""
    with services.database.reading() as session:
        cart = price_cart(session, carts.cart_of(session, token, now=services.clock.now()))
        offers = [(one.track, one.offer) for one in cart.for_sale if one.track and one.offer]
        return {
            "track_ids": [track.id for track, _ in offers],
            "accepted_terms_hash": terms_hash(shown(track, offer) for track, offer in offers),
        }


def check_out(services: Services, token: str, seen: dict[str, Any], **options: Any) -> str:
    """The id of the order, with its checkout opened."""
    given = {
        "buyer_email": "ana@mail.example",
        "buyer_name": "Ana",
        "address": "198.51.100.7",
        "browser": "hers",
        **seen,
        **options,
    }
    order_id = order_cart(services, token, **given)
    start_checkout(services, order_id)
    return order_id


def lines(services: Services, token: str) -> list[str]:
    with services.database.reading() as session:
        return list(session.scalars(select(CartLine.track_id).where(CartLine.cart_token == token)))


def counts(services: Services) -> dict[str, int]:
    with services.database.reading() as session:
        return {
            model.__name__: session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Order, License, ExclusiveSale, Reservation)
        }


@pytest.fixture
def token(market: Market) -> str:
    """Kaito's track exclusively through Mara, his other one by a lease through his own page."""
    return cart_with(
        market.services,
        (market.track.id, market.exclusive.id, market.affiliate_key),
        (market.other.id, market.basic.id, market.own_key),
    )


@pytest.fixture
def crowd(market: Market, database_url: str) -> Iterator[Services]:
    database = Database(database_url, pool_size=TABS + 4)
    yield replace(market.services, database=database)
    database.close()


def test_one_order_of_two_lines_credits_each_placement_and_empties_the_cart_once(
    market: Market, token: str
) -> None:
    order_id = check_out(market.services, token, seen_in(market.services, token))
    order = make.reload(market.services, order_id)
    assert (order.total, order.cart_token) == (49900 + 2999, token)
    first, second = sorted(make.items(market.services, order_id), key=lambda item: -item.price)
    assert (first.affiliate_id, second.affiliate_id) == (market.affiliate.id, market.producer.id)
    assert (first.producer_amount, first.affiliate_amount, first.platform_amount) == (39920, 4990, 4990)
    assert (second.producer_amount, second.affiliate_amount, second.platform_amount) == (2579, 0, 420)
    market.payments.pay(order.checkout_session_id or "")
    for _ in range(3):
        complete_order(market.services, order_id)
        make.deliver(market.services, "checkout.session.completed", order.checkout_session_id or "")
    assert lines(market.services, token) == []
    make.check_books(market.services)
    refilled = cart_with_again(market.services, token, market.other.id, market.premium.id)
    make.deliver(market.services, "checkout.session.completed", order.checkout_session_id or "")
    assert lines(market.services, refilled) == [market.other.id]


def cart_with_again(services: Services, token: str, track_id: str, license_type_id: str) -> str:
    with services.database.writing() as session:
        put_in_cart(
            session,
            token,
            track_id=track_id,
            license_type_id=license_type_id,
            placement_token=None,
            session_token=None,
            services=services,
            now=services.clock.now(),
        )
    return token


def test_an_order_that_lost_its_exclusive_keeps_the_cart_and_gives_the_money_back(
    market: Market, token: str
) -> None:
    def give_way(name: str, facts: dict[str, Any]) -> None:
        if name == "checkout.reserved":
            facts["session"].execute(delete(Reservation))

    seen = seen_in(market.services, token)
    before = steps.install(give_way)
    order_id = check_out(market.services, token, seen)
    steps.install(before)
    winner = make.order(market.services, market.track, market.exclusive)
    market.payments.pay(winner.checkout_session_id or "")
    complete_order(market.services, winner.id)
    market.payments.pay(make.reload(market.services, order_id).checkout_session_id or "")
    complete_order(market.services, order_id)
    assert make.reload(market.services, order_id).state is OrderState.CONFLICTED
    assert set(lines(market.services, token)) == {market.track.id, market.other.id}
    Worker(market.services).run_once()
    make.check_books(market.services)


@pytest.mark.slow
@pytest.mark.parametrize("same_browser", [True, False])
def test_tabs_that_check_out_one_cart_at_once_pay_once_and_sell_the_exclusive_once(
    market: Market, crowd: Services, token: str, same_browser: bool
) -> None:
    seen = seen_in(crowd, token)
    gate = threading.Barrier(TABS)

    def tab(number: int) -> str | Exception:
        gate.wait()
        try:
            browser = "hers" if same_browser else f"browser {number}"
            return check_out(crowd, token, seen, browser=browser, address=f"198.51.100.{number}")
        except Exception as problem:
            return problem

    outcomes = run(tab)
    won = {one for one in outcomes if isinstance(one, str)}
    told = [one for one in outcomes if not isinstance(one, str)]
    assert won, told
    allowed = (TrackReserved, TrackSold, TermsChanged, carts.CartNotFound)
    assert [one for one in told if not isinstance(one, allowed)] == []
    if same_browser:
        assert len(won) == 1
    with crowd.database.reading() as session:
        open_orders = [order.checkout_session_id for order in queries.open_orders_of_cart(session, token)]
    assert len(open_orders) <= 1, "one exclusive is held by one order"
    for order_id in won:
        session_id = make.reload(crowd, order_id).checkout_session_id
        market.payments.pay(session_id or "")
        complete_order(crowd, order_id)
        complete_order(crowd, order_id)
    Worker(crowd).run_once()
    paid = counts(crowd)
    assert (paid["License"], paid["ExclusiveSale"], paid["Reservation"]) == (2, 1, 0)
    assert lines(crowd, token) == []
    make.check_books(crowd)


def run(act: Callable[[int], str | Exception]) -> list[str | Exception]:
    with ThreadPoolExecutor(TABS) as pool:
        return list(pool.map(act, range(TABS)))


def test_when_one_order_of_a_cart_is_paid_the_other_open_one_is_closed(market: Market) -> None:
    services = market.services
    token = cart_with(services, (market.track.id, market.basic.id, None))
    seen = seen_in(services, token)
    first = check_out(services, token, seen)
    with services.database.writing() as session:  # as if both had been placed in the same moment
        session.get_one(Order, first).cart_token = "another"
    second = check_out(services, token, seen, browser="another")
    with services.database.writing() as session:
        session.get_one(Order, first).cart_token = token
    market.payments.pay(make.reload(services, second).checkout_session_id or "")
    complete_order(services, second)
    Worker(services).run_once()
    assert make.reload(services, first).state is OrderState.EXPIRED
    assert not market.payments.pay(make.reload(services, first).checkout_session_id or "")


@pytest.fixture(scope="module")
def victims(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victims]:
    victims = Victims(tmp_path_factory.mktemp("cart-victims"))
    yield victims
    victims.stop()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("database_url", "step"),
    [
        *(
            ("sqlite", step)
            for step in ("checkout.placed", "checkout.saved", "complete.cart_settled", "complete.committed")
        ),
        *(
            pytest.param("postgres", step, marks=pytest.mark.postgres)
            for step in ("checkout.placed", "complete.cart_settled", "complete.committed")
        ),
    ],
    indirect=["database_url"],
)
def test_a_cart_killed_between_order_payment_and_emptying_is_paid_once_and_emptied_once(
    services: Services, clock: FixedClock, market: Market, victims: Victims, step: str
) -> None:
    token = cart_with(
        services,
        (market.track.id, market.exclusive.id, market.affiliate_key),
        (market.other.id, market.basic.id, market.own_key),
    )
    victims.begin(told(services, clock, token, seen_in(services, token), kill_at=step))
    assert victims.end() == -9, victims.errors()
    make.check_books(services)
    if step != "complete.committed":
        assert set(lines(services, token)) == {market.track.id, market.other.id}
    if step.startswith("complete."):  # nobody has to come back
        clock.advance(timedelta(minutes=37))
    else:
        order_id = check_out(services, token, seen_in(services, token))
        pay_with_4242(make.reload(services, order_id).checkout_url or "")
        complete_order(services, order_id)
    for _ in range(2):
        Worker(services).run_once()
    assert lines(services, token) == []
    assert counts(services) == {"Order": 1, "License": 2, "ExclusiveSale": 1, "Reservation": 0}
    make.check_books(services)


def told(
    services: Services, clock: FixedClock, token: str, seen: dict[str, Any], *, kill_at: str
) -> dict[str, Any]:
    """What the victim is told: check the cart out, pay, come back."""
    given = services.settings
    return {
        "settings": {
            "env": "development",
            "home": str(Path(given.home)),
            "database_url": given.database_url,
            "objects_url": given.objects_url,
            "stripe_api_base": given.stripe_api_base,
        },
        "now": clock.now().isoformat(),
        "verb": "buy_cart",
        "arguments": {"cart_token": token, "seen": seen},
        "kill_at": kill_at,
    }
