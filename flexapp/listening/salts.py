"""Salts: each day's secret for visitor keys, and its end: no byte of it is left after 48 hours.

A salt's life is counted from the start of its day, or two minutes before when another machine's clock is
ahead. Nobody makes a key from it in the last hour of the 48, so whoever comes by first may delete it: the
worker every ten minutes, or a web process while no worker runs.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, text
from sqlalchemy.exc import OperationalError

from flexapp.kernel.steps import step
from flexapp.listening.models import DailySalt
from flexapp.listening.queries import salt_of
from flexapp.storage.once import insert_once
from flexapp.storage.session import Database

SALT_LIFE = timedelta(hours=48)
USED_FOR = SALT_LIFE - timedelta(hours=1)
"""From the start of the salt's day; after that it is only to be deleted."""
_PATIENCE_MS = 2000  #: to wait for others when files are cleared; the next run tries again
_AHEAD = timedelta(minutes=2)
_TWO_TURNS = timedelta(minutes=20)


def day_of(moment: datetime) -> str:
    """The UTC day whose salt is meant."""
    return moment.astimezone(UTC).date().isoformat()


def end_of_use(day: str) -> datetime:
    """From when on a day's salt makes no keys."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC) + USED_FOR


def begin_of_use(day: str) -> datetime:
    """From when on it does: a salt is not made for a day that is far off, whatever another clock says."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC) - _AHEAD


def shared_salt(database: Database, day: str, *, now: datetime) -> bytes:
    """Every process uses the same one: the first to store it decides."""
    with database.reading() as session:
        found = salt_of(session, day)
    if found is None:
        with database.writing() as session:
            insert_once(session, DailySalt, day=day, salt=secrets.token_hex(16), created_at=now)
            found = salt_of(session, day)
    assert found is not None
    return bytes.fromhex(found)


def forget_salts(database: Database, *, now: datetime) -> int:
    """Delete the salts that make no keys any more, from the files too; returns how many went.

    The first run of a process clears the files in any case, since the one before may have died in between.
    """
    newest = day_of(now - USED_FOR)
    with database.writing() as session:
        statement = delete(DailySalt).where(DailySalt.day <= newest)
        gone = cast(CursorResult[Any], session.execute(statement)).rowcount
    step("salts.deleted")
    files = cast(_Files, database.kept.setdefault(_Files, _Files()))
    if gone or not files.are_clear:
        files.are_clear = _clear_log(database) if database.is_sqlite else _clear_table(database)
    return gone


def is_overdue(database: Database, *, now: datetime) -> bool:
    """Whether a salt should have been deleted by a worker, and two of its turns have passed since."""
    with database.reading() as session:
        days = session.scalars(select(DailySalt.day)).all()
    return any(end_of_use(day) + _TWO_TURNS <= now for day in days)


class _Files:
    """Whether nothing of a deleted salt can be in the database's files; one per process and database."""

    are_clear = False


def _clear_log(database: Database) -> bool:
    """Empty SQLite's log, which still holds the page as it was; the page itself is overwritten
    (``secure_delete``). False when somebody still reads from the log."""
    connection = database.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")  # most of the work, while others write
        with database.turn:
            is_busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not is_busy
    except database.engine.dialect.loaded_dbapi.OperationalError:
        return False
    finally:
        connection.invalidate()  # it waits less long than the others


def _clear_table(database: Database) -> bool:
    """Have PostgreSQL write the table anew: the file with the deleted rows goes. False when it is in use."""
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"SET lock_timeout = {_PATIENCE_MS}"))
            try:
                connection.execute(text("VACUUM (FULL) daily_salt"))
            finally:
                connection.execute(text("RESET lock_timeout"))
    except OperationalError:
        return False
    return True
