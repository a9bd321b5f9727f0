"""From the buyer's card to the books and back, over real HTTP, a running worker and bad weather."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.serving import WSGIRequestHandler, make_server

from flexapp.config import Settings
from flexapp.gateways.stripe import register_webhook
from flexapp.inbox.models import InboundEvent
from flexapp.localstripe.server import Server
from flexapp.orders.models import OrderState
from flexapp.worker.runtime import Worker
from flexapp.workflows.services import Services
from tests.factories import orders as make
from tests.factories.catalog import make_license_types, make_track
from tests.factories.checkout import pay, press
from tests.factories.people import make_person


class Quiet(WSGIRequestHandler):
    def log(self, *args: Any) -> None:
        pass


@pytest.fixture
def listening(app: Flask, settings: Settings) -> Iterator[None]:
    """The app behind a real port, where the stand-in sends its webhooks."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    register_webhook(settings.model_copy(update={"base_url": base}))
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def running(listening: None, worker: Worker) -> Iterator[Worker]:
    worker.start()
    yield worker
    worker.stop()


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def unhandled(services: Services) -> int:
    with services.database.reading() as session:
        query = select(func.count()).where(InboundEvent.handled_at.is_(None))
        return session.scalar(query) or 0


@pytest.mark.parametrize(
    "weather",
    [{}, {"duplicate": "2", "shuffle": "0.4"}],
    ids=["calm", "three times each in random order"],
)
def test_a_sale_and_its_refund_reach_the_books_by_webhooks_alone(
    services: Services, running: Worker, localstripe: Server, weather: dict[str, str]
) -> None:
    press(localstripe.url, "/chaos", **weather)
    with services.database.writing() as session:
        producer = make_person(session, name="Kaito")
        _, premium, *_ = make_license_types(session, producer)
        track = make_track(session, producer)
    order = make.order(services, track, premium)
    assert order.checkout_url
    assert pay(order.checkout_url).status_code == 303
    assert eventually(lambda: make.reload(services, order.id).state is OrderState.PAID)
    charge = make.reload(services, order.id).charge_id
    assert charge
    press(localstripe.url, "/refunds", charge=charge, amount="15.00", reason="requested_by_customer")
    assert eventually(lambda: make.reload(services, order.id).state is OrderState.PARTLY_REFUNDED)
    press(localstripe.url, "/refunds", charge=charge)
    assert eventually(lambda: make.reload(services, order.id).state is OrderState.REFUNDED)
    assert localstripe.settle()
    assert eventually(lambda: unhandled(services) == 0)
    assert make.reload(services, order.id).refunded == order.total
    make.check_books(services)


def test_a_sale_whose_webhooks_were_all_lost_is_found_by_asking(
    services: Services, listening: None, worker: Worker, localstripe: Server
) -> None:
    press(localstripe.url, "/chaos", drop="1")
    with services.database.writing() as session:
        producer = make_person(session, name="Kaito")
        _, premium, *_ = make_license_types(session, producer)
        track = make_track(session, producer)
    order = make.order(services, track, premium)
    assert order.checkout_url
    pay(order.checkout_url)
    assert localstripe.settle()
    worker.run_once()
    assert make.reload(services, order.id).state is OrderState.OPEN
    worker.run_periodic("fill_inbox_gaps")
    worker.run_once()
    assert make.reload(services, order.id).state is OrderState.PAID
    make.check_books(services)
