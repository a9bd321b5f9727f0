"""Fifty buyers and one exclusive: real threads, each on its own connection, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from sqlalchemy import delete, func, select

from flexapp.catalog.operations import TrackSold
from flexapp.kernel import steps
from flexapp.ledger import book
from flexapp.licensing.exclusivity import TooManyReservations, TrackReserved
from flexapp.licensing.models import ExclusiveSale, License, Reservation
from flexapp.licensing.operations import DownloadsUsedUp, take
from flexapp.orders.models import Order, OrderState
from flexapp.storage.session import Database
from flexapp.worker.runtime import Worker
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.refund_order import refund_order
from flexapp.workflows.services import Services
from tests.domain.money.conftest import Market
from tests.factories import orders as make
from tests.factories.catalog import make_track

pytestmark = pytest.mark.slow
BUYERS = 50
T = TypeVar("T")


@pytest.fixture
def crowd(market: Market, database_url: str) -> Iterator[Services]:
    """The same services with a connection for each buyer."""
    database = Database(database_url, pool_size=BUYERS + 5)
    yield replace(market.services, database=database)
    database.close()


def at_once(count: int, act: Callable[[int], T]) -> list[T | Exception]:
    """Every thread waits at the gate, then all act; what each returned or raised."""
    gate = threading.Barrier(count)

    def one(number: int) -> T | Exception:
        gate.wait()
        try:
            return act(number)
        except Exception as problem:
            return problem

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def states(services: Services) -> dict[OrderState, int]:
    with services.database.reading() as session:
        query = select(Order.state, func.count()).group_by(Order.state)
        return {OrderState(state): count for state, count in session.execute(query)}


def counts(services: Services) -> tuple[int, int, int]:
    with services.database.reading() as session:
        licenses, sales, held = (
            session.scalar(select(func.count()).select_from(model)) or 0
            for model in (License, ExclusiveSale, Reservation)
        )
    return licenses, sales, held


def test_fifty_buyers_race_one_pays_and_the_others_are_told(market: Market, crowd: Services) -> None:
    with market.database.reading() as session:
        seen = make.accepted(session, market.track, market.exclusive)

    def buy(_: int) -> str:
        order = make.order(crowd, market.track, market.exclusive, accepted_terms_hash=seen)
        assert market.payments.pay(order.checkout_session_id or "")
        complete_order(crowd, order.id)
        return order.id

    outcomes = at_once(BUYERS, buy)
    won = [one for one in outcomes if isinstance(one, str)]
    lost = [one for one in outcomes if not isinstance(one, str)]
    assert len(won) == 1, lost[:3]
    assert {type(one) for one in lost} <= {TrackReserved, TrackSold}
    assert states(crowd) == {OrderState.PAID: 1}
    assert counts(crowd) == (1, 1, 0)
    make.check_books(crowd)


def test_past_the_reservation_fifty_pay_one_wins_and_the_rest_get_their_money_back(
    market: Market, crowd: Services
) -> None:
    def give_way(name: str, facts: dict[str, Any]) -> None:
        if name == "checkout.reserved":
            facts["session"].execute(delete(Reservation))

    steps.install(give_way)
    orders = [make.order(crowd, market.track, market.exclusive) for _ in range(BUYERS)]
    steps.install(None)
    assert all(market.payments.pay(order.checkout_session_id or "") for order in orders)
    problems = [
        one for one in at_once(BUYERS, lambda number: complete_order(crowd, orders[number].id)) if one
    ]
    assert problems == []
    assert states(crowd) == {OrderState.PAID: 1, OrderState.CONFLICTED: BUYERS - 1}
    make.check_books(crowd)
    Worker(crowd).run_once()
    assert states(crowd) == {OrderState.PAID: 1, OrderState.REFUNDED: BUYERS - 1}
    assert counts(crowd) == (1, 1, 0)
    make.check_books(crowd)
    with crowd.database.reading() as session:
        assert book.balance(session, "suspense", currency="usd") == 0
        assert book.balance(session, "stripe", currency="usd") == market.payments.balance


def test_ten_threads_completing_the_same_order_book_it_once(market: Market, crowd: Services) -> None:
    order = make.order(crowd, market.track, market.exclusive)
    market.payments.pay(order.checkout_session_id or "")
    assert [one for one in at_once(10, lambda _: complete_order(crowd, order.id)) if one] == []
    assert states(crowd) == {OrderState.PAID: 1}
    assert counts(crowd) == (1, 1, 0)
    make.check_books(crowd)


def test_ten_threads_booking_the_same_refund_book_it_once(market: Market, crowd: Services) -> None:
    order = make.order(crowd, market.track, market.premium, key=market.affiliate_key)
    market.payments.pay(order.checkout_session_id or "")
    complete_order(crowd, order.id)
    charge = make.reload(crowd, order.id).charge_id or ""
    market.payments.refund(charge_id=charge, key="operator", amount=2500)
    assert [one for one in at_once(10, lambda _: refund_order(crowd, order.id)) if one] == []
    assert make.reload(crowd, order.id).refunded == 2500
    make.check_books(crowd)


def test_the_same_form_from_ten_threads_makes_one_order(market: Market, crowd: Services) -> None:
    form = {"nonce": "n" * 20, "buyer_email": "a@mail.example", "buyer_name": "A", "address": "198.51.100.9"}
    outcomes = at_once(10, lambda _: make.order(crowd, market.track, market.exclusive, **form).id)
    assert len({str(one) for one in outcomes}) == 1
    assert states(crowd) == {OrderState.OPEN: 1}


def test_one_address_never_holds_three_however_fast_it_asks(market: Market, crowd: Services) -> None:
    with market.database.writing() as session:
        tracks = [make_track(session, market.producer) for _ in range(8)]
    outcomes = at_once(
        8, lambda number: make.order(crowd, tracks[number], market.exclusive, address="198.51.100.9").id
    )
    refused = [one for one in outcomes if isinstance(one, TooManyReservations)]
    assert len(refused) == 6
    assert len(make.reservations(crowd)) == 2


def test_racing_downloads_never_get_one_more_than_allowed(market: Market, crowd: Services) -> None:
    order = make.order(crowd, market.track, market.basic)
    market.payments.pay(order.checkout_session_id or "")
    complete_order(crowd, order.id)

    def fetch(_: int) -> int:
        with crowd.database.writing() as session:
            return take(session, 1, limit=10, now=market.clock.now()).count

    outcomes = at_once(25, fetch)
    assert sorted(one for one in outcomes if isinstance(one, int)) == list(range(1, 11))
    assert sum(isinstance(one, DownloadsUsedUp) for one in outcomes) == 15
