"""What every room of the API does alike: refusals, keys, pages, limits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flexapp.inbox.models import IdempotentReply
from flexapp.kernel.clock import FixedClock
from flexapp.people.models import Person
from flexapp.workflows.services import Services
from tests.factories.people import bearer, make_api_token, make_person, sign_in

APPS = "/api/v1/apps"


@pytest.fixture
def ada(services: Services) -> Person:
    """A producer."""
    with services.database.writing() as session:
        return make_person(session, name="Ada")


@pytest.fixture
def headers(services: Services, ada: Person) -> dict[str, str]:
    """What Ada's program sends."""
    with services.database.writing() as session:
        return bearer(make_api_token(session, ada, now=services.clock.now()))


def code_of(answer: Any) -> str:
    assert answer.mimetype == "application/problem+json", answer.text
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    assert answer.json["status"] == answer.status_code
    assert set(answer.json) <= {"type", "title", "status", "detail", "code", "request_id", "fields"}
    return f"{answer.status_code} {answer.json['code']}"


def test_nobody_and_unknown_tokens_hear_401(client: FlaskClient) -> None:
    for sent in ({}, bearer("flx_unknown"), bearer("other"), {"Authorization": "Basic eDp5"}):
        answer = client.get(APPS, headers=sent)
        assert code_of(answer) == "401 unauthenticated"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_browser_session_may_read_and_needs_our_token_to_change(
    client: FlaskClient, services: Services, ada: Person
) -> None:
    sign_in(client, services, ada)
    assert client.get(APPS).status_code == 200
    assert code_of(client.post(APPS, json={"name": "x"})) == "403 form_not_ours"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"data": "{", "content_type": "application/json"}, "422 malformed_body"),
        ({"data": "", "content_type": "application/json"}, "422 malformed_body"),
        (
            {"data": "name=x", "content_type": "application/x-www-form-urlencoded"},
            "415 unsupported_media_type",
        ),
        ({"json": []}, "422 invalid_request"),
        ({"json": "name"}, "422 invalid_request"),
        ({"json": {}}, "422 invalid_request"),
        ({"json": {"name": "x", "colour": "red"}}, "422 invalid_request"),
        ({"json": {"name": 5}}, "422 invalid_request"),
        ({"json": {"name": "x" * (1024 * 1024)}}, "413 request_entity_too_large"),
    ],
)
def test_a_wrong_body_is_named(
    client: FlaskClient, headers: dict[str, str], sent: dict[str, Any], expected: str
) -> None:
    answer = client.post(APPS, headers=headers, **sent)
    assert code_of(answer) == expected
    assert "pydantic" not in answer.text


def test_fields_say_what_to_mend_and_repeat_no_input(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.post(APPS, headers=headers, json={"name": {"secret": "hunter2"}, "colour": "red"})
    assert answer.json is not None
    assert set(answer.json["fields"]) == {"name", "colour"}
    assert answer.json["fields"]["colour"] == "There is no such field."
    assert "hunter2" not in answer.text


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "sort=name", "cursor=" + "x" * 501])
def test_a_wrong_query_is_named(client: FlaskClient, headers: dict[str, str], query: str) -> None:
    assert code_of(client.get(f"{APPS}?{query}", headers=headers)) == "422 invalid_request"


def test_times_need_a_zone(client: FlaskClient, headers: dict[str, str]) -> None:
    wrong = client.get("/api/v1/orders?since=2026-11-20T12:00:00", headers=headers)
    assert code_of(wrong) == "422 invalid_request"
    assert client.get("/api/v1/orders?since=2026-11-20T12:00:00Z", headers=headers).status_code == 200


def test_other_methods_and_paths_are_refused_in_the_same_form(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    answer = client.put(APPS, headers=headers, json={})
    assert code_of(answer) == "405 method_not_allowed"
    assert "POST" in answer.headers["Allow"]
    assert code_of(client.get("/api/v1/nothing", headers=headers)) == "404 not_found"


def test_a_cursor_is_signed(client: FlaskClient, headers: dict[str, str]) -> None:
    for name in ("One", "Two"):
        client.post(APPS, headers=headers, json={"name": name})
    first = client.get(f"{APPS}?limit=1", headers=headers).json
    assert first is not None
    cursor = first["next_cursor"]
    second = client.get(f"{APPS}?limit=1&cursor={cursor}", headers=headers).json
    assert second is not None
    assert [first["data"][0]["name"], second["data"][0]["name"]] == ["Two", "One"]
    assert second["next_cursor"] is None
    edited = client.get(f"{APPS}?cursor={'A' + cursor[1:]}", headers=headers)
    assert code_of(edited) == "422 invalid_cursor"


def test_the_same_key_does_the_work_once(client: FlaskClient, headers: dict[str, str]) -> None:
    keyed = headers | {"Idempotency-Key": "k-1"}
    first = client.post(APPS, headers=keyed, json={"name": "Once"})
    again = client.post(APPS, headers=keyed, json={"name": "Once"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    listed = client.get(APPS, headers=headers).json
    assert listed is not None
    assert len(listed["data"]) == 1


def test_the_same_key_for_something_else_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    keyed = headers | {"Idempotency-Key": "k-1"}
    client.post(APPS, headers=keyed, json={"name": "Once"})
    for path, body in ((APPS, {"name": "Twice"}), ("/api/v1/tracks", {"title": "Once"})):
        assert code_of(client.post(path, headers=keyed, json=body)) == "422 idempotency_key_reused"


def test_keys_are_each_persons_own(client: FlaskClient, headers: dict[str, str], services: Services) -> None:
    with services.database.writing() as session:
        theirs = bearer(make_api_token(session, make_person(session, name="Bob")))
    key = {"Idempotency-Key": "k-1"}
    mine = client.post(APPS, headers=headers | key, json={"name": "Same"}).json
    other = client.post(APPS, headers=theirs | key, json={"name": "Same"}).json
    assert mine is not None
    assert other is not None
    assert mine["id"] != other["id"]


def test_a_refused_request_leaves_its_key_free(client: FlaskClient, headers: dict[str, str]) -> None:
    keyed = headers | {"Idempotency-Key": "k-1"}
    assert client.post(APPS, headers=keyed, json={"name": " "}).status_code == 422
    assert client.post(APPS, headers=keyed, json={"name": "Good"}).status_code == 201


def test_a_key_is_forgotten_after_a_day(
    client: FlaskClient, headers: dict[str, str], clock: FixedClock
) -> None:
    keyed = headers | {"Idempotency-Key": "k-1"}
    first = client.post(APPS, headers=keyed, json={"name": "Daily"}).json
    clock.advance(timedelta(hours=24, seconds=1))
    second = client.post(APPS, headers=keyed, json={"name": "Daily"}).json
    assert first is not None
    assert second is not None
    assert first["id"] != second["id"]


@pytest.mark.parametrize("key", ["", "x" * 201, "naïve"])
def test_a_key_that_is_none_is_refused(client: FlaskClient, headers: dict[str, str], key: str) -> None:
    answer = client.post(APPS, headers=headers | {"Idempotency-Key": key}, json={"name": "x"})
    assert code_of(answer) == "422 invalid_idempotency_key"


def test_a_secret_is_never_stored_with_its_reply(
    client: FlaskClient, headers: dict[str, str], services: Services
) -> None:
    keyed = headers | {"Idempotency-Key": "k-1"}
    first = client.post("/api/v1/tokens", headers=keyed, json={"name": "ci", "scopes": ["read"]}).json
    again = client.post("/api/v1/tokens", headers=keyed, json={"name": "ci", "scopes": ["read"]}).json
    assert first is not None
    assert again == first | {"secret": None}
    with services.database.reading() as session:
        (stored,) = session.query(IdempotentReply).all()
    assert first["secret"] not in stored.body


def test_twenty_at_once_with_one_key_make_one_app(app: Flask, headers: dict[str, str]) -> None:
    keyed = headers | {"Idempotency-Key": "race"}
    barrier = threading.Barrier(20)
    answers: list[tuple[int, str]] = []

    def send() -> None:
        client = app.test_client()
        barrier.wait()
        answer = client.post(APPS, headers=keyed, json={"name": "Raced"})
        answers.append((answer.status_code, answer.json["id"] if answer.json else ""))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 20
    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    listed = app.test_client().get(APPS, headers=headers).json
    assert listed is not None
    assert len(listed["data"]) == 1


@pytest.fixture
def limited(services: Services) -> Iterator[Flask]:
    """The app with its limits on."""
    from dataclasses import replace

    from flexapp.app import create_app
    from flexapp.web.limits import limiter

    settings = services.settings.model_copy(update={"rate_limits": True})
    yield create_app(settings, replace(services, settings=settings))
    limiter.reset()
    limiter.enabled = False


def test_beyond_the_limit_comes_429_with_retry_after(limited: Flask, headers: dict[str, str]) -> None:
    client = limited.test_client()
    first = client.get(APPS, headers=headers)
    assert first.status_code == 200
    assert first.headers["X-RateLimit-Limit"] == "600"
    assert first.headers["X-RateLimit-Remaining"] == "599"
    assert "Retry-After" not in first.headers
    other = headers | {"Authorization": "Bearer flx_nobody"}
    assert client.get("/api/v1/me", headers=other).headers["X-RateLimit-Remaining"] == "599"
    for number in range(599):
        assert client.get(("/api/v1/me", APPS)[number % 2], headers=headers).status_code == 200
    refused = client.get(APPS, headers=headers)
    assert code_of(refused) == "429 too_many_requests"
    assert int(refused.headers["Retry-After"]) >= 1


def test_made_up_tokens_share_the_count_of_their_address(limited: Flask, headers: dict[str, str]) -> None:
    from flexapp.web.limits import limiter

    client = limited.test_client()
    left = [
        client.get(APPS, headers={"Authorization": f"{scheme} {number}"}).headers["X-RateLimit-Remaining"]
        for number, scheme in enumerate(["Bearer flx_made_up", "Bearer", "Basic", "bearer flx_"] * 5)
    ]
    assert left == [str(599 - number) for number in range(20)]
    assert client.get(APPS, headers=headers).headers["X-RateLimit-Remaining"] == "599"
    assert len(limiter.storage.events) == 2  # type: ignore[attr-defined]
    from_elsewhere = client.get(APPS, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert from_elsewhere.headers["X-RateLimit-Remaining"] == "599"
