"""Requests built and replies read, without a socket: everything here is a pure function of its input."""

from __future__ import annotations

import json
import platform
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from flexapp_sdk._version import __version__
from flexapp_sdk.errors import ApiError, ConfigurationError, UnexpectedResponse, UploadRefused, error_class

PREFIX = "/api/v1"
_HOW_TO_GET_ONE = (
    "No API token was given. Make one in the dashboard (Settings, API tokens: /producer-dashboard/settings), "
    'then call FlexApp("flx_…") or set FLEXAPP_TOKEN. The demo writes one into $FLEXAPP_HOME/demo.json.'
)


@dataclass(frozen=True)
class Upload:
    """A file to send as the body; the transport opens it for each try and never reads it whole."""

    path: Path
    content_type: str = "application/octet-stream"


@dataclass(frozen=True)
class Call:
    """One wish: a method, a path below ``/api/v1``, and what goes with it."""

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    upload: Upload | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True)
class Outgoing:
    """A request ready to be sent; the token is added by the transport and never part of it."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | Upload | None


@dataclass(frozen=True)
class Incoming:
    """A reply as it arrived; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def check_token(token: str | None) -> str:
    """The token without blanks around it; raises ConfigurationError that says where to get one."""
    cleaned = (token or "").strip()
    if not cleaned:
        raise ConfigurationError(_HOW_TO_GET_ONE)
    if not cleaned.isascii() or not cleaned.isprintable() or " " in cleaned:
        raise ConfigurationError(
            "The API token has characters that no token has: copy it again, in one piece."
        )
    return cleaned


def check_base_url(base_url: str) -> str:
    """``https://host[:port][/path]`` without a slash at its end; raises ConfigurationError."""
    try:
        parts = urlsplit(base_url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ConfigurationError(f"base_url is an address such as http://127.0.0.1:8000, not {base_url!r}.")
    if parts.username or parts.password:
        raise ConfigurationError("base_url carries no name or password: the token is given by itself.")
    return base_url.rstrip("/")


def with_key(call: Call) -> Call:
    """The call with an idempotency key if it is a POST that has none: so it may be sent again."""
    if call.method != "POST" or call.idempotency_key:
        return call
    return replace(call, idempotency_key=str(uuid.uuid4()))


def build(call: Call, base_url: str) -> Outgoing:
    """The request for a call."""
    query = urlencode(_params(call.params))
    url = f"{base_url}{PREFIX}{call.path}" + (f"?{query}" if query else "")
    headers = {"Accept": "application/json", "User-Agent": _user_agent()}
    if call.idempotency_key:
        headers["Idempotency-Key"] = call.idempotency_key
    body: bytes | Upload | None = None
    if call.upload is not None:
        body = call.upload
        headers["Content-Type"] = call.upload.content_type
    elif call.json is not None:
        body = json.dumps(_plain(call.json), ensure_ascii=False, separators=(",", ":")).encode()
        headers["Content-Type"] = "application/json"
    return Outgoing(call.method, url, headers, body)


def read(reply: Incoming, *, is_upload: bool = False) -> Any:
    """The JSON of a good reply (None without a body); raises the named error of a bad one."""
    if 200 <= reply.status < 300:
        if not reply.body:
            return None
        return _json(reply)
    raise _refusal(reply, is_upload=is_upload)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait by ``Retry-After``: a number or an HTTP date (RFC 9110 10.2.3); None without one."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def segment(value: str) -> str:
    """One path segment, so that an id can never reach another path."""
    if not value or value in (".", ".."):
        raise ValueError(f"{value!r} is no id")
    return quote(value, safe="")


def moment(value: datetime | date | timedelta, *, now: datetime | None = None) -> str:
    """A moment as RFC 3339: aware datetimes, dates (their start in UTC) and time spans before now."""
    if isinstance(value, timedelta):
        value = (now or datetime.now(UTC)) - value
    elif not isinstance(value, datetime):
        value = datetime.combine(value, time(), UTC)
    if value.tzinfo is None:
        raise ValueError("Times need a zone: datetime.now(UTC), not datetime.now().")
    try:
        value = value.astimezone(UTC)
    except OverflowError as problem:
        raise ValueError("This moment lies outside of what UTC can tell: years 1 to 9999.") from problem
    return value.isoformat().replace("+00:00", "Z")


def _params(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in params.items():
        for one in value if isinstance(value, list | tuple) else [value]:
            plain = _plain(one)
            if plain is not None:
                pairs.append((name, str(plain).lower() if isinstance(plain, bool) else str(plain)))
    return pairs


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date | timedelta):
        return moment(value)
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _json(reply: Incoming) -> Any:
    if "json" not in reply.headers.get("content-type", ""):
        raise UnexpectedResponse(
            f"The answer ({reply.status}) is not JSON: base_url seems to be something else than Flexapp."
        )
    try:
        return json.loads(reply.body)
    except ValueError:
        raise UnexpectedResponse(f"The answer ({reply.status}) is JSON cut short.") from None


def _refusal(reply: Incoming, *, is_upload: bool) -> Exception:
    try:
        problem = json.loads(reply.body) if "json" in reply.headers.get("content-type", "") else None
    except ValueError:
        problem = None
    request_id = reply.headers.get("x-request-id")
    wait = retry_after(reply.headers, datetime.now(UTC))
    if not isinstance(problem, dict):
        if reply.status < 500 and reply.status != 429:
            return UnexpectedResponse(
                f"The answer ({reply.status}) is not Flexapp's: look at base_url, and at a proxy before it."
            )
        kind = error_class(reply.status, "")
        return kind(
            "The server could not answer.",
            status=reply.status, code="upstream", request_id=request_id, retry_after=wait,
        )  # fmt: skip
    code = str(problem.get("code") or "error")
    kind = error_class(reply.status, code)
    if is_upload and reply.status in (413, 415, 422) and kind.__name__ == "Invalid":
        kind = UploadRefused
    fields = problem.get("fields")
    error: ApiError = kind(
        str(problem.get("detail") or problem.get("title") or "The server refused."),
        status=reply.status,
        code=code,
        request_id=str(problem.get("request_id") or request_id or "") or None,
        fields={str(k): str(v) for k, v in fields.items()} if isinstance(fields, dict) else {},
        retry_after=wait,
    )
    return error


def _user_agent() -> str:
    return f"flexapp-sdk/{__version__} python/{platform.python_version()}"
