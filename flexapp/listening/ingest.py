"""The group commit: rows of many requests in one transaction, each acknowledged after it is on disk.

The first to arrive leads: it takes the commit lock, closes the batch that filled up meanwhile, and
writes it; the others wait until it says so. A naive lock that everybody queues for would leave
most of them behind the next leader's fsync. PostgreSQL and SQLite take the same lines by one
``insert … on conflict do nothing`` each; what no database takes is refused before it joins a batch.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from flexapp.errors import FlexAppError, Invalid
from flexapp.kernel.steps import step
from flexapp.listening.lines import Line, Row, lines_of, write_postgres, write_sqlite
from flexapp.listening.models import ListenEvent
from flexapp.storage.session import Database

ROWS_AT_MOST = 20_000  #: that wait in memory
LATER_SECONDS = 0.2
LOG_LOCK = 7_201_114  #: PostgreSQL's advisory lock between writers (shared) and the fold (exclusive)
_WAIT_SECONDS = 30.0
_LATER_AT_ONCE = 500  #: so that nobody waits behind a long transaction
log = logging.getLogger(__name__)


class Busy(FlexAppError):
    """More is waiting than memory may hold, or the database is away: try again in a moment."""

    code = "busy"


class RowRefused(Invalid):
    """The database refuses a row; the others of its batch are stored."""

    code = "row_refused"


class _Entry:
    """The lines of one request and what became of them; ``turn`` opens when they are stored or failed."""

    __slots__ = ("error", "lines", "turn")

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.error: Exception | None = None
        self.turn = threading.Lock()
        self.turn.acquire()


class Ingest:
    """Stores log rows durably. One per process and database: take it from ``ingest_of``."""

    def __init__(self, database: Database, *, rows_at_most: int = ROWS_AT_MOST) -> None:
        self._engine = database.engine
        self._survives_power = database.log_survives_power
        self._turn = database.turn
        self._is_sqlite = database.is_sqlite
        self._write_lines = self._into_sqlite if database.is_sqlite else self._into_postgres
        dbapi: Any = database.engine.dialect.loaded_dbapi
        self._away = (OperationalError, InterfaceError, PoolTimeout, dbapi.OperationalError)
        self._bad = (SQLAlchemyError, dbapi.Error, ValueError, TypeError, OverflowError)
        self._rows_at_most = rows_at_most
        self._guard = threading.Lock()
        self._commit = threading.Lock()
        self._open: list[_Entry] = []
        self._waiting = 0
        self._later: list[Row] = []
        self._dropped = 0
        self._flusher: threading.Thread | None = None
        self._flushing = threading.Lock()

    def submit(self, rows: Sequence[Row]) -> None:
        """Return when the rows are on disk; known ones (session, play, seq) change nothing.

        Raises Busy when nothing was stored and a later try may work, RowRefused when the database
        refuses one of these rows (then none of them is stored).
        """
        if not rows:
            return
        try:
            entry = _Entry(lines_of(rows))
        except (ValueError, TypeError, OverflowError) as problem:
            raise _refused(problem) from problem
        with self._guard:
            if self._waiting + len(rows) > self._rows_at_most:
                raise Busy("Too much is waiting to be stored.")
            leads = not self._open
            self._open.append(entry)
            self._waiting += len(rows)
        if leads:
            self._lead()
        elif not entry.turn.acquire(timeout=_WAIT_SECONDS):
            raise Busy("Storing takes too long.")
        if entry.error is not None:
            raise entry.error

    def later(self, rows: Sequence[Row]) -> None:
        """Store the rows within a moment, without waiting; they are dropped when too many wait.

        Then a warning tells how many. Plays that lack delivered bytes wait for somebody's look.
        """
        with self._guard:
            if len(self._later) + len(rows) > self._rows_at_most:
                self._dropped += len(rows)
            else:
                self._later.extend(rows)
            if self._flusher is None:
                self._flusher = threading.Thread(target=self._flush_soon, name="listens-later", daemon=True)
                self._flusher.start()

    def flush(self) -> None:
        """Return when everything that ``later`` left is on disk; raises Busy, and then keeps it."""
        with self._flushing:
            with self._guard:
                rows, self._later = self._later, []
            while rows:
                part = rows[:_LATER_AT_ONCE]
                try:
                    self._submit_each(part)
                except Busy:
                    with self._guard:
                        self._later = rows + self._later
                    raise
                rows = rows[_LATER_AT_ONCE:]

    def _flush_soon(self) -> None:
        pause = threading.Event()
        pause.wait(LATER_SECONDS)
        with self._guard:
            self._flusher = None
            dropped, self._dropped = self._dropped, 0
        if dropped:
            log.warning("%d rows that could wait were dropped: too many wait to be stored", dropped)
        try:
            self.flush()
        except Exception:
            log.warning("rows that could wait are not stored yet", exc_info=True)

    def _submit_each(self, rows: Sequence[Row]) -> None:
        try:
            self.submit(rows)
        except RowRefused:
            if len(rows) == 1:
                log.warning("the database refused a row of kind %s", rows[0].get("kind"))
                return
            for row in rows:
                self._submit_each([row])

    def _lead(self) -> None:
        with self._commit, self._turn:
            with self._guard:
                entries, self._open = self._open, []
            try:
                self._write(entries)
            except BaseException as problem:
                for entry in entries:
                    entry.error = entry.error or self._named(problem)
                if not isinstance(problem, Exception):
                    raise
            finally:
                with self._guard:
                    self._waiting -= sum(len(entry.lines) for entry in entries)
                for entry in entries:
                    entry.turn.release()

    def _write(self, entries: list[_Entry]) -> None:
        try:
            self._commit_lines([line for entry in entries for line in entry.lines])
        except self._away:
            raise
        except self._bad as problem:
            if len(entries) == 1:
                entries[0].error = _refused(problem)
                return
            for entry in entries:  # one of them is bad: each request on its own, so that it alone fails
                self._write([entry])

    def _commit_lines(self, lines: list[Line]) -> None:
        connection = self._engine.raw_connection()
        try:
            self._write_lines(connection, lines)
            step("listens.written", rows=len(lines))
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            self._give_back(connection)
        step("listens.stored", rows=len(lines))

    def _give_back(self, connection: PoolProxiedConnection) -> None:
        """To the pool, whose other users, money among them, always wait for the disk."""
        try:
            if self._is_sqlite and not self._survives_power:
                connection.cursor().execute("PRAGMA synchronous=FULL")
        except Exception:
            connection.invalidate()
            raise
        finally:
            connection.close()

    def _into_sqlite(self, connection: PoolProxiedConnection, lines: list[Line]) -> None:
        if not self._survives_power:
            connection.cursor().execute("PRAGMA synchronous=NORMAL")
        write_sqlite(connection.cursor(), lines)

    def _into_postgres(self, connection: PoolProxiedConnection, lines: list[Line]) -> None:
        driver: Any = connection.driver_connection
        with driver.pipeline():  # one way to the server and back for all of it
            write_postgres(driver.cursor(), lines, lock=LOG_LOCK, survives_power=self._survives_power)

    def _named(self, problem: BaseException) -> Exception:
        if isinstance(problem, self._away):
            return Busy("The listens could not be stored right now.")
        return problem if isinstance(problem, Exception) else Busy("The process is ending.")


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


def _refused(problem: Exception) -> RowRefused:
    return RowRefused(f"The database refuses a row: {type(problem).__name__}.")
