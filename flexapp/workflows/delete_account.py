"""Leave: everything of the person is taken off every page, then erased as far as nobody else needs it.

Buyers keep what they bought, and the books stay whole. So a track with a sale keeps its files and its
row without being shown, and a person named by an order or the ledger stays as an empty account. The
rest, audio included, is gone for good.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Delete, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from flexapp.apps import operations as apps
from flexapp.apps.models import FlexApp, Placement, Source
from flexapp.apps.queries import apps_of
from flexapp.catalog import operations as catalog
from flexapp.catalog.models import Deliverable, LicenseType, Track, Upload
from flexapp.catalog.queries import tracks_of
from flexapp.ledger.queries import currencies_of
from flexapp.people import operations as people
from flexapp.people import queries
from flexapp.people.models import Person
from flexapp.workflows import delete_objects
from flexapp.workflows.account_mails import tell
from flexapp.workflows.reset_password import require_password
from flexapp.workflows.services import Services


def delete_account(services: Services, person: Person, *, password: str) -> None:
    """Delete the account for good. Raises WrongPassword, TooManyAttempts.

    Money that is owed stays in the ledger under the empty account.
    """
    require_password(services, person, password)
    now = services.clock.now()
    with services.database.writing() as session:
        row = queries.person_by_id(session, person.id, lock=True)
        if row is None:
            return
        tell(session, services, "account_deleted", row, key=f"account_deleted:{row.id}", now=now)
        for app in apps_of(session, row.id):
            apps.delete_app(session, app, now=now)
        for track in tracks_of(session, row):
            catalog.delete_track(session, track, now=now)
        voice_tag = row.voice_tag_key
        people.anonymize(session, row, now=now)
        files = _erase(session, row.id)
        delete_objects.promise(session, [*files, *([voice_tag] if voice_tag else [])], key=person.id, now=now)
    services.wake_worker()


def _erase(session: Session, person_id: str) -> list[str]:
    """Delete what no sale refers to; returns the keys of files that nothing needs any more."""
    files: list[str] = []
    for track_id in session.scalars(select(Track.id).where(Track.producer_id == person_id)).all():
        keys = _files_of(session, track_id)
        if _unless_needed(
            session,
            delete(Source).where(Source.track_id == track_id),
            delete(Deliverable).where(Deliverable.track_id == track_id),
            delete(Upload).where(Upload.track_id == track_id),
            delete(Track).where(Track.id == track_id),
        ):
            files.extend(keys)
    loose = (Upload.person_id == person_id, Upload.track_id.is_(None))
    files.extend(session.scalars(select(Upload.object_key).where(*loose)))
    session.execute(delete(Upload).where(*loose))
    for license_type_id in session.scalars(
        select(LicenseType.id).where(LicenseType.producer_id == person_id)
    ).all():
        _unless_needed(session, delete(LicenseType).where(LicenseType.id == license_type_id))
    owned = select(FlexApp.id).where(FlexApp.owner_id == person_id)
    _unless_needed(
        session,
        delete(Source).where(Source.app_id.in_(owned)),
        delete(Placement).where(Placement.app_id.in_(owned)),
        delete(FlexApp).where(FlexApp.owner_id == person_id),
    )
    if not currencies_of(session, person_id):
        _unless_needed(session, delete(Person).where(Person.id == person_id))
    return files


def _files_of(session: Session, track_id: str) -> Sequence[str]:
    names = (Track.peaks_key, Track.preview_key, Track.cover_key, Track.cover_small_key)
    own = session.execute(select(*names).where(Track.id == track_id)).one()
    made = session.scalars(select(Deliverable.object_key).where(Deliverable.track_id == track_id))
    sent = session.scalars(select(Upload.object_key).where(Upload.track_id == track_id))
    return [key for key in (*own, *made, *sent) if key]


def _unless_needed(session: Session, *statements: Delete) -> bool:
    """Run the deletions together; False, with nothing changed, when another row refers to what goes."""
    try:
        with session.begin_nested():
            for statement in statements:
                session.execute(statement.execution_options(synchronize_session=False))
    except IntegrityError:
        return False
    return True
