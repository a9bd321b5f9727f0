"""The core without a socket: requests built, replies read, refusals named."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import format_datetime
from enum import StrEnum

import pytest
from flexapp_sdk import (
    ApiError,
    ConfigurationError,
    Conflict,
    Forbidden,
    IdempotencyKeyReused,
    Invalid,
    NotFound,
    RateLimited,
    ScopeMissing,
    ServerError,
    Unauthenticated,
    Unavailable,
    UnexpectedResponse,
    UploadRefused,
)
from flexapp_sdk import _protocol as protocol
from flexapp_sdk._protocol import Call, Incoming

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def problem(status: int, code: str, **more: object) -> Incoming:
    body = {
        "title": "No",
        "detail": "Because.",
        "status": status,
        "code": code,
        "request_id": "req_1",
        **more,
    }
    return Incoming(status, {"content-type": "application/problem+json"}, json.dumps(body).encode())


def test_a_call_becomes_a_request_below_the_api() -> None:
    request = protocol.build(Call("GET", "/tracks", params={"limit": 5, "cursor": None}), "https://x.example")
    assert request.url == "https://x.example/api/v1/tracks?limit=5"
    assert request.method == "GET"
    assert request.body is None
    assert "Idempotency-Key" not in request.headers
    assert "Authorization" not in request.headers


def test_a_base_url_may_have_a_path() -> None:
    assert protocol.check_base_url("https://x.example/beats/") == "https://x.example/beats"


@pytest.mark.parametrize(
    "address", ["", "x.example", "ftp://x", "https://", "https://x?y=1", "http://x:port", "https://a:b@x"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        protocol.check_base_url(address)
    assert "base_url" in str(refused.value)


def test_a_body_is_compact_json_of_plain_values() -> None:
    class Kind(StrEnum):
        BAR = "bar"

    call = Call("POST", "/apps", json={"name": "Nacht ✦", "layout": Kind.BAR, "at": NOON, "tags": ("a",)})
    request = protocol.build(call, "http://x")
    assert isinstance(request.body, bytes)
    assert json.loads(request.body) == {
        "name": "Nacht ✦",
        "layout": "bar",
        "at": "2026-11-20T12:00:00Z",
        "tags": ["a"],
    }
    assert request.headers["Content-Type"] == "application/json"


def test_a_post_gets_a_key_of_its_own_and_keeps_a_given_one() -> None:
    first, second = (protocol.with_key(Call("POST", "/apps")).idempotency_key for _ in range(2))
    assert first != second
    assert protocol.with_key(Call("POST", "/apps", idempotency_key="mine")).idempotency_key == "mine"
    assert protocol.with_key(Call("PATCH", "/apps/1")).idempotency_key is None


def test_ids_cannot_reach_another_path() -> None:
    assert protocol.segment("../tokens") == "..%2Ftokens"
    assert protocol.segment("a?b#c") == "a%3Fb%23c"
    for nothing in ("", ".", ".."):
        with pytest.raises(ValueError, match="no id"):
            protocol.segment(nothing)


def test_moments_are_utc() -> None:
    assert protocol.moment(NOON) == "2026-11-20T12:00:00Z"
    assert protocol.moment(NOON.astimezone(timezone(timedelta(hours=2)))) == "2026-11-20T12:00:00Z"
    assert protocol.moment(date(2026, 11, 20)) == "2026-11-20T00:00:00Z"
    assert protocol.moment(timedelta(days=1), now=NOON) == "2026-11-19T12:00:00Z"
    with pytest.raises(ValueError, match="zone"):
        protocol.moment(datetime(2026, 11, 20))


def test_retry_after_is_a_number_or_a_date() -> None:
    later = format_datetime(NOON + timedelta(seconds=90), usegmt=True)
    assert protocol.retry_after({}, NOON) is None
    assert protocol.retry_after({"retry-after": "7"}, NOON) == 7
    assert protocol.retry_after({"retry-after": later}, NOON) == 90
    assert protocol.retry_after({"retry-after": format_datetime(NOON, usegmt=True)}, NOON + timedelta(1)) == 0
    assert protocol.retry_after({"retry-after": "soon"}, NOON) is None


def test_a_good_reply_is_its_json_and_an_empty_one_nothing() -> None:
    assert protocol.read(Incoming(200, {"content-type": "application/json"}, b'{"a": 1}')) == {"a": 1}
    assert protocol.read(Incoming(204, {}, b"")) is None


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "bad_request", Invalid),
        (401, "unauthenticated", Unauthenticated),
        (403, "forbidden", Forbidden),
        (403, "scope_missing", ScopeMissing),
        (404, "track_not_found", NotFound),
        (409, "already_picked", Conflict),
        (413, "request_entity_too_large", Invalid),
        (418, "teapot", ApiError),
        (422, "invalid_request", Invalid),
        (422, "idempotency_key_reused", IdempotencyKeyReused),
        (429, "too_many_requests", RateLimited),
        (500, "internal", ServerError),
        (503, "busy", Unavailable),
    ],
)
def test_a_refusal_is_named_by_its_code_else_by_its_status(
    status: int, code: str, kind: type[ApiError]
) -> None:
    with pytest.raises(ApiError) as refused:
        protocol.read(problem(status, code, fields={"name": "Too long."}))
    error = refused.value
    assert type(error) is kind
    assert (error.status, error.code, error.request_id) == (status, code, "req_1")
    assert error.fields == {"name": "Too long."}
    assert str(error) == f"Because.; name: Too long. ({status} {code}, request req_1)"


def test_a_code_of_a_newer_server_still_has_a_class() -> None:
    with pytest.raises(Conflict) as refused:
        protocol.read(problem(409, "brand_new"))
    assert refused.value.code == "brand_new"


def test_a_file_that_is_refused_is_an_upload_refused() -> None:
    with pytest.raises(UploadRefused):
        protocol.read(problem(422, "not_audio"), is_upload=True)
    with pytest.raises(IdempotencyKeyReused):
        protocol.read(problem(422, "idempotency_key_reused"), is_upload=True)


def test_a_page_of_something_else_is_unexpected() -> None:
    with pytest.raises(UnexpectedResponse, match="base_url"):
        protocol.read(Incoming(200, {"content-type": "text/html"}, b"<h1>Hi</h1>"))
    with pytest.raises(UnexpectedResponse, match="base_url"):
        protocol.read(Incoming(302, {"location": "/login"}, b""))
    with pytest.raises(UnexpectedResponse, match="cut short"):
        protocol.read(Incoming(200, {"content-type": "application/json"}, b'{"a":'))


def test_a_proxy_that_fails_is_unavailable_with_its_wait() -> None:
    with pytest.raises(Unavailable) as refused:
        protocol.read(Incoming(503, {"content-type": "text/html", "retry-after": "3"}, b"<h1>Busy</h1>"))
    assert refused.value.retry_after == 3


@pytest.mark.parametrize("token", [None, "", "   "])
def test_without_a_token_the_message_says_where_to_get_one(token: str | None) -> None:
    with pytest.raises(ConfigurationError, match=r"/producer-dashboard/settings.*FLEXAPP_TOKEN"):
        protocol.check_token(token)


@pytest.mark.parametrize("token", ["flx_a b", "flx_\nX-Evil: 1", "flx_é"])
def test_a_token_that_no_header_takes_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        protocol.check_token(token)
    assert token not in str(refused.value)


def test_errors_survive_being_pickled() -> None:
    import pickle

    with pytest.raises(NotFound) as refused:
        protocol.read(problem(404, "track_not_found", fields={"id": "Gone."}))
    copy = pickle.loads(pickle.dumps(refused.value))
    assert type(copy) is NotFound
    assert vars(copy) == vars(refused.value)
