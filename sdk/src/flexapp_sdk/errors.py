"""Everything this package raises, in one tree.

FlexAppError
├── ConfigurationError          no token, or an address that is none
├── TransportError              no answer came
│   ├── ConnectionFailed        nobody listens there, or the line broke
│   └── TimedOut                it took too long
├── UnexpectedResponse          an answer that is not Flexapp's
├── ProcessingFailed            a track's audio could not be made; says why
├── ProcessingTimeout           a track is still being worked on
└── ApiError                    Flexapp refused: status, code, fields, request_id
    ├── Invalid                 400, 413, 415, 422: the input is wrong, ``fields`` names it
    │   ├── UploadRefused           the file is no audio, is cut off, silent, too long …
    │   ├── InvalidCursor           a cursor that this list did not hand out
    │   └── IdempotencyKeyReused    the key was used for another request
    ├── Unauthenticated         401: the token is unknown or revoked
    ├── Forbidden               403: may be known, but not done with this token
    │   └── ScopeMissing            the token lacks ``write`` (or ``read``)
    ├── NotFound                404: does not exist, or is none of yours
    ├── Conflict                409: the state of things does not allow it now
    ├── RateLimited             429: ``retry_after`` in seconds
    └── ServerError             5xx: our fault; nothing was lost
        └── Unavailable             502, 503, 504: a later try may work
"""

from __future__ import annotations

from collections.abc import Mapping


class FlexAppError(Exception):
    """The root of everything that this package raises."""


class ConfigurationError(FlexAppError):
    """The client cannot be made: no token, or an address that is none."""


class TransportError(FlexAppError):
    """No answer came; whether the request arrived is unknown."""


class ConnectionFailed(TransportError):
    """Nobody listens there, or the line broke."""


class TimedOut(TransportError):
    """It took longer than ``timeout``."""


class UnexpectedResponse(FlexAppError):
    """Something answered that is not Flexapp: look at ``base_url``."""


class ProcessingFailed(FlexAppError):
    """A step of the work on a track's audio failed; the message says why."""

    def __init__(self, message: str, *, track_id: str) -> None:
        super().__init__(message)
        self.track_id = track_id


class ProcessingTimeout(FlexAppError):
    """A track was not ready in the time given; the work goes on."""

    def __init__(self, message: str, *, track_id: str) -> None:
        super().__init__(message)
        self.track_id = track_id


class ApiError(FlexAppError):
    """Flexapp refused. ``code`` is stable, ``request_id`` is what support asks for."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str,
        request_id: str | None = None,
        fields: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.request_id = request_id
        self.fields = dict(fields or {})
        self.retry_after = retry_after

    def __str__(self) -> str:
        unsaid = {name: text for name, text in self.fields.items() if text not in self.message}
        named = "".join(f"; {name}: {text}" for name, text in unsaid.items())
        request = f", request {self.request_id}" if self.request_id else ""
        return f"{self.message}{named} ({self.status} {self.code}{request})"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (
            type(self), self.message, self.status, self.code, self.request_id, self.fields, self.retry_after,
        )  # fmt: skip


class Invalid(ApiError):
    """The input is wrong; ``fields`` names what to mend."""


class UploadRefused(Invalid):
    """The file cannot be used; the message says why."""


class InvalidCursor(Invalid):
    """A cursor that this list did not hand out."""


class IdempotencyKeyReused(Invalid):
    """The idempotency key was used before, for another request."""


class Unauthenticated(ApiError):
    """The token is unknown or revoked."""


class Forbidden(ApiError):
    """The thing may be known, but this must not be done with this token."""


class ScopeMissing(Forbidden):
    """The token lacks the scope that this call needs."""


class NotFound(ApiError):
    """It does not exist, or is none of yours."""


class Conflict(ApiError):
    """The state of things does not allow it now."""


class RateLimited(ApiError):
    """Too many requests; ``retry_after`` is in seconds."""


class ServerError(ApiError):
    """Our fault; nothing was lost."""


class Unavailable(ServerError):
    """A later try may work."""


_BY_CODE: dict[str, type[ApiError]] = {
    "invalid_cursor": InvalidCursor,
    "idempotency_key_reused": IdempotencyKeyReused,
    "scope_missing": ScopeMissing,
}
_BY_STATUS: dict[int, type[ApiError]] = {
    400: Invalid,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    413: Invalid,
    415: Invalid,
    422: Invalid,
    429: RateLimited,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def error_class(status: int, code: str) -> type[ApiError]:
    """The class for a refusal: by its code, else by its status."""
    if code in _BY_CODE:
        return _BY_CODE[code]
    return _BY_STATUS.get(status, ServerError if status >= 500 else ApiError)


def _rebuild(
    kind: type[ApiError],
    message: str,
    status: int,
    code: str,
    request_id: str | None,
    fields: dict[str, str],
    retry_after: float | None,
) -> ApiError:
    return kind(
        message, status=status, code=code, request_id=request_id, fields=fields, retry_after=retry_after
    )
