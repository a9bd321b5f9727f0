"""Engines and sessions: SQLite (WAL, FULL, immediate writes) and PostgreSQL behave alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

_READ_ONLY = "flexapp_read_only"
Raised = Callable[[int, frozenset[str]], None]


class UnitOfWork(Session):
    """Every session of a Database, so that the rules for changed rows can listen to these alone."""


class Database:
    """The engine and the two ways to open a session."""

    def __init__(self, url: str, *, pool_size: int = 40, log_survives_power: bool = True) -> None:
        self.url = url
        self.log_survives_power = log_survives_power  #: the log of listening; all else always does
        self.on_raised: list[Raised] = []  #: told after a commit of ours: its revision and what changed
        self.kept: dict[type[Any], Any] = {}  #: what a process has one of for each database, by its class
        #: Taken by those who write again and again, the group commit and the fold: SQLite lets writers wait
        #: by polling, so one that begins anew at once would starve the other.
        is_shared = url.startswith("sqlite")
        self.turn: AbstractContextManager[object] = threading.Lock() if is_shared else nullcontext()
        self.is_sqlite = url.startswith("sqlite")
        self.engine = _sqlite(url, pool_size) if self.is_sqlite else _postgres(url, pool_size)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that commits at the end and rolls back on an error. Only edges open one."""
        with self._session(self.engine) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that takes no write lock and never commits; what was read stays readable after it."""
        engine = self.engine.execution_options(**{_READ_ONLY: True})
        with self._session(engine, autoflush=False) as session:
            yield session

    def open(self, *, read_only: bool) -> Session:
        """A session for one request; the edge commits or rolls back and closes it."""
        engine = self.engine.execution_options(**{_READ_ONLY: True}) if read_only else self.engine
        return self._session(engine)

    def connect_reading(self) -> Connection:
        """A bare connection that takes no write lock, for one cheap question."""
        return self.engine.connect().execution_options(**{_READ_ONLY: True})

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    def _session(self, engine: Engine, *, autoflush: bool = True) -> UnitOfWork:
        return UnitOfWork(engine, expire_on_commit=False, autoflush=autoflush, info={"database": self})


def _postgres(url: str, pool_size: int) -> Engine:
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=10,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
    )


def _sqlite(url: str, pool_size: int) -> Engine:
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=10,
        hide_parameters=True,
        connect_args={"timeout": 60, "check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=60000",
            "temp_store=MEMORY",
            "secure_delete=ON",  # what is deleted, day salts above all, does not stay in the file
            "recursive_triggers=ON",  # else INSERT OR REPLACE deletes without asking the triggers
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # Writers take the lock at once: a deferred reader that later writes can fail with SQLITE_BUSY.
        deferred = connection.get_execution_options().get(_READ_ONLY)
        connection.exec_driver_sql("BEGIN" if deferred else "BEGIN IMMEDIATE")

    return engine
