"""Flex apps for tests, made through the operations that the product uses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from flexapp.apps import operations
from flexapp.apps.models import FlexApp, Placement
from flexapp.catalog.models import Track
from flexapp.kernel.signing import Signer
from flexapp.people.models import Person

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def make_app(
    session: Session,
    owner: Person,
    *,
    name: str = "Night drive",
    picks: tuple[Track, ...] = (),
    own_catalog: bool = False,
    now: datetime = NOON,
    **options: Any,
) -> FlexApp:
    """An app with the picks in order, after the owner's whole catalog when asked."""
    app = operations.create_app(session, owner, name=name, now=now, **options)
    if own_catalog:
        operations.add_rule(session, app, now=now)
    for track in picks:
        operations.add_pick(session, app, track, now=now)
    return app


def make_placement(
    session: Session,
    app: FlexApp,
    signer: Signer,
    *,
    name: str = "Blog",
    now: datetime = NOON,
    **options: Any,
) -> Placement:
    """A placement with its key."""
    return operations.create_placement(session, app, name=name, signer=signer, now=now, **options)
