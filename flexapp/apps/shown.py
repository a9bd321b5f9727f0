"""What players and public pages show: whoever changes a row of it raises a revision, whatever the verb.

Every change of these tables counts, by an object or by a statement, except of columns that no visitor
sees. The subjects are the ids that a published document depends on (``embed/publishing.py``): its app,
its tracks, and the people whose tracks it shows or could show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, attributes

from flexapp.apps.models import FlexApp, Placement, Source
from flexapp.catalog.models import Deliverable, LicenseType, Track, TrackLicense
from flexapp.people.models import Person
from flexapp.storage.revisions import EVERYTHING, raise_revision
from flexapp.storage.session import UnitOfWork

SHOWN: dict[type[Any], Any] = {
    FlexApp: FlexApp.id,
    Source: Source.app_id,
    Placement: Placement.app_id,
    Track: Track.producer_id,
    TrackLicense: TrackLicense.track_id,
    Deliverable: Deliverable.track_id,
    LicenseType: LicenseType.producer_id,
    Person: Person.id,
}
"""Tables whose rows are shown, with the column that says whose documents they change."""

UNSHOWN: dict[type[Any], frozenset[str]] = {
    Track: frozenset(
        {
            "processing",
            "processing_step",
            "processing_percent",
            "processing_error",
            "suggested_bpm",
            "suggested_key",
            "loudness_lufs",
        }
    ),
    Placement: frozenset({"name"}),
    Person: frozenset({"email", "email_verified_at", "password_hash", "voice_tag_key", "is_admin"}),
}
"""Columns of them that no visitor sees."""


def install() -> None:
    """Listen to every session from now on; calling it again changes nothing."""
    hooks: tuple[tuple[str, Callable[..., None]], ...] = (
        ("before_flush", _by_objects),
        ("do_orm_execute", _by_statement),
    )
    for name, hook in hooks:
        if not event.contains(UnitOfWork, name, hook):
            event.listen(UnitOfWork, name, hook)


def _by_objects(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    raise_revision(session, _subjects([*session.new, *session.deleted]))
    raise_revision(session, _subjects(row for row in session.dirty if _is_changed(row)))


def _subjects(rows: Iterable[Any]) -> set[str]:
    """Whose documents change; a row that gets its own id only now is in none yet."""
    named = {getattr(row, SHOWN[type(row)].key) for row in rows if type(row) in SHOWN}
    return named - {None}


def _is_changed(row: Any) -> bool:
    if type(row) not in SHOWN:
        return False
    unshown = UNSHOWN.get(type(row), frozenset())
    columns = attributes.instance_state(row).mapper.column_attrs.keys()
    return any(attributes.get_history(row, name).has_changes() for name in columns if name not in unshown)


def _by_statement(state: ORMExecuteState) -> None:
    if state.is_select or state.bind_mapper is None or state.bind_mapper.class_ not in SHOWN:
        return
    subject = SHOWN[state.bind_mapper.class_]
    where = getattr(state.statement, "whereclause", None)
    if where is None:  # all rows, or rows that are not there yet
        raise_revision(state.session, {EVERYTHING})
        return
    raise_revision(state.session, state.session.scalars(select(subject).where(where)).all())
