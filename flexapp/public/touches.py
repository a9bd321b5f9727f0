"""A visitor's touches, in our first-party cookie: which placements brought them here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, make_response, request
from sqlalchemy.orm import Session

from flexapp.apps.queries import app_by_id, placement_by_token
from flexapp.attribution.touches import Touch, cookie_name, read_touches, remember, write_touches
from flexapp.public.addresses import here
from flexapp.web.context import db, services

View = TypeVar("View", bound=Callable[..., Any])


def touches() -> list[Touch]:
    """What the visitor's cookie says."""
    given = services()
    return read_touches(given.signer, request.cookies.get(cookie_name(secure=given.settings.is_secure)))


def remember_touch(response: Response, session: Session, token: str | None) -> None:
    """Note in the visitor's cookie that the placement of ``token`` brought them.

    Not for a token that is not ours, a page that is only fetched ahead, or a visitor who asks not
    to be followed (Sec-GPC or DNT).
    """
    given = services()
    asks_not_to = "1" in (request.headers.get("Sec-GPC"), request.headers.get("DNT"))
    fetched_ahead = "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
    if asks_not_to or fetched_ahead or not token:
        return
    placement = placement_by_token(session, given.signer, token)
    app = app_by_id(session, placement.app_id) if placement else None
    if placement is None or app is None:
        return
    window = timedelta(days=given.settings.attribution_days)
    new = Touch(placement.id, app.owner_id, given.clock.now())
    response.set_cookie(
        cookie_name(secure=given.settings.is_secure),
        write_touches(given.signer, remember(touches(), new, window=window)),
        max_age=int(window.total_seconds()),
        secure=given.settings.is_secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def keeping_touch(view: View) -> View:
    """Note the placement of ``?k=`` beside a view whose page is kept for all; put it above the cache."""

    @wraps(view)
    def noted(*args: Any, **arguments: Any) -> Any:
        response = make_response(view(*args, **arguments))
        to = here()
        if response.status_code == 200 and not to.is_domain:
            remember_touch(response, db(), to.key)
        return response

    return cast(View, noted)
