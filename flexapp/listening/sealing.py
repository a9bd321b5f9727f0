"""Sealing: days behind the hot tail go into immutable Parquet files, again when something late arrives.

Nothing is locked while a file is written. The manifest says how many changes of the day the files know;
the fold counts on, so a day that changed meanwhile is sealed once more. Raw rows of a day are forgotten when
it can change no more and its file is good (``forgetting``); no file is made of what is left of them.
"""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from flexapp.kernel.steps import step
from flexapp.listening import columns, evidence, queries
from flexapp.listening.columns import Mirror
from flexapp.listening.folding import CURSOR
from flexapp.listening.models import FoldCursor
from flexapp.listening.rollups import DaySketch, SealedDay, day_number, day_of_number
from flexapp.listening.sketches import sketches_of
from flexapp.storage.once import insert_once
from flexapp.storage.session import Database

HOT_DAYS = 2
"""Today and so many days before are not sealed: nearly everything late arrives by then."""
EVIDENCE = "evidence"
"""Cursor: from this day on (days since 1970) raw or sealed rows hold everything."""


@dataclass(frozen=True)
class Sealed:
    """What one run did."""

    days: tuple[date, ...]


def seal_days(database: Database, mirror: Mirror, *, now: datetime, raw_days: int) -> Sealed:
    """Seal every day behind the hot tail that is not sealed, or changed since; the oldest first."""
    with database.writing() as session:
        first = first_day(session, now=now, raw_days=raw_days)
        last = day_number(now.astimezone(UTC).date()) - HOT_DAYS - 1
        for number in range(first, last + 1):
            insert_once(session, SealedDay, day=day_of_number(number))
    with database.reading() as session:
        gone = queries.position_of(session, queries.FORGOTTEN)
        listed = queries.days_listed(session)
    due = [row.day for row in listed if not row.is_good and day_number(row.day) >= gone]
    return Sealed(tuple(day for day in due if seal(database, mirror, day, now=now)))


def first_day(session: Session, *, now: datetime, raw_days: int) -> int:
    """The first day of which everything is kept: decided once, when sealing runs for the first time."""
    known = queries.position_of(session, EVIDENCE)
    if not known:
        oldest = queries.first_beginning(session) or now
        kept = (now - timedelta(days=raw_days)).astimezone(UTC).date() + timedelta(days=1)
        known = day_number(max(oldest.astimezone(UTC).date(), kept))
        known = max(known, queries.position_of(session, queries.FORGOTTEN))
        insert_once(session, FoldCursor, name=EVIDENCE, position=known)
    return known


def seal(database: Database, mirror: Mirror, day: date, *, now: datetime) -> bool:
    """Write the day's files and list them; False when the day changed meanwhile, and nothing came of it."""
    mirror.folder.mkdir(parents=True, exist_ok=True)
    engine = columns.connect(mirror.folder)
    with tempfile.TemporaryDirectory(dir=mirror.folder) as folder:
        with database.reading() as session:
            row = queries.day_listed(session, day)
            changes, old = row.changes, (row.listens_key, row.moments_key)
            position = queries.position_of(session, CURSOR)
            columns.load(engine, "listens", columns.LISTENS, evidence.listens_of(session, day, day))
            moments = evidence.moments_of(session, day, day, position=position)
            columns.load(engine, "moments", columns.COUNTS, moments)
        paths = (Path(folder) / "listens.parquet", Path(folder) / "moments.parquet")
        columns.write(engine, columns.select_sealed_listens("listens"), paths[0])
        columns.write(engine, columns.select_sealed_moments("moments"), paths[1])
        mine = secrets.token_hex(4)  # of two that seal the same at once, one removes its files
        keys = tuple(f"listening/{day}/{path.stem}-{_digest(path)}-{mine}.parquet" for path in paths)
        size = sum(path.stat().st_size for path in paths)
        for key, path in zip(keys, paths, strict=True):
            mirror.store(key, path)
    ((count,),) = engine.execute("SELECT count(*) FROM listens").fetchall()
    step("day.written", day=day)
    with database.writing() as session:
        is_listed = list_day(
            session, day, keys=(keys[0], keys[1]), listens=count, size=size, changes=changes, now=now
        )
        if is_listed:
            keep_sketches(session, day, sketches_of(engine, "listens"))
    for key in set(old) - set(keys) - {""} if is_listed else set(keys) - set(old):
        mirror.remove(key)
    return is_listed


def list_day(
    session: Session,
    day: date,
    *,
    keys: tuple[str, str],
    listens: int,
    size: int,
    changes: int,
    now: datetime,
) -> bool:
    """List the files of a day, unless it changed since they were begun, or rows of it may be gone by now."""
    queries.cursor_for_update(session, CURSOR)
    row = queries.day_listed(session, day)
    if row.changes != changes or day_number(day) < queries.position_of(session, queries.FORGOTTEN):
        return False
    row.sealed_changes = changes
    row.listens_key, row.moments_key = keys
    row.listens, row.bytes, row.sealed_at = listens, size, now
    return True


def keep_sketches(session: Session, day: date, sketches: dict[str, bytes]) -> None:
    """The day's sketches by app instead of those before."""
    session.execute(DaySketch.__table__.delete().where(DaySketch.day == day))  # type: ignore[attr-defined]
    numbers = queries.numbers_by_name(session, sketches)
    rows = [
        {"app": numbers[app], "day": day, "sketch": sketch}
        for app, sketch in sketches.items()
        if app in numbers
    ]
    if rows:
        session.execute(DaySketch.__table__.insert(), rows)  # type: ignore[attr-defined]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:20]
