"""Webhooks: signed, after the answer, tried again, in any weather, across a restart."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from stripe import StripeClient

from flexapp.config import Settings, StripeMode
from flexapp.gateways.ports import Payments
from flexapp.gateways.stripe import register_webhook
from flexapp.kernel.clock import FixedClock
from flexapp.localstripe import server as standin
from flexapp.localstripe.server import Server
from tests.factories.checkout import Receiver, paid, press


class TestWebhooks:
    @pytest.fixture
    def receiver(self) -> Iterator[Receiver]:
        receiver = Receiver()
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        yield receiver
        receiver.shutdown()
        receiver.server_close()
        thread.join()

    @pytest.fixture
    def settings(self, settings: Settings, receiver: Receiver) -> Settings:
        base = f"http://127.0.0.1:{receiver.server_port}"
        listening = Settings(
            home=settings.home,
            base_url=base,
            stripe_mode=StripeMode.LOCAL,
            stripe_api_base=settings.stripe_api_base,
        )
        register_webhook(listening)
        return listening

    def types(self, payments: Payments, receiver: Receiver) -> list[str]:
        return [payments.read_event(body, signature).type for signature, body in receiver.taken]

    def test_they_leave_although_the_client_hangs_up_on_the_answer(
        self,
        payments: Payments,
        clock: FixedClock,
        receiver: Receiver,
        localstripe: Server,
        settings: Settings,
    ) -> None:
        checkout = paid(payments, clock)
        assert checkout.payment is not None
        assert localstripe.settle()
        before = len(receiver.taken)
        hang_up(localstripe, "/refunds", f"charge={checkout.payment.charge_id}")
        deadline = time.monotonic() + 10
        while len(receiver.taken) < before + 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert set(self.types(payments, receiver)[before:]) == {
            "refund.created",
            "refund.updated",
            "charge.refunded",
        }

    def test_they_arrive_signed_with_the_secret_that_was_told_once(
        self,
        payments: Payments,
        clock: FixedClock,
        receiver: Receiver,
        localstripe: Server,
        settings: Settings,
    ) -> None:
        checkout = paid(payments, clock)
        assert localstripe.settle()
        events = [payments.read_event(body, signature) for signature, body in receiver.taken]
        assert {(event.type, event.object_id) for event in events} == {
            ("checkout.session.completed", checkout.id),
            ("payment_intent.succeeded", checkout.payment.payment_intent_id if checkout.payment else ""),
        }
        secret_file = settings.home / "stripe_webhook_secret"
        assert secret_file.stat().st_mode & 0o777 == 0o600
        assert secret_file.read_text().startswith("whsec_")

    def test_registering_again_replaces_the_endpoint(
        self,
        payments: Payments,
        clock: FixedClock,
        receiver: Receiver,
        localstripe: Server,
        settings: Settings,
    ) -> None:
        register_webhook(settings)
        paid(payments, clock)
        assert localstripe.settle()
        assert len(receiver.taken) == 2

    def test_a_failed_delivery_is_tried_again(
        self, payments: Payments, clock: FixedClock, receiver: Receiver, localstripe: Server
    ) -> None:
        receiver.failures = 2
        paid(payments, clock)
        assert localstripe.settle()
        assert sorted(self.types(payments, receiver)) == [
            "checkout.session.completed",
            "payment_intent.succeeded",
        ]
        assert payments.undelivered_events(since=clock.now() - timedelta(hours=1)) == []

    def test_the_switches_duplicate_and_shuffle(
        self, payments: Payments, clock: FixedClock, receiver: Receiver, localstripe: Server
    ) -> None:
        press(localstripe.url, "/chaos", duplicate="2", shuffle="0.2", delay="0.05")
        paid(payments, clock)
        assert localstripe.settle()
        assert len(receiver.taken) == 6

    def test_a_lost_event_is_told_when_asked_and_can_be_delivered_again(
        self, payments: Payments, clock: FixedClock, receiver: Receiver, localstripe: Server
    ) -> None:
        press(localstripe.url, "/chaos", drop="1")
        checkout = paid(payments, clock)
        assert localstripe.settle()
        assert receiver.taken == []
        lost = payments.undelivered_events(since=clock.now() - timedelta(hours=1))
        assert [event.type for event in lost] == ["payment_intent.succeeded", "checkout.session.completed"]
        assert lost[1].object_id == checkout.id
        press(localstripe.url, "/events/redeliver", event=lost[0].id)
        assert localstripe.settle()
        assert self.types(payments, receiver) == ["payment_intent.succeeded"]

    def test_an_unknown_switch_position_is_refused(self, localstripe: Server) -> None:
        for form in ({"drop": "2"}, {"duplicate": "many"}):
            assert press(localstripe.url, "/chaos", **form).status_code == 400


def test_the_state_survives_a_restart_with_its_undelivered_webhooks(tmp_path: Any) -> None:
    path = tmp_path / "localstripe.sqlite3"
    receiver = Receiver()
    port = receiver.server_port
    receiver.server_close()
    first = standin.start(state_path=path)
    client = StripeClient("sk_test_local_x", base_addresses={"api": first.url})
    client.v1.webhook_endpoints.create({"url": f"http://127.0.0.1:{port}/", "enabled_events": ["*"]})
    session = client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "success_url": "http://127.0.0.1:9/",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {"currency": "usd", "unit_amount": 2999, "product_data": {"name": "Beat"}},
                }
            ],
        }
    )
    client.v1.checkout.sessions.expire(session.id)
    first.stop()
    receiver = Receiver()
    second = standin.start(state_path=path)
    try:
        again = StripeClient("sk_test_local_x", base_addresses={"api": second.url})
        assert again.v1.checkout.sessions.retrieve(session.id).status == "expired"
        (event,) = again.v1.events.list().data
        assert event.pending_webhooks == 1
    finally:
        second.stop()
        receiver.server_close()


def hang_up(localstripe: Server, path: str, form: str) -> None:
    """Post, and reset the connection as soon as the whole answer is there."""
    host, port = localstripe.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(form)}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        )
        client.sendall(f"{head}{form}".encode())
        answer = b""
        while not answer.endswith(b"</a>. If not, click the link.\n"):
            answer += client.recv(4096)
        assert b" 303 " in answer
