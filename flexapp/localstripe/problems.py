"""Stripe's error objects (https://docs.stripe.com/api/errors)."""

from __future__ import annotations

from typing import Any


class StripeProblem(Exception):
    """An answer that is an error; ``is_result`` tells those that an idempotency key remembers."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        is_result: bool = True,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.is_result = is_result
        self.body: dict[str, Any] = {"error": {"message": message, "type": kind, **more}}
        if code:
            self.body["error"]["code"] = code
            self.body["error"]["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
        if param:
            self.body["error"]["param"] = param


def missing(kind: str, identity: str, param: str = "id") -> StripeProblem:
    """No such thing."""
    return StripeProblem(f"No such {kind}: '{identity}'", status=404, code="resource_missing", param=param)


def invalid(message: str, param: str, code: str = "parameter_invalid_integer") -> StripeProblem:
    """A parameter that passes no validation; nothing was begun."""
    return StripeProblem(message, param=param, code=code, is_result=False)


def required(param: str) -> StripeProblem:
    """A parameter that is not there."""
    return StripeProblem(
        f"Missing required param: {param}.", param=param, code="parameter_missing", is_result=False
    )
