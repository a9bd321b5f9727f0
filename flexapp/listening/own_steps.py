"""Own steps: licenses that somebody shows, puts in a cart or goes to pay for in their own app or of their own
beats are no steps of the funnel, as their own plays are no plays.

The evidence is the same (``own_plays``): the visitor key of a signed-in person, which may become known
after the step was counted; then it is taken out again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from flexapp.apps.models import FlexApp
from flexapp.catalog.models import Track
from flexapp.listening import queries
from flexapp.listening.models import Kind, ListenEvent, OwnerKey
from flexapp.people.models import Person

KINDS = frozenset({Kind.CHECKOUT, Kind.OPEN, Kind.ADD})
_CHUNK = 300
People = Mapping[str, Collection[str]]
"""Signed-in people by visitor key."""


class Step(Protocol):
    """What is looked at of an event."""

    @property
    def id(self) -> int: ...
    @property
    def app_id(self) -> str: ...
    @property
    def track_id(self) -> str: ...
    @property
    def visitor_key(self) -> str | None: ...


class LoggedStep(NamedTuple):
    """A step of the log, with what counting needs."""

    id: int
    kind: Kind
    app_id: str
    placement_id: str
    channel: str
    track_id: str
    host: str
    visitor_key: str | None
    at_ms: int
    minted_at: datetime
    received_at: datetime
    facts: dict[str, Any]


def own(session: Session, steps: Sequence[Step], people: People) -> set[int]:
    """The ids of those steps that the app's owner, the track's producer or the platform's people made."""
    theirs = [step for step in steps if people.get(step.visitor_key or "")]
    if not theirs:
        return set()
    owners = queries.owners_of_apps(session, {step.app_id for step in theirs if step.app_id})
    tracks = queries.track_facts(session, {step.track_id for step in theirs if step.track_id})
    staff = queries.staff_among(session, {person for each in people.values() for person in each})
    found = set()
    for step in theirs:
        facts = tracks.get(step.track_id)
        concerned = {owners.get(step.app_id), facts.producer_id if facts else None} | staff
        if not concerned.isdisjoint(people[step.visitor_key or ""]):
            found.add(step.id)
    return found


def of_nothing(session: Session, steps: Sequence[Step]) -> set[int]:
    """The ids of steps towards tracks that there never were: a page can report anything."""
    known = queries.track_facts(session, {step.track_id for step in steps})
    return {step.id for step in steps if step.track_id not in known}


def steps_before(session: Session, visitor_keys: Collection[str], *, before: int) -> list[LoggedStep]:
    """The visitors' steps in the log before that id."""
    columns = ListenEvent.__table__.c
    query = select(*(columns[name] for name in LoggedStep._fields)).where(
        columns.kind.in_(sorted(KINDS)), columns.id < before
    )
    keys = sorted(visitor_keys)
    return [
        LoggedStep(*row)
        for start in range(0, len(keys), _CHUNK)
        for row in session.execute(query.where(columns.visitor_key.in_(keys[start : start + _CHUNK])))
    ]


def counts() -> ColumnElement[bool]:
    """The rules of ``own`` and ``of_nothing`` as a condition on ``ListenEvent``."""
    outside, event = ListenEvent.__table__, ListenEvent.__table__.c
    owner = select(FlexApp.owner_id).where(FlexApp.id == event.app_id).correlate(outside).scalar_subquery()
    producer = (
        select(Track.producer_id).where(Track.id == event.track_id).correlate(outside).scalar_subquery()
    )
    staff = exists().where(Person.id == OwnerKey.person_id, Person.is_admin.is_(True))
    mine = exists().where(
        OwnerKey.visitor_key == event.visitor_key,
        or_(OwnerKey.person_id == owner, OwnerKey.person_id == producer, staff.correlate(OwnerKey)),
    )
    is_real = exists().where(Track.id == event.track_id).correlate(outside)
    is_other = or_(event.visitor_key.is_(None), ~mine.correlate(outside))
    return or_(event.kind.not_in(sorted(KINDS)), and_(is_real, is_other))
