"""The stand-in through Stripe's own client library and its pages."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import requests
import stripe
from stripe import StripeClient

from flexapp.config import Settings
from flexapp.errors import Upstream
from flexapp.gateways.ports import CheckoutLine, CheckoutStatus, Payments
from flexapp.gateways.stripe import PaymentRefused, UnknownPayment, payments_from
from flexapp.kernel.clock import FixedClock
from flexapp.localstripe import server as standin
from flexapp.localstripe.server import Server
from tests.factories.checkout import ASKS, DECLINES, answer_challenge, opened, paid, pay, press


class TestCheckout:
    def test_a_paid_one_tells_charge_fee_and_order(self, payments: Payments, clock: FixedClock) -> None:
        checkout = opened(payments, clock)
        assert (checkout.status, checkout.payment) == (CheckoutStatus.OPEN, None)
        assert checkout.url
        answer = pay(checkout.url)
        assert answer.headers["Location"] == f"http://127.0.0.1:9/orders/tok?session={checkout.id}"
        checkout = payments.retrieve_checkout(checkout.id)
        assert (checkout.status, checkout.order_id, checkout.url) == (CheckoutStatus.COMPLETE, "ord_1", None)
        assert checkout.payment
        assert (checkout.payment.amount, checkout.payment.currency) == (9499, "usd")
        assert checkout.payment.fee == 305, "2.9 % of 94.99 is 2.75471, and 30 cents"
        assert payments.payment_of_charge(checkout.payment.charge_id) == checkout.payment
        assert payments.checkout_of_payment(checkout.payment.payment_intent_id) == checkout

    def test_the_same_order_and_attempt_open_one_page_and_another_attempt_another(
        self, payments: Payments, clock: FixedClock
    ) -> None:
        first = opened(payments, clock)
        assert opened(payments, clock).id == first.id
        assert opened(payments, clock, attempt=2).id != first.id

    def test_a_declined_card_leaves_it_open_and_says_why(self, payments: Payments, clock: FixedClock) -> None:
        checkout = opened(payments, clock)
        assert checkout.url
        answer = pay(checkout.url, DECLINES)
        assert "Your card was declined." in answer.text
        assert payments.retrieve_checkout(checkout.id).status is CheckoutStatus.OPEN
        assert pay(checkout.url).status_code == 303
        assert payments.retrieve_checkout(checkout.id).payment

    def test_a_card_that_asks_pays_only_when_the_buyer_passes(
        self, payments: Payments, clock: FixedClock
    ) -> None:
        checkout = opened(payments, clock)
        assert checkout.url
        assert pay(checkout.url, ASKS).headers["Location"].endswith("/authenticate")
        assert payments.retrieve_checkout(checkout.id).payment is None
        assert "unable to authenticate" in answer_challenge(checkout.url, is_passed=False).text
        pay(checkout.url, ASKS)
        assert answer_challenge(checkout.url, is_passed=True).status_code == 303
        assert payments.retrieve_checkout(checkout.id).payment

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"email": "ada"}, "Enter an e-mail address"),
            ({"card": "4242 4242 4242 4241"}, "incomplete or wrong"),
            ({"card": "4111 1111 1111 1111"}, "never a real one"),
            ({"expiry": "13/34"}, "month and year"),
            ({"expiry": "10/26"}, "in the past"),
            ({"cvc": "12"}, "three or four digits"),
            ({"name": ""}, "name on the card"),
        ],
    )
    def test_what_was_typed_wrong_is_named_beside_its_field(
        self, payments: Payments, clock: FixedClock, typed: dict[str, str], said: str
    ) -> None:
        checkout = opened(payments, clock)
        assert checkout.url
        assert said in pay(checkout.url, **{"card": "4242424242424242", **typed}).text
        assert payments.retrieve_checkout(checkout.id).status is CheckoutStatus.OPEN

    def test_it_expires_by_the_clock_and_takes_no_card_any_more(
        self, payments: Payments, clock: FixedClock
    ) -> None:
        checkout = opened(payments, clock)
        assert checkout.url
        clock.advance(timedelta(minutes=31))
        assert pay(checkout.url).status_code == 410
        assert payments.retrieve_checkout(checkout.id).status is CheckoutStatus.EXPIRED

    def test_expiring_answers_with_how_it_stands(self, payments: Payments, clock: FixedClock) -> None:
        assert payments.expire_checkout(opened(payments, clock).id).status is CheckoutStatus.EXPIRED
        bought = paid(payments, clock, order="ord_2")
        assert payments.expire_checkout(bought.id) == bought

    def test_twenty_buyers_of_one_page_are_charged_once(self, payments: Payments, clock: FixedClock) -> None:
        checkout = opened(payments, clock)
        assert checkout.url
        url = checkout.url
        threads = [threading.Thread(target=pay, args=(url,)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        charges = requests.get(
            url.split("/c/")[0] + "/v1/charges", headers={"Authorization": "Bearer sk_test_local_x"}
        ).json()
        assert len(charges["data"]) == 1

    def test_it_lasts_half_an_hour_at_least_and_a_day_at_most(
        self, payments: Payments, clock: FixedClock
    ) -> None:
        for span in (timedelta(minutes=20), timedelta(hours=25)):
            with pytest.raises(PaymentRefused, match="expires_at"):
                payments.create_checkout(
                    order_id="ord_9",
                    attempt=1,
                    lines=[CheckoutLine("Beat", "", 1000)],
                    currency="usd",
                    buyer_email="ada@example.com",
                    success_url="http://127.0.0.1:9/",
                    cancel_url="http://127.0.0.1:9/",
                    expires_at=clock.now() + span,
                )


class TestRefunds:
    def test_they_add_up_to_the_charge_and_not_beyond(self, payments: Payments, clock: FixedClock) -> None:
        payment = paid(payments, clock).payment
        assert payment
        first = payments.refund(charge_id=payment.charge_id, key="one", amount=4000, metadata={"why": "half"})
        clock.advance(timedelta(seconds=5))
        rest = payments.refund(charge_id=payment.charge_id, key="two")
        assert (first.amount, rest.amount, first.metadata) == (4000, 5499, {"why": "half"})
        assert payments.refunds_of(payment.charge_id) == [first, rest]
        with pytest.raises(PaymentRefused, match="already been refunded"):
            payments.refund(charge_id=payment.charge_id, key="three")

    def test_a_key_gives_the_first_answer_again_and_refuses_other_parameters(
        self, payments: Payments, clock: FixedClock
    ) -> None:
        payment = paid(payments, clock).payment
        assert payment
        first = payments.refund(charge_id=payment.charge_id, key="same", amount=100)
        assert payments.refund(charge_id=payment.charge_id, key="same", amount=100) == first
        with pytest.raises(PaymentRefused, match="same parameters"):
            payments.refund(charge_id=payment.charge_id, key="same", amount=200)
        assert len(payments.refunds_of(payment.charge_id)) == 1

    def test_a_refusal_is_replayed_too_until_its_key_is_a_day_old(
        self, payments: Payments, clock: FixedClock
    ) -> None:
        payment = paid(payments, clock).payment
        assert payment
        with pytest.raises(PaymentRefused, match="greater than"):
            payments.refund(charge_id=payment.charge_id, key="greedy", amount=99999)
        with pytest.raises(PaymentRefused, match="greater than"):
            payments.refund(charge_id=payment.charge_id, key="greedy", amount=99999)
        clock.advance(timedelta(hours=25))
        assert payments.refund(charge_id=payment.charge_id, key="greedy", amount=1).amount == 1

    def test_the_dashboard_refunds_with_a_reason_and_one_can_fail_later(
        self, payments: Payments, clock: FixedClock, sdk: StripeClient, localstripe: Server
    ) -> None:
        payment = paid(payments, clock).payment
        assert payment
        page = press(
            localstripe.url, "/refunds", charge=payment.charge_id, amount="10.50", reason="duplicate"
        )
        assert "Refunded." in page.text
        (refund,) = payments.refunds_of(payment.charge_id)
        assert refund.amount == 1050
        assert sdk.v1.refunds.retrieve(refund.id).reason == "duplicate"
        press(localstripe.url, "/refunds/fail", refund=refund.id)
        assert payments.refunds_of(payment.charge_id)[0].status == "failed"
        assert sdk.v1.charges.retrieve(payment.charge_id).amount_refunded == 0
        kinds = [event.type for event in sdk.v1.events.list({"limit": 5}).data]
        assert kinds == [
            "refund.failed",
            "refund.updated",
            "refund.updated",
            "charge.refunded",
            "refund.created",
        ]

    @pytest.mark.parametrize("amount", ["much", "0", "0.001", "-3", "1000000"])
    def test_an_amount_that_makes_no_sense_is_refused_on_the_page(
        self, payments: Payments, clock: FixedClock, localstripe: Server, amount: str
    ) -> None:
        payment = paid(payments, clock).payment
        assert payment
        page = press(localstripe.url, "/refunds", charge=payment.charge_id, amount=amount)
        assert page.status_code == 400
        assert 'role="alert"' in page.text
        assert payments.refunds_of(payment.charge_id) == []


class TestMoney:
    def test_the_balance_is_the_sum_of_its_transactions_and_matures(
        self, payments: Payments, clock: FixedClock, sdk: StripeClient
    ) -> None:
        payment = paid(payments, clock).payment
        assert payment
        payments.refund(charge_id=payment.charge_id, key="r", amount=1000)
        entries = list(sdk.v1.balance_transactions.list({"limit": 1}).auto_paging_iter())
        assert [(entry.reporting_category, entry.net) for entry in entries] == [
            ("refund", -1000),
            ("charge", 9499 - 305),
        ]
        before = sdk.v1.balance.retrieve()
        assert (before.available[0].amount, before.pending[0].amount) == (-1000, 9194)
        clock.advance(timedelta(days=2))
        after = sdk.v1.balance.retrieve()
        assert (after.available[0].amount, after.pending[0].amount) == (8194, 0)


class TestErrors:
    def test_a_wrong_key_is_an_authentication_error(self, localstripe: Server) -> None:
        bases: Any = {"api": localstripe.url}
        with pytest.raises(stripe.AuthenticationError):
            StripeClient("sk_test_real", base_addresses=bases).v1.balance.retrieve()

    def test_an_unknown_object_is_not_found(self, payments: Payments) -> None:
        with pytest.raises(UnknownPayment):
            payments.retrieve_checkout("cs_test_nowhere")
        with pytest.raises(UnknownPayment):
            payments.refund(charge_id="ch_nowhere", key="k")

    def test_a_stand_in_that_is_away_is_an_upstream_error(self, tmp_path: Any) -> None:
        away = Settings(home=tmp_path, stripe_api_base="http://127.0.0.1:9")
        with pytest.raises(Upstream):
            payments_from(away).check()

    @pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])
    def test_it_listens_on_loopback_only(self, host: str) -> None:
        with pytest.raises(standin.StandInRefused):
            standin.start(host=host)

    def test_it_refuses_production(self) -> None:
        with pytest.raises(standin.StandInRefused):
            standin.start(env="production")

    def test_its_pages_cannot_be_driven_by_another_site_or_under_another_name(
        self, localstripe: Server
    ) -> None:
        foreign = requests.post(
            f"{localstripe.url}/clock", {"days": "1"}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        renamed = requests.get(localstripe.url, headers={"Host": "evil.example"})
        assert (foreign.status_code, renamed.status_code) == (403, 403)
        assert requests.get(f"{localstripe.url}/_local/clock").json()["offset_seconds"] == 0


def test_the_clock_is_advanced_on_the_dashboard_and_told_to_the_app(localstripe: Server) -> None:
    from flexapp.gateways.localclock import LocalClock
    from flexapp.kernel.clock import SystemClock

    localstripe.follow(None)
    assert abs(LocalClock(localstripe.url).now() - SystemClock().now()) < timedelta(seconds=5)
    press(localstripe.url, "/clock", days="7")
    ahead = LocalClock(localstripe.url).now() - SystemClock().now()
    assert abs(ahead - timedelta(days=7)) < timedelta(seconds=5)
    assert abs(LocalClock("http://127.0.0.1:9").now() - SystemClock().now()) < timedelta(seconds=5)
