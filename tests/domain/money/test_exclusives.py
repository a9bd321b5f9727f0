"""An exclusive is held once, sold once, and given back only when Stripe says that nobody can pay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from flexapp.catalog.models import Track
from flexapp.catalog.offers import offers_for
from flexapp.catalog.operations import TrackSold
from flexapp.licensing.exclusivity import ReservationPaused, TooManyReservations, TrackReserved
from flexapp.licensing.models import ExclusiveSale, License, LicenseState
from flexapp.orders.models import Order, OrderState
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.expire_checkout import expire_checkout, expire_rivals
from flexapp.workflows.open_checkout import start_checkout
from flexapp.workflows.refund_order import refund_conflict, refund_order
from tests.domain.money.conftest import Market
from tests.factories import orders as make
from tests.factories.catalog import make_track

ADDRESS = "198.51.100.77"


def exclusive(market: Market, track: Track | None = None, **options: str) -> Order:
    return make.order(market.services, track or market.track, market.exclusive, **options)


def pay(market: Market, order: Order) -> None:
    assert market.payments.pay(order.checkout_session_id or "")
    complete_order(market.services, order.id)


def test_while_it_is_reserved_neither_an_exclusive_nor_a_lease_is_sold(market: Market) -> None:
    exclusive(market)
    with pytest.raises(TrackReserved):
        exclusive(market)
    with pytest.raises(TrackReserved):
        make.order(market.services, market.track, market.basic)
    make.order(market.services, market.other, market.basic)


def test_a_sold_track_leaves_the_offers_at_once_and_earlier_leases_stay_valid(market: Market) -> None:
    lease = make.order(market.services, market.track, market.basic)
    pay(market, lease)
    with market.database.reading() as session:
        seen = make.accepted(session, market.track, market.basic)
    order = exclusive(market)
    pay(market, order)
    assert make.reservations(market.services) == []
    with market.database.reading() as session:
        track = session.get_one(Track, market.track.id)
        assert track.sold_exclusively_at == market.clock.now()
        assert offers_for(session, [track])[track.id] == []
        states = select(License.state).where(License.order_id == lease.id)
        assert list(session.scalars(states)) == [LicenseState.ACTIVE]
    with pytest.raises(TrackSold):
        make.order(market.services, market.track, market.basic, accepted_terms_hash=seen)
    make.check_books(market.services)


def test_open_checkouts_of_a_sold_track_are_closed(market: Market) -> None:
    lease = make.order(market.services, market.track, market.basic)
    elsewhere = make.order(market.services, market.other, market.basic)
    order = exclusive(market)
    pay(market, order)
    (rivals,) = make.jobs(market.services, "checkout.expire_rivals")
    expire_rivals(market.services, **rivals)
    early = [one for one in make.jobs(market.services, "checkout.expire") if one.get("early")]
    assert [one["order_id"] for one in early] == [lease.id]
    expire_checkout(market.services, **early[0])
    assert make.reload(market.services, lease.id).state is OrderState.EXPIRED
    assert make.reload(market.services, elsewhere.id).state is OrderState.OPEN
    assert not market.payments.pay(lease.checkout_session_id or "")


def test_a_lease_that_was_paid_after_the_exclusive_is_refunded_by_itself(market: Market) -> None:
    lease = make.order(market.services, market.track, market.basic)
    order = exclusive(market)
    assert market.payments.pay(lease.checkout_session_id or "")
    pay(market, order)
    complete_order(market.services, lease.id)
    assert make.reload(market.services, lease.id).state is OrderState.CONFLICTED
    make.check_books(market.services)
    (job,) = make.jobs(market.services, "order.refund_conflict")
    for _ in range(3):
        refund_conflict(market.services, **job)
    after = make.reload(market.services, lease.id)
    assert (after.state, after.refunded) == (OrderState.REFUNDED, after.total)
    assert [len(refunds) for refunds in market.payments.refunds.values()] == [1, 0]
    make.check_books(market.services)


def test_the_clock_alone_releases_nothing_a_late_payment_wins(market: Market) -> None:
    order = exclusive(market)
    assert market.payments.pay(order.checkout_session_id or "")
    market.clock.advance(timedelta(hours=2))
    with pytest.raises(TrackReserved):
        exclusive(market)
    expire_checkout(market.services, order.id)
    assert make.reload(market.services, order.id).state is OrderState.PAID
    make.check_books(market.services)


def test_a_checkout_that_expired_frees_the_track(market: Market) -> None:
    order = exclusive(market)
    expire_checkout(market.services, order.id)
    assert make.reload(market.services, order.id).state is OrderState.OPEN
    market.clock.advance(timedelta(minutes=36))
    expire_checkout(market.services, order.id)
    assert make.reload(market.services, order.id).state is OrderState.EXPIRED
    assert make.reservations(market.services) == []
    exclusive(market)


def test_an_event_of_the_expiry_frees_the_track_too(market: Market) -> None:
    order = exclusive(market)
    market.payments.time_out(order.checkout_session_id or "")
    make.deliver(market.services, "checkout.session.expired", order.checkout_session_id or "")
    assert make.reload(market.services, order.id).state is OrderState.EXPIRED
    assert make.reservations(market.services) == []


def test_one_address_holds_two_and_waits_after_one_ran_out(market: Market) -> None:
    with market.database.writing() as session:
        third = make_track(session, market.producer)
    first = exclusive(market, address=ADDRESS)
    exclusive(market, market.other, address=ADDRESS)
    with pytest.raises(TooManyReservations):
        exclusive(market, third, address=ADDRESS)
    exclusive(market, third)
    market.clock.advance(timedelta(minutes=32))
    expire_checkout(market.services, first.id)
    with pytest.raises(ReservationPaused) as refused:
        exclusive(market, address=ADDRESS)
    assert refused.value.details["retry_after"] == 30 * 60 + 1
    make.order(market.services, market.track, market.basic, address=ADDRESS)
    market.clock.advance(timedelta(minutes=30))
    exclusive(market, address=ADDRESS)


def test_giving_one_back_soon_costs_no_pause(market: Market) -> None:
    order = exclusive(market, address=ADDRESS)
    market.clock.advance(timedelta(minutes=5))
    expire_checkout(market.services, order.id, early=True)
    exclusive(market, address=ADDRESS)


def test_a_refused_order_leaves_nothing_behind(market: Market) -> None:
    exclusive(market)
    with pytest.raises(TrackReserved):
        exclusive(market)
    with market.database.reading() as session:
        assert len(session.scalars(select(Order)).all()) == 1


def test_a_refunded_exclusive_stays_sold_until_a_human_releases_it(market: Market) -> None:
    order = exclusive(market)
    pay(market, order)
    market.payments.refund(charge_id=make.reload(market.services, order.id).charge_id or "", key="x")
    refund_order(market.services, order.id)
    with market.database.reading() as session:
        assert session.scalar(select(ExclusiveSale.track_id)) == market.track.id
        assert session.get_one(Track, market.track.id).sold_exclusively_at is not None
        assert session.scalars(select(License)).one().state is LicenseState.REVOKED


def test_an_order_whose_page_was_never_stored_is_closed_when_its_time_is_over(market: Market) -> None:
    order = exclusive(market, start=False)  # type: ignore[arg-type]
    expire_checkout(market.services, order.id)
    assert make.reservations(market.services) == [market.track.id]
    market.clock.advance(timedelta(minutes=31))
    expire_checkout(market.services, order.id)
    assert make.reservations(market.services) == []


def test_a_session_that_was_made_but_not_stored_is_adopted_when_it_is_paid(market: Market) -> None:
    from flexapp.kernel import steps

    order = exclusive(market, start=False)  # type: ignore[arg-type]

    def fail(name: str, _facts: object) -> None:
        if name == "checkout.created":
            raise KeyboardInterrupt

    steps.install(fail)
    with pytest.raises(KeyboardInterrupt):
        start_checkout(market.services, order.id)
    steps.install(None)
    assert make.reload(market.services, order.id).checkout_session_id is None
    (orphan,) = market.payments.checkouts
    assert market.payments.pay(orphan)
    make.deliver(market.services, "checkout.session.completed", orphan)
    assert make.reload(market.services, order.id).state is OrderState.PAID
    make.check_books(market.services)


def test_an_order_paid_twice_keeps_the_first_payment_and_returns_the_second(market: Market) -> None:
    order = make.order(market.services, market.track, market.basic)
    pay(market, order)
    from datetime import timedelta as span

    other = market.payments.create_checkout(
        order_id=order.id,
        attempt=9,
        lines=[],
        currency="usd",
        buyer_email="",
        success_url="",
        cancel_url="",
        expires_at=market.clock.now() + span(minutes=31),
    )
    market.payments._totals[other.id] = 2999
    assert market.payments.pay(other.id)
    for _ in range(2):
        make.deliver(market.services, "checkout.session.completed", other.id)
    (job,) = make.jobs(market.services, "order.refund_conflict")
    for _ in range(2):
        refund_conflict(market.services, **job)
    assert make.reload(market.services, order.id).state is OrderState.PAID
    make.check_books(market.services)
    first, second = market.payments.refunds.values()
    assert (len(first), len(second)) == (0, 1)
