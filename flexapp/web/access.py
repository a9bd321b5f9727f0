"""Each route declares who may call it; a route that does not is refused at start."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from flask import Flask, current_app, request

View = TypeVar("View", bound=Callable[..., Any])


class Access(StrEnum):
    """Who may call a route."""

    PUBLIC = "public"  #: anybody
    SIGNED_IN = "signed_in"  #: a browser session; others are sent to log in
    TOKEN = "token"  # noqa: S105  #: an API token or a browser session; GET needs read, the rest write
    STRANGER = "stranger"  #: any page in the world, without cookies
    WEBHOOK = "webhook"  #: the payment processor, by signature


def allow(who: Access) -> Callable[[View], View]:
    """Mark a view; put it directly above the function."""

    def mark(view: View) -> View:
        view.access = who  # type: ignore[attr-defined]
        return view

    return mark


def access_of(app: Flask, endpoint: str) -> Access | None:
    """What a route declared; static files are public."""
    view: Any = app.view_functions.get(endpoint)
    while view is not None:
        declared = getattr(view, "access", None)
        if declared is not None:
            return Access(declared)
        view = getattr(view, "__wrapped__", None)
    return Access.PUBLIC if endpoint.split(".")[-1] == "static" else None


def current_access() -> Access | None:
    """What the running request's route declared."""
    return access_of(current_app, request.endpoint) if request.endpoint else None
