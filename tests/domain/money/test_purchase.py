"""A purchase: placed, paid, completed once, booked to the cent, each step repeatable."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from flexapp.attribution.touches import Touch
from flexapp.catalog.models import TrackLicense
from flexapp.errors import Upstream
from flexapp.ledger import book, statements
from flexapp.ledger.models import JournalEntry, LedgerLine
from flexapp.licensing.models import Download, License
from flexapp.notices.models import MailLog
from flexapp.orders.models import Order, OrderState
from flexapp.orders.operations import InvalidOrder, TrackTwice
from flexapp.orders.terms import TermsChanged
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.open_checkout import OfferGone, place_order, start_checkout
from tests.domain.money.conftest import Market
from tests.factories import orders as make


def pay(market: Market, order: Order) -> Order:
    assert order.checkout_session_id is not None
    assert market.payments.pay(order.checkout_session_id)
    complete_order(market.services, order.id)
    return make.reload(market.services, order.id)


def balances(market: Market) -> dict[str, int]:
    with market.database.reading() as session:
        return book.balances(session, currency="usd")


@pytest.mark.parametrize(
    ("through", "producer", "affiliate", "platform", "roles"),
    [
        ("affiliate", 4875, 650, 975, {"share": -4875}),
        ("own", 5850, 0, 650, {"share": -4875, "commission": -650, "bonus": -325}),
        ("nobody", 4875, 0, 1625, {"share": -4875}),
    ],
)
def test_a_premium_license_divides_by_where_it_was_bought(
    market: Market, through: str, producer: int, affiliate: int, platform: int, roles: dict[str, int]
) -> None:
    key = {"affiliate": market.affiliate_key, "own": market.own_key, "nobody": None}[through]
    order = pay(market, make.order(market.services, market.track, market.premium, key=key))
    assert order.state is OrderState.PAID
    (item,) = make.items(market.services, order.id)
    assert (item.producer_amount, item.affiliate_amount, item.platform_amount) == (
        producer,
        affiliate,
        platform,
    )
    expected = {
        "stripe": 6500 - 218,
        "expense:stripe_fee": 218,
        "revenue:fee": -platform,
        f"payable:{market.producer.id}": -producer,
    }
    if affiliate:
        expected[f"payable:{market.affiliate.id}"] = -affiliate
    assert balances(market) == expected
    with market.database.reading() as session:
        query = select(LedgerLine.role, LedgerLine.amount).where(
            LedgerLine.account == f"payable:{market.producer.id}"
        )
        assert dict(session.execute(query).all()) == roles
    make.check_books(market.services)


def test_money_is_pending_for_the_hold_and_available_after(market: Market) -> None:
    order = pay(market, make.order(market.services, market.track, market.premium, key=market.affiliate_key))
    with market.database.reading() as session:
        before = statements.summary(session, market.producer.id, now=market.clock.now())
        assert (before.pending.amount, before.available.amount, before.paid.amount) == (4875, 0, 0)
        (due,) = statements.maturing(session, market.producer.id, now=market.clock.now())
        assert order.paid_at is not None
        assert due.available_at == order.paid_at + timedelta(days=7)
        market.clock.advance(timedelta(days=7))
        after = statements.summary(session, market.producer.id, now=market.clock.now())
        assert (after.pending.amount, after.available.amount) == (0, 4875)
        assert statements.maturing(session, market.producer.id, now=market.clock.now()) == []
        page = statements.entries_of(session, market.producer.id, signer=market.services.signer)
        assert [line.amount for line in page.data] == [-4875]


def test_completing_again_and_again_changes_nothing(market: Market) -> None:
    order = pay(market, make.order(market.services, market.track, market.trackout))
    for _ in range(3):
        complete_order(market.services, order.id)
        make.deliver(market.services, "checkout.session.completed", order.checkout_session_id or "")
        make.deliver(market.services, "payment_intent.succeeded", order.payment_intent_id or "")
    with market.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(JournalEntry)) == 1
        assert session.scalar(select(func.count()).select_from(License)) == 1
        assert session.scalar(select(func.count()).select_from(Download)) == 3
        kinds = select(MailLog.key).order_by(MailLog.key)
        assert list(session.scalars(kinds)) == [
            f"order.receipt:{order.id}",
            f"order.sale:{order.id}:{market.producer.id}",
        ]


def test_an_unpaid_checkout_completes_nothing(market: Market) -> None:
    order = make.order(market.services, market.track, market.basic)
    complete_order(market.services, order.id)
    assert make.reload(market.services, order.id).state is OrderState.OPEN
    assert balances(market) == {}


def test_the_license_keeps_terms_and_files_as_they_were_bought(market: Market) -> None:
    order = make.order(market.services, market.track, market.premium)
    with market.database.writing() as session:
        changed = session.merge(market.premium)
        changed.terms = "Nothing is allowed any more."
        changed.deliverables = ["mp3"]
    pay(market, order)
    with market.database.reading() as session:
        license_ = session.scalars(select(License)).one()
        assert "Nothing is allowed" not in license_.terms
        assert "## Limits" in license_.terms
        assert license_.deliverables == ["mp3", "wav"]
        files = session.scalars(select(Download).order_by(Download.kind)).all()
        assert [file.kind for file in files] == ["mp3", "wav"]
        assert all(len(file.sha256) == 64 for file in files)


def test_terms_or_price_that_changed_since_they_were_shown_are_refused(market: Market) -> None:
    with market.database.reading() as session:
        seen = make.accepted(session, market.track, market.premium)
    with market.database.writing() as session:
        session.merge(market.premium).default_price = 7000
    with pytest.raises(TermsChanged):
        make.order(market.services, market.track, market.premium, accepted_terms_hash=seen)


def test_a_license_that_is_not_offered_on_the_track_is_refused(market: Market) -> None:
    with market.database.reading() as session:
        seen = make.accepted(session, market.track, market.premium)
    with market.database.writing() as session:
        row = session.scalars(
            select(TrackLicense).where(
                TrackLicense.track_id == market.track.id,
                TrackLicense.license_type_id == market.premium.id,
            )
        ).one()
        session.delete(row)
    with pytest.raises(OfferGone):
        make.order(market.services, market.track, market.premium, accepted_terms_hash=seen)


def test_the_same_track_twice_in_one_order_is_impossible(market: Market) -> None:
    lines = [(market.track.id, market.basic.id, None), (market.track.id, market.premium.id, None)]
    with market.database.writing() as session, pytest.raises(TrackTwice):
        place_order(
            session,
            lines=lines,
            buyer_email="a@mail.example",
            buyer_name="A",
            accepted_terms_hash="",
            address="198.51.100.1",
            services=market.services,
            now=market.clock.now(),
        )


@pytest.mark.parametrize(
    ("email", "name", "field"),
    [
        ("nobody", "A", "email"),
        ("a@b", "A", "email"),
        ("a b@mail.example", "A", "email"),
        ("a@mail.example\nBcc: b@mail.example", "A", "email"),
        ("a@mail.example", "  ", "name"),
        ("a@mail.example", "x" * 121, "name"),
    ],
)
def test_a_buyer_without_address_or_name_is_told_so(
    market: Market, email: str, name: str, field: str
) -> None:
    with pytest.raises(InvalidOrder) as refused:
        make.order(market.services, market.track, market.basic, buyer_email=email, buyer_name=name)
    assert set(refused.value.fields) == {field}


def test_the_same_form_sent_twice_makes_one_order(market: Market) -> None:
    form = {
        "nonce": "n" * 20,
        "buyer_email": "a@mail.example",
        "buyer_name": "A",
        "address": "198.51.100.9",
    }
    first = make.order(market.services, market.track, market.basic, **form)
    again = make.order(market.services, market.track, market.basic, **form)
    assert again.id == first.id
    assert again.checkout_url == first.checkout_url
    changed = make.order(market.services, market.track, market.premium, **form)
    assert changed.id != first.id


def test_two_lines_from_two_apps_credit_each_their_own(market: Market) -> None:
    from flexapp.catalog.offers import offers_for
    from flexapp.orders.terms import terms_hash
    from flexapp.workflows.open_checkout import shown

    with market.database.writing() as session:
        offers = offers_for(session, [market.track, market.other])
        chosen = [(market.track, offers[market.track.id][1]), (market.other, offers[market.other.id][1])]
        order = place_order(
            session,
            lines=[
                (market.track.id, market.premium.id, market.affiliate_key),
                (market.other.id, market.premium.id, market.own_key),
            ],
            buyer_email="a@mail.example",
            buyer_name="A",
            accepted_terms_hash=terms_hash(shown(track, offer) for track, offer in chosen),
            address="198.51.100.1",
            services=market.services,
            now=market.clock.now(),
        )
    start_checkout(market.services, order.id)
    pay(market, make.reload(market.services, order.id))
    assert balances(market)[f"payable:{market.producer.id}"] == -(4875 + 5850)
    assert balances(market)[f"payable:{market.affiliate.id}"] == -650
    make.check_books(market.services)


def test_a_touch_credits_later_purchases_and_the_item_says_why(market: Market) -> None:
    from flexapp.apps.tokens import read_placement_token

    claims = read_placement_token(market.services.signer, market.affiliate_key)
    assert claims is not None
    touch = Touch(claims.placement_id, claims.owner_id, market.clock.now() - timedelta(days=3))
    order = pay(market, make.order(market.services, market.track, market.premium, touches=[touch]))
    (item,) = make.items(market.services, order.id)
    assert item.affiliate_id == market.affiliate.id
    assert item.attribution["rule"] == "last_touch"
    assert item.attribution["evidence"][0]["placement_id"] == claims.placement_id


def test_an_app_whose_lineup_lost_the_track_still_credits_its_owner(market: Market) -> None:
    from flexapp.apps.models import Source

    with market.database.writing() as session:
        for source in session.scalars(select(Source).where(Source.track_id == market.track.id)):
            session.delete(source)
    order = make.order(market.services, market.track, market.premium, key=market.affiliate_key)
    (item,) = make.items(market.services, order.id)
    assert item.affiliate_id == market.affiliate.id


def test_a_revoked_placement_and_an_edited_token_credit_nobody(market: Market) -> None:
    from flexapp.apps.models import Placement

    edited = market.affiliate_key[:-1] + ("A" if market.affiliate_key[-1] != "A" else "B")
    order = make.order(market.services, market.track, market.premium, key=edited)
    assert make.items(market.services, order.id)[0].affiliate_id is None
    with market.database.writing() as session:
        for placement in session.scalars(select(Placement)):
            placement.revoked_at = market.clock.now()
    order = make.order(market.services, market.track, market.premium, key=market.affiliate_key)
    (item,) = make.items(market.services, order.id)
    assert item.affiliate_id is None
    assert item.attribution["evidence"][0]["refused"] == "placement_revoked"


def test_when_stripe_does_not_answer_the_order_waits_and_a_later_try_opens_it(market: Market) -> None:
    order = make.order(market.services, market.track, market.exclusive, start=False)
    market.payments.is_down = True
    with pytest.raises(Upstream):
        start_checkout(market.services, order.id)
    market.payments.is_down = False
    market.clock.advance(timedelta(minutes=3))
    url = start_checkout(market.services, order.id)
    assert start_checkout(market.services, order.id) == url
    again = make.reload(market.services, order.id)
    assert again.attempt == 2
    assert again.checkout_expires_at == market.clock.now() + timedelta(minutes=31)
    pay(market, again)
    make.check_books(market.services)
