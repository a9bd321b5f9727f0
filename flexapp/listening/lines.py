"""Lines of the log as the drivers take them: a whole batch in one statement, its values made ready before.

SQLite gets one ``INSERT`` with many rows, PostgreSQL one with all of them in a JSON text: arrays of each
column take the driver five times as long to make ready. Either is a single call into the driver, so the
thread that writes gives up the interpreter once for a batch instead of once for each row, while other threads
read the next reports. SQLAlchemy's own insert takes several times as long.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from typing import Any, Protocol

from flexapp.listening.models import Kind

Row = dict[str, Any]
Line = tuple[Any, ...]
COLUMNS = {
    "session_id": "varchar",
    "play_id": "varchar",
    "seq": "bigint",
    "kind": "varchar",
    "app_id": "varchar",
    "placement_id": "varchar",
    "channel": "varchar",
    "host": "varchar",
    "track_id": "varchar",
    "intervals": "jsonb",
    "media_ms": "bigint",
    "at_ms": "bigint",
    "minted_at": "timestamptz",
    "received_at": "timestamptz",
    "visitor_key": "varchar",
    "network_key": "varchar",
    "facts": "jsonb",
    "country": "varchar",
    "device": "varchar",
    "os": "varchar",
    "browser": "varchar",
    "layout": "varchar",
}
"""Every column but the id, and PostgreSQL's type of it."""
_NAMES = ", ".join(COLUMNS)
_AT_ONCE = 128  #: rows of one SQLite statement; of 32,766 variables it takes at most
_INTEGERS = range(-(2**31), 2**31)
_KINDS = {kind: kind.value for kind in Kind}
_MOMENT = len("2026-11-21 12:00:00.000000")
_LIGHTLY = "SET LOCAL synchronous_commit = off"
_SHARED = "SELECT pg_advisory_xact_lock_shared(%s)"


class Cursor(Protocol):
    """What of the drivers' cursors is needed."""

    def execute(self, statement: str, parameters: Sequence[Any] = ..., /) -> object: ...


def lines_of(rows: Iterable[Row]) -> list[Line]:
    """The values of rows; raises ValueError, TypeError or OverflowError for what no database takes.

    Rows of one report share their moments and their facts, which are made ready once.
    """
    lines = []
    minted_at = received_at = facts = None
    minted = received = told = ""
    for row in rows:
        if row["minted_at"] is not minted_at:
            minted = _text(minted_at := row["minted_at"])
        if row["received_at"] is not received_at:
            received = _text(received_at := row["received_at"])
        if row["facts"] is not facts:
            told = json.dumps(facts) if (facts := row["facts"]) else "{}"
        seq, media_ms, intervals = row["seq"], row["media_ms"], row["intervals"]
        kind = _KINDS.get(row["kind"])
        if kind is None:
            raise ValueError("there is no such kind of event")
        if seq not in _INTEGERS or not (media_ms is None or media_ms in _INTEGERS):
            raise OverflowError("a number is too large")
        lines.append(
            (
                row["session_id"],
                row["play_id"],
                seq,
                kind,
                row["app_id"],
                row["placement_id"],
                row["channel"],
                row["host"],
                row["track_id"],
                _pairs(intervals) if intervals else "[]",
                media_ms,
                row["at_ms"],
                minted,
                received,
                row["visitor_key"],
                row["network_key"],
                told,
                row["country"],
                row["device"],
                row["os"],
                row["browser"],
                row["layout"],
            )
        )
    return lines


def write_sqlite(cursor: Cursor, lines: Sequence[Line]) -> None:
    """Begin a transaction and insert them; known ones change nothing."""
    cursor.execute("BEGIN IMMEDIATE")
    for start in range(0, len(lines), _AT_ONCE):
        part = lines[start : start + _AT_ONCE]
        cursor.execute(_sqlite_insert(len(part)), list(chain.from_iterable(part)))


def write_postgres(cursor: Cursor, lines: Sequence[Line], *, lock: int, survives_power: bool) -> None:
    """Insert them under the shared lock of writers; known ones change nothing."""
    if not survives_power:
        cursor.execute(_LIGHTLY)
    cursor.execute(_SHARED, (lock,))
    cursor.execute(_POSTGRES_INSERT, (json.dumps(lines),))


def _text(moment: datetime) -> str:
    """As SQLAlchemy stores it in SQLite: UTC without saying so; PostgreSQL is told in the statement."""
    if moment.tzinfo is None:
        raise ValueError("times are aware; a naive one was given")
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(" ", "microseconds")[:_MOMENT]


def _pairs(intervals: Iterable[Sequence[int]]) -> str:
    """JSON of pairs of whole numbers; the general way takes three times as long."""
    return f"[{', '.join([f'[{start:d}, {end:d}]' for start, end in intervals])}]"


@cache  # as many as lines go into one statement
def _sqlite_insert(count: int) -> str:
    row = f"({','.join('?' * len(COLUMNS))})"
    return f"INSERT INTO listen_event ({_NAMES}) VALUES {','.join([row] * count)} ON CONFLICT DO NOTHING"  # noqa: S608


def _member(place: int, kind: str) -> str:
    value = f"(line ->> {place})"
    return f"{value}::timestamp AT TIME ZONE 'UTC'" if kind == "timestamptz" else f"{value}::{kind}"


_POSTGRES_INSERT = (
    f"INSERT INTO listen_event ({_NAMES}) "  # noqa: S608
    f"SELECT {', '.join(_member(place, kind) for place, kind in enumerate(COLUMNS.values()))} "
    "FROM jsonb_array_elements(%s::jsonb) AS line ON CONFLICT DO NOTHING"
)
