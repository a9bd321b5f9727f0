"""Websites that were refused a player: counted for the app's owner, who allows or dismisses them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from flexapp.apps import queries
from flexapp.apps.models import FlexApp, RefusedOrigin
from flexapp.apps.operations import set_allowed_origins, update_placement
from flexapp.apps.origins import MAX_ORIGINS, is_allowed, narrow
from flexapp.storage.once import insert_once


def note_refused_origin(
    session: Session, app_id: str, origin: str, *, now: datetime, placement_id: str = "", times: int = 1
) -> None:
    """Remember that a website wanted to show the app and may not; of each app the latest 50."""
    values = {"last_at": now, "times": times, "placement_id": placement_id}
    if not insert_once(session, RefusedOrigin, app_id=app_id, origin=origin, **values):
        known = queries.refused_origin(session, app_id, origin)
        if known is not None:
            known.last_at, known.placement_id = now, placement_id
            known.times = RefusedOrigin.times + times  # in the database: other processes count too
            session.flush()
        return
    for oldest in queries.refused_origins_of(session, app_id, limit=1000, dismissed=True)[MAX_ORIGINS:]:
        session.delete(oldest)
    session.flush()


def allow_refused_origin(session: Session, app: FlexApp, origin: str) -> None:
    """Let a refused website show the app, and the placement it was refused, when either has a list.

    A list is never begun by this: an app that is open stays open. Raises InvalidOrigin.
    """
    if not is_allowed(origin, app.allowed_origins):
        set_allowed_origins(session, app, [*app.allowed_origins, origin])
    refused = queries.refused_origin(session, app.id, origin)
    placement = queries.placement_by_id(session, refused.placement_id) if refused is not None else None
    if placement is not None and placement.app_id == app.id:
        allowed = narrow(app.allowed_origins, placement.allowed_origins)
        if allowed is None or not is_allowed(origin, allowed):
            update_placement(session, app, placement, allowed_origins=[*placement.allowed_origins, origin])
    for each in queries.refused_origins_of(session, app.id, limit=1000, dismissed=True):
        if each.origin == origin:
            session.delete(each)
    session.flush()


def dismiss_refused_origin(session: Session, app: FlexApp, origin: str, *, now: datetime) -> None:
    """Keep it refused and out of the list, however often it tries again."""
    refused = queries.refused_origin(session, app.id, origin)
    if refused is not None and refused.dismissed_at is None:
        refused.dismissed_at = now
        session.flush()
