"""What a sale looks like from each side: orders, earnings and plays through the SDK."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flexapp_sdk import Invalid, Money, NotFound, OrderItem

from flexapp.catalog.models import LicenseType, Track
from flexapp.kernel.clock import FixedClock
from flexapp.orders.models import Order
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.refund_order import refund_order
from flexapp.workflows.services import Services
from tests.factories import orders as make
from tests.factories.catalog import make_license_types, make_track
from tests.factories.checkout import pay
from tests.factories.listening import make_total
from tests.sdk.conftest import Caller, Connect


def usd(amount: int) -> Money:
    return Money(amount, "usd")


@pytest.fixture
def sale(services: Services, ada: Caller, bob: Caller) -> tuple[Track, LicenseType, str, str]:
    """Bob sells a track at 65.00; the keys of a placement of Ada's app and of one of his own."""
    with services.database.writing() as session:
        _, premium, *_ = make_license_types(session, bob.person)
        track = make_track(session, bob.person, title="Midnight")
    keys = []
    for caller in (ada, bob):
        app = caller.sdk.apps.create(name="Shop window")
        caller.sdk.apps.add_pick(app.id, track.id)
        keys.append(caller.sdk.placements.create(app.id, name="Blog").key)
    return track, premium, keys[0], keys[1]


def buy(services: Services, track: Track, license_type: LicenseType, key: str | None) -> Order:
    order = make.order(services, track, license_type, key=key)
    assert order.checkout_url
    assert pay(order.checkout_url).status_code in (302, 303)
    complete_order(services, order.id)
    return make.reload(services, order.id)


def test_a_sale_through_an_affiliates_app_is_divided(
    ada: Caller, bob: Caller, services: Services, sale: tuple[Track, LicenseType, str, str]
) -> None:
    track, premium, key, _ = sale
    bought = buy(services, track, premium, key)
    theirs, mine = bob.sdk.earnings.summary(), ada.sdk.earnings.summary()
    assert (theirs.pending, theirs.available, theirs.paid) == (usd(4875), usd(0), usd(0))
    assert (mine.pending, mine.available, mine.paid) == (usd(650), usd(0), usd(0))

    (order,) = bob.sdk.orders.list()
    assert (order.id, order.state, order.earned) == (bought.id, "paid", usd(4875))
    assert order.buyer is not None
    assert order.buyer.email == bought.buyer_email
    (item,) = order.items
    assert item.roles == ("producer",)
    assert (item.price, item.producer_amount, item.affiliate_amount, item.platform_amount) == (
        usd(6500), usd(4875), usd(650), usd(975),
    )  # fmt: skip
    assert bob.sdk.orders.get(order.id) == order


def test_an_affiliate_sees_the_own_commission_alone(
    ada: Caller, services: Services, sale: tuple[Track, LicenseType, str, str]
) -> None:
    track, premium, key, _ = sale
    bought = buy(services, track, premium, key)
    order = ada.sdk.orders.get(bought.id)
    assert order.buyer is None
    assert bought.buyer_email not in order.model_dump_json()
    (item,) = order.items
    assert (item.roles, item.earned, item.affiliate_amount) == (("affiliate",), usd(650), usd(650))
    assert (item.price, item.producer_amount, item.platform_amount) == (None, None, None)
    hidden = {"price", "producer_amount", "platform_amount"}
    assert hidden < set(OrderItem.model_fields)
    (entry,) = ada.sdk.earnings.entries()
    assert (entry.amount, entry.role, entry.track_title) == (usd(650), "commission", "Midnight")


def test_entries_say_why_and_when(
    bob: Caller, services: Services, clock: FixedClock, sale: tuple[Track, LicenseType, str, str]
) -> None:
    track, premium, _, own = sale
    bought = buy(services, track, premium, own)
    entries = list(bob.sdk.earnings.entries())
    assert sum(entry.amount.amount for entry in entries) == 5850
    assert {entry.role for entry in entries} == {"share", "commission", "bonus"}
    for entry in entries:
        assert (entry.order_id, entry.track_id, entry.status) == (bought.id, track.id, "pending")
        assert entry.reference.startswith("charge:")
        assert entry.available_at is not None
        assert entry.available_at - entry.booked_at >= timedelta(days=7)
    clock.advance(timedelta(days=8))
    summary = bob.sdk.earnings.summary()
    assert (summary.pending, summary.available) == (usd(0), usd(5850))
    assert {entry.status for entry in bob.sdk.earnings.entries()} == {"available"}
    assert list(bob.sdk.earnings.entries(since=clock.now())) == []
    assert [one.currency for one in summary.by_currency] == ["usd"]
    assert bob.sdk.earnings.summary(currency="eur").pending == Money(0, "eur")


def test_entries_come_in_pages(
    bob: Caller, services: Services, sale: tuple[Track, LicenseType, str, str]
) -> None:
    track, premium, _, own = sale
    buy(services, track, premium, own)
    pages = list(bob.sdk.earnings.entries(limit=2).pages())
    assert [len(page.data) for page in pages] == [2, 1]


def test_without_an_app_the_producer_earns_the_share_alone(
    ada: Caller, bob: Caller, services: Services, sale: tuple[Track, LicenseType, str, str]
) -> None:
    track, premium, *_ = sale
    buy(services, track, premium, None)
    assert bob.sdk.earnings.summary().pending == usd(4875)
    assert list(ada.sdk.orders.list()) == []


def test_a_refund_shows_on_both_sides(
    ada: Caller, bob: Caller, services: Services, sale: tuple[Track, LicenseType, str, str]
) -> None:
    track, premium, key, _ = sale
    bought = buy(services, track, premium, key)
    assert bought.charge_id
    services.payments.refund(charge_id=bought.charge_id, key="all")
    refund_order(services, bought.id)
    for caller in (ada, bob):
        (order,) = caller.sdk.orders.list(state="refunded")
        assert order.earned == usd(0)
        summary = caller.sdk.earnings.summary()
        assert (summary.pending, summary.available) == (usd(0), usd(0))
        assert sum(entry.amount.amount for entry in caller.sdk.earnings.entries()) == 0


def test_an_order_of_others_does_not_exist(
    services: Services, connect: Connect, sale: tuple[Track, LicenseType, str, str], ada: Caller
) -> None:
    track, premium, *_ = sale
    bought = buy(services, track, premium, None)
    with pytest.raises(NotFound) as refused:
        ada.sdk.orders.get(bought.id)
    assert refused.value.code == "order_not_found"


def test_an_unpaid_order_earns_nothing_and_is_not_listed(
    bob: Caller, services: Services, sale: tuple[Track, LicenseType, str, str]
) -> None:
    track, premium, key, _ = sale
    opened = make.order(services, track, premium, key=key)
    assert list(bob.sdk.orders.list()) == []
    with pytest.raises(NotFound):
        bob.sdk.orders.get(opened.id)


def test_plays_are_told_to_those_they_concern(
    ada: Caller, bob: Caller, services: Services, sale: tuple[Track, LicenseType, str, str], clock: FixedClock
) -> None:
    track, *_ = sale
    (window,) = ada.sdk.apps.list()
    (placement,) = ada.sdk.placements.list(window.id)
    with services.database.writing() as session:
        for hours, plays in ((30, 5), (1, 2)):
            hour = (clock.now() - timedelta(hours=hours)).replace(minute=0, second=0)
            make_total(
                session,
                hour=hour,
                app_id=window.id,
                placement_id=placement.id,
                channel="own_site",
                track_id=track.id,
                plays=plays,
                starts=plays + 1,
                completed=1,
                listen_ms=60_000 * plays,
            )
    report = ada.sdk.insights.plays(app_id=window.id, since=clock.now() - timedelta(days=3))
    assert report.plays == 7
    assert report.totals.starts == 9
    assert report.totals.listen_seconds == 420
    assert sum(point.plays for point in report.points) == 7
    assert len(report.points) == 4
    hourly = ada.sdk.insights.plays(
        placement_id=placement.id, since=clock.now() - timedelta(hours=3), interval="hour"
    )
    assert [point.plays for point in hourly.points] == [0, 0, 2]
    total = ada.sdk.insights.plays(track_id=track.id, app_id=window.id, interval="total", by="track")
    assert total.points == ()
    assert [(group.key, group.plays) for group in total.groups] == [(track.id, 7)]
    assert bob.sdk.insights.plays().plays == 7  # his track, in her app
    assert bob.sdk.insights.plays(track_id=track.id, channel="own_site").plays == 7
    assert bob.sdk.insights.plays(channel="affiliate").plays == 0
    for call in (
        lambda: bob.sdk.insights.plays(app_id=window.id),
        lambda: bob.sdk.insights.plays(placement_id=placement.id),
        lambda: ada.sdk.insights.plays(track_id=track.id),
    ):
        with pytest.raises(NotFound):
            call()


def test_a_span_that_makes_no_sense_is_refused(ada: Caller, clock: FixedClock) -> None:
    with pytest.raises(Invalid) as backwards:
        ada.sdk.insights.plays(since=clock.now(), until=clock.now() - timedelta(days=1))
    assert backwards.value.code == "invalid_span"
    with pytest.raises(Invalid):
        ada.sdk.insights.plays(since=clock.now() - timedelta(days=365), interval="hour")
