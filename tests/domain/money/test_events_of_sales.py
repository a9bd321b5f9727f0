"""Sales, refunds and downloads in the log of listening: once each, with the origin of their session."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from flexapp.licensing.models import Download
from flexapp.listening import insights, sessions
from flexapp.listening.dimensions import Dimensions
from flexapp.listening.ingest import ingest_of
from flexapp.listening.models import Kind, ListenEvent
from flexapp.listening.rebuilding import rebuild
from flexapp.listening.rows import load_row
from flexapp.listening.upkeep import fold_listens, mirror_of
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.fill_cart import put_in_cart
from flexapp.workflows.refund_order import refund_order
from flexapp.workflows.take_file import take_file
from tests.domain.money.conftest import Market
from tests.factories import orders as make

MONEY = (Kind.SALE, Kind.REFUND, Kind.DOWNLOAD, Kind.ADD)
BROWSER = Dimensions("DE", "phone", "iOS", "Safari", "card")


def told(market: Market, *kinds: Kind) -> list[ListenEvent]:
    with market.database.reading() as session:
        query = select(ListenEvent).where(ListenEvent.kind.in_(kinds or MONEY)).order_by(ListenEvent.id)
        return list(session.scalars(query))


def facts(market: Market, kind: Kind) -> list[tuple[int, int]]:
    return [(event.facts["amount"], event.facts["count"]) for event in told(market, kind)]


def session_of(market: Market) -> tuple[str, str]:
    """A listening session whose document was loaded: its id and its token."""
    now = market.clock.now()
    token = sessions.mint(
        market.services.signer, app_id="", placement_id="", channel="affiliate", host="blog.example", now=now
    )
    claims = sessions.read(market.services.signer, token, now)
    assert claims is not None
    ingest_of(market.database).submit([load_row(claims, BROWSER)])
    return claims.session_id, token


def test_a_sale_bears_the_origin_of_its_session_and_is_told_once(market: Market) -> None:
    session_id, _ = session_of(market)
    order = make.order(
        market.services,
        market.track,
        market.premium,
        key=market.affiliate_key,
        listened={market.track.id: session_id},
    )
    assert told(market) == []
    market.payments.pay(order.checkout_session_id or "")
    for _ in range(3):
        complete_order(market.services, order.id)
    [sale] = told(market)
    assert (sale.kind, sale.session_id, sale.host) == (Kind.SALE, session_id, "blog.example")
    assert (sale.country, sale.device, sale.os, sale.browser, sale.layout) == (
        "DE",
        "phone",
        "iOS",
        "Safari",
        "card",
    )
    assert (sale.facts["amount"], sale.facts["count"]) == (order.total, 1)
    assert (sale.app_id != "", sale.placement_id != "", sale.track_id) == (True, True, market.track.id)


def bought_and_refunded(market: Market) -> tuple[int, int]:
    """The last two steps of the producer's funnel, which are the same of the roll-ups made anew."""
    fold_listens(market.services)
    now, found = market.clock.now(), set()
    for _ in range(2):
        with market.database.reading() as session:
            totals = insights.plays(
                session, since=now - timedelta(days=2), until=now + timedelta(days=1), interval="total"
            ).totals
        found.add((totals.sales, totals.refunds))
        rebuild(market.database, mirror_of(market.services), now=now, raw_days=30)
    [same] = found
    return same


def test_refunds_are_told_by_amount_and_counted_when_nothing_is_left(market: Market) -> None:
    order = make.order(market.services, market.track, market.premium)
    market.payments.pay(order.checkout_session_id or "")
    complete_order(market.services, order.id)
    charge = make.reload(market.services, order.id).charge_id or ""
    first = market.payments.refund(charge_id=charge, key="one", amount=1000, metadata={})
    refund_order(market.services, order.id)
    assert bought_and_refunded(market) == (1, 0), "the license stands"
    rest = market.payments.refund(charge_id=charge, key="two", amount=None, metadata={})
    for _ in range(2):
        refund_order(market.services, order.id)
    assert facts(market, Kind.REFUND) == [(1000, 0), (order.total - 1000, 1)]
    assert bought_and_refunded(market) == (1, 1)
    market.payments.fail_refund(rest.id)
    for _ in range(2):
        refund_order(market.services, order.id)
    assert facts(market, Kind.REFUND)[2:] == [(-(order.total - 1000), -1)]
    assert bought_and_refunded(market) == (1, 0)
    assert first.id != rest.id


def test_each_file_that_is_taken_and_each_license_put_in_a_cart_is_told(market: Market) -> None:
    session_id, token = session_of(market)
    now = market.clock.now()
    given: dict[str, Any] = {"track_id": market.track.id, "services": market.services, "now": now}
    with market.database.writing() as session:
        cart = put_in_cart(
            session,
            None,
            license_type_id=market.premium.id,
            placement_token=market.affiliate_key,
            session_token=token,
            **given,
        )
        for key in (market.affiliate_key, None):  # another license, or the same again: no other add
            put_in_cart(
                session,
                cart.token,
                license_type_id=market.premium.id,
                placement_token=key,
                session_token=None,
                **given,
            )
    [added] = told(market)
    assert (added.kind, added.session_id, added.play_id) == (Kind.ADD, session_id, f"a:{market.track.id}")

    order = make.order(market.services, market.track, market.premium)
    market.payments.pay(order.checkout_session_id or "")
    complete_order(market.services, order.id)
    with market.database.writing() as session:
        download = session.scalars(select(Download).limit(1)).one()
        for _ in range(2):
            take_file(session, download.id, limit=10, now=now)
    assert [event.facts["file"] for event in told(market, Kind.DOWNLOAD)] == [download.kind] * 2
