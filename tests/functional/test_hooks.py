"""The webhook's door: signed bytes are stored once, everything else is refused."""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from flexapp.config import Settings
from flexapp.inbox.models import InboundEvent
from flexapp.storage.session import Database

SECRET = "whsec_of_this_test"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    values = {
        **settings.model_dump(),
        "stripe_webhook_secret": SECRET,
        "stripe_webhook_secret_old": "whsec_old",
    }
    return Settings(**values)


def signed(body: bytes, *, secret: str = SECRET, moment: float | None = None) -> dict[str, str]:
    stamp = int(time.time() if moment is None else moment)
    mac = hmac.new(secret.encode(), b"%d." % stamp + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={stamp},v1={mac}"}


def event(**values: Any) -> bytes:
    body = {
        "id": "evt_1",
        "object": "event",
        "type": "refund.created",
        "data": {"object": {"id": "re_1", "object": "refund"}},
        **values,
    }
    return json.dumps(body).encode()


def stored(database: Database) -> list[InboundEvent]:
    with database.reading() as session:
        return list(session.scalars(select(InboundEvent)))


def test_a_signed_event_is_stored_once_however_often_it_comes(
    client: FlaskClient, database: Database
) -> None:
    for _ in range(3):
        assert client.post("/hooks/stripe", data=event(), headers=signed(event())).status_code == 200
    (row,) = stored(database)
    assert (row.source, row.event_id, row.type, row.object_id) == (
        "stripe",
        "evt_1",
        "refund.created",
        "re_1",
    )
    assert row.handled_at is None


def test_the_secret_before_the_rotation_still_opens_the_door(client: FlaskClient, database: Database) -> None:
    assert (
        client.post("/hooks/stripe", data=event(), headers=signed(event(), secret="whsec_old")).status_code
        == 200
    )
    assert len(stored(database)) == 1


def test_a_thin_event_is_taken_too(client: FlaskClient, database: Database) -> None:
    body = json.dumps(
        {
            "id": "evt_2",
            "object": "v2.core.event",
            "type": "v1.checkout.session.completed",
            "related_object": {"id": "cs_1", "type": "checkout.session", "url": "/v1/checkout/sessions/cs_1"},
        }
    ).encode()
    assert client.post("/hooks/stripe", data=body, headers=signed(body)).status_code == 200
    assert stored(database)[0].object_id == "cs_1"


@pytest.mark.parametrize("seconds", [-400, 400])
def test_a_signature_that_is_minutes_off_is_refused_in_both_directions(
    client: FlaskClient, database: Database, seconds: int
) -> None:
    headers = signed(event(), moment=time.time() + seconds)
    assert client.post("/hooks/stripe", data=event(), headers=headers).status_code in (400, 422)
    assert stored(database) == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Stripe-Signature": "t=1"},
        {"Stripe-Signature": "nonsense"},
        signed(event(), secret="whsec_wrong"),
    ],
)
def test_what_stripe_did_not_sign_is_refused(
    client: FlaskClient, database: Database, headers: dict[str, str]
) -> None:
    answer = client.post("/hooks/stripe", data=event(), headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.json["code"] == "bad_signature"
    assert stored(database) == []


def test_a_changed_body_is_refused(client: FlaskClient, database: Database) -> None:
    changed = event(type="refund.updated")
    assert client.post("/hooks/stripe", data=changed, headers=signed(event())).status_code in (400, 422)
    assert stored(database) == []


@pytest.mark.parametrize("body", [b"no json", b"[]", b'{"object": "event"}', b"\xff\xfe"])
def test_a_signed_body_that_is_no_event_is_refused(
    client: FlaskClient, database: Database, body: bytes
) -> None:
    assert client.post("/hooks/stripe", data=body, headers=signed(body)).status_code in (400, 422)
    assert stored(database) == []


def test_a_body_larger_than_any_event_is_refused_before_it_is_read(
    client: FlaskClient, database: Database
) -> None:
    body = event(padding="x" * (256 * 1024))
    answer = client.post("/hooks/stripe", data=body, headers=signed(body))
    assert answer.json["code"] == "event_too_large"
    assert stored(database) == []


class TestWithoutASecret:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        blank = {"stripe_webhook_secret": "", "stripe_webhook_secret_old": "  "}
        return Settings(**{**settings.model_dump(), **blank})

    def test_the_door_is_closed(self, client: FlaskClient, database: Database) -> None:
        headers = signed(event(), secret="")
        assert client.post("/hooks/stripe", data=event(), headers=headers).status_code in (400, 422)
        assert stored(database) == []
