"""Refunds: every leg by what remains, once each, inverted exactly when they fail later."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from flexapp.ledger import book, statements
from flexapp.ledger.models import JournalEntry
from flexapp.licensing.models import License, LicenseState
from flexapp.orders.models import Order, OrderState
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.refund_order import refund_order
from flexapp.workflows.sync_payment import HANDLED, IGNORED
from tests.domain.money.conftest import Market
from tests.factories import orders as make


@pytest.fixture
def bought(market: Market) -> Order:
    """A Premium at 65.00 through the affiliate's app, paid."""
    order = make.order(market.services, market.track, market.premium, key=market.affiliate_key)
    market.payments.pay(order.checkout_session_id or "")
    complete_order(market.services, order.id)
    return make.reload(market.services, order.id)


def refund(market: Market, order: Order, amount: int | None, **metadata: str) -> str:
    count = sum(len(one) for one in market.payments.refunds.values())
    facts = market.payments.refund(
        charge_id=order.charge_id or "", key=f"operator-{count}", amount=amount, metadata=metadata
    )
    make.deliver(market.services, "refund.created", facts.id, facts.charge_id)
    make.check_books(market.services)
    return facts.id


def state(market: Market) -> LicenseState:
    with market.database.reading() as session:
        return session.scalars(select(License)).one().state


def test_a_full_refund_reverses_every_leg_and_revokes_the_license(market: Market, bought: Order) -> None:
    refund(market, bought, None)
    with market.database.reading() as session:
        assert book.balances(session, currency="usd") == {
            "stripe": -218,
            "expense:stripe_fee": 218,
            "revenue:fee": 0,
            f"payable:{market.producer.id}": 0,
            f"payable:{market.affiliate.id}": 0,
        }
        summary = statements.summary(session, market.producer.id, now=market.clock.now())
        assert (summary.pending.amount, summary.available.amount) == (0, 0)
    assert make.reload(market.services, bought.id).state is OrderState.REFUNDED
    assert state(market) is LicenseState.REVOKED
    assert market.payments.balance == -218


def test_partial_refunds_end_at_exactly_zero(market: Market, bought: Order) -> None:
    for amount in (1, 3333, 1, 17, 2000):
        refund(market, bought, amount)
        assert make.reload(market.services, bought.id).state is OrderState.PARTLY_REFUNDED
        assert state(market) is LicenseState.ACTIVE
    refund(market, bought, None)
    (item,) = make.items(market.services, bought.id)
    assert (item.producer_refunded, item.affiliate_refunded, item.platform_refunded) == (4875, 650, 975)
    assert state(market) is LicenseState.REVOKED


def test_the_same_refund_told_many_ways_is_booked_once(market: Market, bought: Order) -> None:
    refund_id = refund(market, bought, 1000)
    for _ in range(3):
        for type_ in ("refund.created", "refund.updated"):
            make.deliver(market.services, type_, refund_id, bought.charge_id or "")
        make.deliver(market.services, "charge.refunded", bought.charge_id or "")
    assert make.reload(market.services, bought.id).refunded == 1000
    with market.database.reading() as session:
        references = select(JournalEntry.reference).order_by(JournalEntry.reference)
        assert list(session.scalars(references)) == [f"charge:{bought.charge_id}", f"refund:{refund_id}"]


def test_a_refund_that_fails_later_is_inverted_and_the_rights_stand_again(
    market: Market, bought: Order
) -> None:
    refund(market, bought, 2000)
    second = refund(market, bought, None)
    assert state(market) is LicenseState.REVOKED
    market.payments.fail_refund(second)
    for _ in range(2):
        make.deliver(market.services, "refund.failed", second, bought.charge_id or "")
    make.check_books(market.services)
    after = make.reload(market.services, bought.id)
    assert (after.state, after.refunded) == (OrderState.PARTLY_REFUNDED, 2000)
    assert state(market) is LicenseState.ACTIVE
    refund(market, after, None)
    assert make.reload(market.services, bought.id).state is OrderState.REFUNDED


def test_a_refund_heard_of_before_its_payment_pulls_the_payment_first(market: Market) -> None:
    order = make.order(market.services, market.track, market.basic)
    market.payments.pay(order.checkout_session_id or "")
    payment = market.payments.checkouts[order.checkout_session_id or ""].payment
    assert payment is not None
    facts = market.payments.refund(charge_id=payment.charge_id, key="early")
    make.deliver(market.services, "charge.refunded", payment.charge_id)
    make.deliver(market.services, "refund.created", facts.id, payment.charge_id)
    assert make.reload(market.services, order.id).state is OrderState.REFUNDED
    make.check_books(market.services)


def test_a_refund_after_the_hold_counts_against_what_is_available_at_once(
    market: Market, bought: Order
) -> None:
    market.clock.advance(timedelta(days=8))
    other = make.order(market.services, market.other, market.premium)
    market.payments.pay(other.checkout_session_id or "")
    complete_order(market.services, other.id)
    refund(market, bought, None)
    with market.database.reading() as session:
        summary = statements.summary(session, market.producer.id, now=market.clock.now())
    assert (summary.pending.amount, summary.available.amount) == (4875, 0)


def test_a_refund_within_the_hold_takes_from_pending_not_from_other_available_money(
    market: Market, bought: Order
) -> None:
    market.clock.advance(timedelta(days=8))
    other = make.order(market.services, market.other, market.premium)
    market.payments.pay(other.checkout_session_id or "")
    complete_order(market.services, other.id)
    refund(market, make.reload(market.services, other.id), None)
    with market.database.reading() as session:
        summary = statements.summary(session, market.producer.id, now=market.clock.now())
    assert (summary.pending.amount, summary.available.amount) == (0, 4875)


def test_an_order_without_refunds_is_left_alone(market: Market, bought: Order) -> None:
    refund_order(market.services, bought.id)
    assert make.reload(market.services, bought.id).state is OrderState.PAID


def test_every_event_type_we_ask_for_is_handled() -> None:
    from flexapp.gateways.ports import WATCHED_EVENTS

    assert set(WATCHED_EVENTS) == HANDLED
    assert not HANDLED & IGNORED
