"""The group commit: rows of many requests in one transaction, each acknowledged after it is on disk.

The first to arrive leads: it takes the commit lock, closes the batch that filled up meanwhile, and
writes it; the others wait for that batch's event. A naive lock that everybody queues for would leave
most of them behind the next leader's fsync. PostgreSQL and SQLite run the same
``insert … on conflict do nothing``.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from flexapp.errors import FlexAppError, Invalid
from flexapp.kernel.steps import step
from flexapp.listening.models import ListenEvent
from flexapp.storage.session import Database

Row = dict[str, Any]
ROWS_AT_MOST = 20_000  #: that wait in memory
LATER_SECONDS = 0.2
LOG_LOCK = 7_201_114  #: PostgreSQL's advisory lock between writers (shared) and the fold (exclusive)
_WAIT_SECONDS = 30.0
_AWAY = (OperationalError, InterfaceError, PoolTimeout)
log = logging.getLogger(__name__)


class Busy(FlexAppError):
    """More is waiting than memory may hold, or the database is away: try again in a moment."""

    code = "busy"


class RowRefused(Invalid):
    """The database refuses a row; the others of its batch are stored."""

    code = "row_refused"


class _Entry:
    """The rows of one request and what became of them."""

    __slots__ = ("error", "rows")

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.error: Exception | None = None


class _Batch:
    """What is written together; ``done`` is set when it is on disk or has failed."""

    __slots__ = ("done", "entries")

    def __init__(self) -> None:
        self.entries: list[_Entry] = []
        self.done = threading.Event()


class Ingest:
    """Stores log rows durably. One per process and database: take it from ``ingest_of``."""

    def __init__(self, database: Database, *, rows_at_most: int = ROWS_AT_MOST) -> None:
        self._engine = database.engine
        self._is_sqlite = database.is_sqlite
        dialect = sqlite if database.is_sqlite else postgresql
        table = ListenEvent.__table__
        assert isinstance(table, Table)
        self._insert = dialect.insert(table).on_conflict_do_nothing()
        self._rows_at_most = rows_at_most
        self._guard = threading.Lock()
        self._commit = threading.Lock()
        self._open = _Batch()
        self._waiting = 0
        self._later: list[Row] = []
        self._flusher: threading.Thread | None = None
        self._flushing = threading.Lock()

    def submit(self, rows: Sequence[Row]) -> None:
        """Return when the rows are on disk; known ones (session, play, seq) change nothing.

        Raises Busy when nothing was stored and a later try may work, RowRefused when the database
        refuses one of these rows (then none of them is stored).
        """
        if not rows:
            return
        entry = _Entry(rows)
        with self._guard:
            if self._waiting + len(rows) > self._rows_at_most:
                raise Busy("Too much is waiting to be stored.")
            batch = self._open
            leads = not batch.entries
            batch.entries.append(entry)
            self._waiting += len(rows)
        if leads:
            self._lead(batch)
        elif not batch.done.wait(_WAIT_SECONDS):
            raise Busy("Storing takes too long.")
        if entry.error is not None:
            raise entry.error

    def later(self, rows: Sequence[Row]) -> None:
        """Store the rows within a moment, without waiting; they are dropped when too many wait."""
        with self._guard:
            if len(self._later) + len(rows) > self._rows_at_most:
                return
            self._later.extend(rows)
            if self._flusher is None:
                self._flusher = threading.Thread(target=self._flush_soon, name="listens-later", daemon=True)
                self._flusher.start()

    def flush(self) -> None:
        """Return when everything that ``later`` left is on disk; raises Busy, and then keeps it."""
        with self._flushing:
            with self._guard:
                rows, self._later = self._later, []
            try:
                self.submit(rows)
            except RowRefused:
                for row in rows:
                    self._submit_alone(row)
            except Busy:
                with self._guard:
                    self._later = rows + self._later
                raise

    def _flush_soon(self) -> None:
        pause = threading.Event()
        pause.wait(LATER_SECONDS)
        with self._guard:
            self._flusher = None
        try:
            self.flush()
        except Exception:
            log.warning("rows that could wait are not stored yet", exc_info=True)

    def _submit_alone(self, row: Row) -> None:
        try:
            self.submit([row])
        except RowRefused:
            log.warning("the database refused a row of kind %s", row.get("kind"))

    def _lead(self, batch: _Batch) -> None:
        with self._commit:
            with self._guard:
                self._open = _Batch()
            try:
                self._write(batch.entries)
            except BaseException as problem:
                for entry in batch.entries:
                    entry.error = entry.error or _named(problem)
                if not isinstance(problem, Exception):
                    raise
            finally:
                with self._guard:
                    self._waiting -= sum(len(entry.rows) for entry in batch.entries)
                batch.done.set()

    def _write(self, entries: list[_Entry]) -> None:
        rows = [row for entry in entries for row in entry.rows]
        try:
            with self._engine.begin() as connection:
                self._insert_rows(connection, rows)
                step("listens.written", rows=len(rows))
            step("listens.stored", rows=len(rows))
        except _AWAY:
            raise
        except (SQLAlchemyError, ValueError, TypeError, OverflowError):
            self._write_apart(entries)

    def _write_apart(self, entries: list[_Entry]) -> None:
        """One of them is bad: each request on its own, so that it alone fails."""
        with self._engine.begin() as connection:
            for entry in entries:
                try:
                    with connection.begin_nested():
                        self._insert_rows(connection, entry.rows)
                except _AWAY:
                    raise
                except (SQLAlchemyError, ValueError, TypeError, OverflowError) as problem:
                    entry.error = RowRefused(f"The database refuses a row: {type(problem).__name__}.")

    def _insert_rows(self, connection: Connection, rows: Sequence[Row]) -> None:
        if not self._is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": LOG_LOCK})
        connection.execute(self._insert, rows)


def append(session: Session, rows: Sequence[Row]) -> None:
    """Store rows with the caller's transaction: for events that must stand or fall with what they tell of.

    Known ones change nothing. On PostgreSQL the fold waits for the end of the transaction, so keep it short.
    """
    if not rows:
        return
    connection = session.connection()
    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite:
        connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": LOG_LOCK})
    table = ListenEvent.__table__
    assert isinstance(table, Table)
    connection.execute(
        (sqlite if is_sqlite else postgresql).insert(table).on_conflict_do_nothing(), list(rows)
    )


_known: weakref.WeakKeyDictionary[Database, Ingest] = weakref.WeakKeyDictionary()
_known_lock = threading.Lock()


def ingest_of(database: Database) -> Ingest:
    """The process's one Ingest of a database."""
    with _known_lock:
        found = _known.get(database)
        if found is None:
            found = _known[database] = Ingest(database)
        return found


def _named(problem: BaseException) -> Exception:
    return (
        Busy("The listens could not be stored right now.") if isinstance(problem, _AWAY) else _plain(problem)
    )


def _plain(problem: BaseException) -> Exception:
    return problem if isinstance(problem, Exception) else Busy("The process is ending.")
