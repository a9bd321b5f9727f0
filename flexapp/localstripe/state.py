"""What the stand-in remembers, in one SQLite file, or in memory for tests."""

from __future__ import annotations

import json
import secrets
import sqlite3
import string
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Thing = dict[str, Any]
"""One of Stripe's objects, as JSON."""

_TABLES = """
CREATE TABLE IF NOT EXISTS thing (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS thing_kind ON thing (kind, seq);
CREATE TABLE IF NOT EXISTS reply (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    created REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, endpoint_id TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS delivery_event ON delivery (event_id);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_ALPHABET = string.ascii_letters + string.digits


class State:
    """Objects by id, replies by idempotency key, deliveries, settings; one writer at a time."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)  # webhook secrets lie in it
        self._connection = sqlite3.connect(
            str(path) if path else ":memory:", isolation_level=None, check_same_thread=False
        )
        self._connection.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        self._depth = 0
        if path is not None:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_TABLES)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is kept together or not at all; nested ones join the outermost."""
        with self._lock:
            if self._depth:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            else:
                self._connection.execute("COMMIT")
            finally:
                self._depth = 0

    def rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """The rows of one statement."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def put(self, thing: Thing) -> Thing:
        """Keep an object under its id."""
        self.rows(
            "INSERT INTO thing (id, kind, data) VALUES (?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET data = excluded.data",
            thing["id"],
            thing["object"],
            json.dumps(thing),
        )
        return thing

    def find(self, identity: str, kind: str | None = None) -> Thing | None:
        """The object of an id, if it is there and of that kind."""
        rows = self.rows("SELECT kind, data FROM thing WHERE id = ?", identity)
        if not rows or (kind and rows[0]["kind"] != kind):
            return None
        thing: Thing = json.loads(rows[0]["data"])
        return thing

    def remove(self, identity: str) -> None:
        """Forget an object."""
        self.rows("DELETE FROM thing WHERE id = ?", identity)

    def newest(self, kind: str, keep: Callable[[Thing], bool] = lambda thing: True) -> list[Thing]:
        """All objects of a kind that ``keep`` accepts, newest first."""
        rows = self.rows("SELECT data FROM thing WHERE kind = ? ORDER BY seq DESC", kind)
        return [thing for row in rows if keep(thing := json.loads(row["data"]))]

    def setting(self, name: str, default: str = "") -> str:
        """A remembered setting."""
        rows = self.rows("SELECT value FROM setting WHERE name = ?", name)
        return str(rows[0]["value"]) if rows else default

    def set(self, name: str, value: str) -> None:
        """Remember a setting."""
        self.rows(
            "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            value,
        )

    def forget_everything(self) -> None:
        """As on the first day."""
        with self.transaction():
            for table in ("thing", "reply", "delivery", "setting"):
                self.rows(f"DELETE FROM {table}")  # noqa: S608

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()


def new_id(prefix: str, length: int = 24) -> str:
    """An id in Stripe's style: ``ch_3Q…``."""
    return f"{prefix}_" + "".join(secrets.choice(_ALPHABET) for _ in range(length))
