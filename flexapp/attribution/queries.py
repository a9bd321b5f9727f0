"""Turning tokens and touches into evidence: what the placements they name are now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from flexapp.apps.models import FlexApp, Placement
from flexapp.apps.tokens import read_placement_token
from flexapp.attribution.crediting import Evidence
from flexapp.attribution.touches import Touch
from flexapp.kernel.signing import Signer
from flexapp.people.models import Person


def evidence_of_token(
    session: Session, signer: Signer, token: str | None, *, now: datetime
) -> Evidence | None:
    """What a placement token proves at ``now``; None when it is not ours or names nothing."""
    claims = read_placement_token(signer, token) if token else None
    if claims is None:
        return None
    return _evidence(session, claims.placement_id, now)


def evidence_of_touches(session: Session, touches: Iterable[Touch]) -> list[Evidence]:
    """What the visitor's touches prove, without those whose placement is unknown."""
    found = (_evidence(session, touch.placement_id, touch.at) for touch in touches)
    return [evidence for evidence in found if evidence is not None]


def _evidence(session: Session, placement_id: str, at: datetime) -> Evidence | None:
    row = session.execute(
        select(Placement, FlexApp, Person)
        .join(FlexApp, FlexApp.id == Placement.app_id)
        .join(Person, Person.id == FlexApp.owner_id)
        .where(Placement.id == placement_id)
    ).first()
    if row is None:
        return None
    placement, app, owner = row
    refused = ""
    if placement.revoked_at is not None:
        refused = "placement_revoked"
    elif app.deleted_at is not None:
        refused = "app_deleted"
    elif owner.deleted_at is not None:
        refused = "owner_gone"
    return Evidence(placement.id, app.id, owner.id, owner.email, placement.channel.value, at, refused)
