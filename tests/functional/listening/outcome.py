"""What became of acknowledged reports: counted again in the log, and in totals that nothing disturbed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flexapp import migrations
from flexapp.kernel.clock import SystemClock
from flexapp.listening import insights
from flexapp.listening.folding import fold_all
from flexapp.listening.ingest import Ingest
from flexapp.listening.models import Kind, ListenEvent
from flexapp.storage.session import Database
from tests.factories.catalog import make_license_type, make_track
from tests.factories.people import make_person


def make_a_track(database: Database, track_id: str | None = None) -> str:
    """A track that is reported; returns its id."""
    with database.writing() as session:
        producer = make_person(session)
        types = [make_license_type(session, producer)]
        named = {"id": track_id} if track_id else {}
        return make_track(session, producer, license_types=types, files=(), **named).id


def starts_counted(session: Session) -> int:
    """All starts of the last and the next day, by the totals."""
    now = SystemClock().now()
    span = {"since": now - timedelta(days=1), "until": now + timedelta(days=1)}
    return insights.plays(session, **span, interval="total").totals.starts


@dataclass(frozen=True)
class Outcome:
    """What the log and the totals say of what was acknowledged; ``told_once`` by one undisturbed fold."""

    acknowledged: int
    lost: int
    stored: int
    twice: int
    counted: int
    told_once: int

    @property
    def is_exact(self) -> bool:
        """Nothing is lost, and everything stored is counted once."""
        return not self.lost and not self.twice and self.stored == self.counted == self.told_once


def outcome(database: Database, acknowledged: Iterable[str], folder: Path) -> Outcome:
    """Fold what is left, then count in the database what was acknowledged."""
    fold_all(database, now=SystemClock().now())
    with database.reading() as session:
        rows = session.scalars(select(ListenEvent.play_id).where(ListenEvent.kind == Kind.START)).all()
        others = session.scalar(select(func.count()).where(ListenEvent.kind != Kind.START))
        counted = starts_counted(session)
    assert not others, "there are other events than were reported"
    said, stored = set(acknowledged), set(rows)
    return Outcome(
        acknowledged=len(said),
        lost=len(said - stored),
        stored=len(stored),
        twice=len(rows) - len(stored),
        counted=counted,
        told_once=_folded_in_one_go(database, folder),
    )


def _folded_in_one_go(database: Database, folder: Path) -> int:
    """The starts that an undisturbed fold makes of the same log, in a database of its own."""
    other = Database(f"sqlite:///{folder / 'undisturbed.sqlite3'}", pool_size=4)
    migrations.upgrade(other)
    ingest = Ingest(other)
    columns = [column for column in ListenEvent.__table__.columns if column.name != "id"]
    with database.reading() as session:
        track_id = session.scalar(select(ListenEvent.track_id).limit(1))
        for part in session.execute(select(*columns).order_by(ListenEvent.id)).partitions(2000):
            ingest.submit([dict(row._mapping) for row in part])
    make_a_track(other, track_id)
    fold_all(other, now=SystemClock().now())
    with other.reading() as session:
        counted = starts_counted(session)
    other.close()
    return counted
