"""What can go wrong, in domain words; the HTTP words are in ``web/problems.py`` alone."""

from __future__ import annotations

from typing import Any


class FlexAppError(Exception):
    """The root: a stable ``code``, a sentence that says how to mend it, and ``fields`` by name."""

    code = "error"

    def __init__(self, message: str, *, fields: dict[str, str] | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields or {}
        self.details = details


class NotFound(FlexAppError):
    """It does not exist, or is none of the caller's business."""

    code = "not_found"


class Unauthenticated(FlexAppError):
    """Nobody is signed in, or the token is unknown or revoked."""

    code = "unauthenticated"


class Forbidden(FlexAppError):
    """The caller may know of it but not do this with it."""

    code = "forbidden"


class Conflict(FlexAppError):
    """The state of things does not allow it now."""

    code = "conflict"


class Invalid(FlexAppError):
    """The input is wrong; ``fields`` names what to mend."""

    code = "invalid"


class TooMany(FlexAppError):
    """A rate limit; ``details['retry_after']`` is in seconds."""

    code = "too_many_requests"


class TooLarge(FlexAppError):
    """More bytes than are taken here."""

    code = "too_large"


class Upstream(FlexAppError):
    """A service that we depend on failed; nothing was lost and a later try may work."""

    code = "upstream"
