"""Payments on their way back: a refund that was refused or failed is tried again until it stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from flexapp.errors import Upstream
from flexapp.gateways.ports import PaymentRefused
from flexapp.ledger import book
from flexapp.orders.models import Order, OrderState
from flexapp.outbox.operations import MAX_ATTEMPTS
from flexapp.worker.runtime import Worker
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.refund_order import refund_conflict
from flexapp.workflows.sweep_refunds import KIND, sweep_refunds
from tests.domain.money.conftest import Market
from tests.factories import orders as make


@pytest.fixture
def loser(market: Market) -> Order:
    """A lease that was paid after its track was sold exclusively; its refund is promised."""
    lease = make.order(market.services, market.track, market.basic)
    winner = make.order(market.services, market.track, market.exclusive)
    for order in (winner, lease):
        assert market.payments.pay(order.checkout_session_id or "")
        complete_order(market.services, order.id)
    return make.reload(market.services, lease.id)


def in_suspense(market: Market) -> int:
    with market.database.reading() as session:
        return -book.balance(session, "suspense", currency="usd")


def test_a_definite_refusal_is_tried_again_under_another_key(market: Market, loser: Order) -> None:
    market.payments.refuses_refunds = True
    for _ in range(2):
        with pytest.raises(PaymentRefused):
            refund_conflict(market.services, loser.id)
    assert len(set(market.payments.refused_keys)) == 2
    market.payments.refuses_refunds = False
    refund_conflict(market.services, loser.id)
    assert make.reload(market.services, loser.id).state is OrderState.REFUNDED
    assert in_suspense(market) == 0
    make.check_books(market.services)


def test_an_answer_that_never_came_is_asked_for_with_the_same_key(market: Market, loser: Order) -> None:
    really, keys = market.payments.refund, []

    def lost(**options: Any) -> None:
        keys.append(options["key"])
        really(**options)
        market.payments.refunds[options["charge_id"]].clear()  # not listed yet either
        raise Upstream("the answer was lost")

    market.payments.refund = lost  # type: ignore[method-assign, assignment]
    for _ in range(2):
        with pytest.raises(Upstream):
            refund_conflict(market.services, loser.id)
    assert len(set(keys)) == 1


def test_a_refund_of_a_loser_that_fails_later_is_swept_up_and_made_again(
    market: Market, loser: Order
) -> None:
    Worker(market.services).run_once()
    (first,) = market.payments.refunds[loser.charge_id or ""]
    assert in_suspense(market) == 0
    sweep_refunds(market.services)
    assert len(make.jobs(market.services, KIND)) == 1
    market.payments.fail_refund(first.id)
    make.deliver(market.services, "refund.failed", first.id, first.charge_id)
    assert make.reload(market.services, loser.id).state is OrderState.CONFLICTED
    assert in_suspense(market) == loser.total
    market.clock.advance(timedelta(minutes=1))
    for _ in range(2):
        sweep_refunds(market.services)
    assert len(make.jobs(market.services, KIND)) == 2
    Worker(market.services).run_once()
    after = make.reload(market.services, loser.id)
    assert (after.state, after.refunded) == (OrderState.REFUNDED, after.total)
    statuses = [one.status for one in market.payments.refunds[loser.charge_id or ""]]
    assert statuses == ["failed", "succeeded"]
    assert in_suspense(market) == 0
    make.check_books(market.services)


def test_a_refund_that_was_given_up_is_taken_up_again(market: Market, loser: Order) -> None:
    market.payments.refuses_refunds = True
    worker = Worker(market.services)
    for _ in range(MAX_ATTEMPTS):
        worker.run_once()
        sweep_refunds(market.services)
        market.clock.advance(timedelta(hours=1))
    assert len(set(market.payments.refused_keys)) == MAX_ATTEMPTS
    market.payments.refuses_refunds = False
    worker.run_once()
    assert make.reload(market.services, loser.id).state is OrderState.CONFLICTED
    sweep_refunds(market.services)
    assert len(make.jobs(market.services, KIND)) == 1
    worker.run_once()
    assert make.reload(market.services, loser.id).state is OrderState.REFUNDED
    make.check_books(market.services)


def test_a_second_payment_whose_refund_fails_is_given_back_too(market: Market) -> None:
    order = make.order(market.services, market.track, market.basic)
    assert market.payments.pay(order.checkout_session_id or "")
    complete_order(market.services, order.id)
    other = market.payments.create_checkout(
        order_id=order.id,
        attempt=9,
        lines=[],
        currency="usd",
        buyer_email="",
        success_url="",
        cancel_url="",
        expires_at=market.clock.now() + timedelta(minutes=31),
    )
    market.payments._totals[other.id] = 2999
    assert market.payments.pay(other.id)
    make.deliver(market.services, "checkout.session.completed", other.id)
    Worker(market.services).run_once()
    own, second = market.payments.refunds.values()
    market.payments.fail_refund(second[0].id)
    make.deliver(market.services, "refund.failed", second[0].id, second[0].charge_id)
    assert in_suspense(market) == 2999
    sweep_refunds(market.services)
    Worker(market.services).run_once()
    assert [len(own), [one.status for one in second]] == [0, ["failed", "succeeded"]]
    assert in_suspense(market) == 0
    assert make.reload(market.services, order.id).state is OrderState.PAID
    make.check_books(market.services)
