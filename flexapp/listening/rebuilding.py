"""Rebuilding: roll-ups made anew from sealed files and raw rows, identical to what the fold added up.

Days before the evidence began keep the totals they have. DuckDB sums, the database stores.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy.orm import Session

from flexapp.listening import columns, evidence, queries, rollup_blocks
from flexapp.listening.adding import add_rows
from flexapp.listening.blocks import (
    BY_APP,
    BY_TRACK,
    DIMENSIONS,
    LISTENERS,
    RETENTION,
    SITES,
    Rollup,
    summed,
    to_blocks,
)
from flexapp.listening.columns import LOOKS, MOMENTS, Mirror
from flexapp.listening.folding import CURSOR
from flexapp.listening.models import FoldCursor
from flexapp.listening.names import numbers_of
from flexapp.listening.packing import firsts_at_once, packed_before
from flexapp.listening.rollups import (
    COUNTERS,
    Played,
    SealedDay,
    day_number,
    day_of_number,
)
from flexapp.listening.sealing import first_day
from flexapp.listening.totals import APP_HOURS, TRACK_HOURS
from flexapp.storage.once import insert_once
from flexapp.storage.session import Database

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_LISTENS_AT_ONCE = 4_000_000
_NAMES = {"name": "VARCHAR", "number": "INTEGER", "person": "VARCHAR"}
_PAIRS = "SELECT app, track, 0 AS nothing FROM listens UNION SELECT app, track, 0 AS nothing FROM moments"
_NUMBERS = frozenset({"hours", "day", "dimension"})


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild read and wrote."""

    since: date
    sealed_days: int
    rows: int


def rebuild(
    database: Database, mirror: Mirror, *, now: datetime, raw_days: int, memory: str = columns.MEMORY
) -> Rebuilt:
    """Replace all roll-ups since the evidence began, in one transaction; the fold waits."""
    with database.reading() as session:
        for row in queries.days_listed(session):
            if row.is_good:  # fetched before anything is locked
                mirror.path_of(row.listens_key), mirror.path_of(row.moments_key)
    with database.writing() as session:
        insert_once(session, FoldCursor, name=CURSOR, position=0)
        position = queries.cursor_for_update(session, CURSOR).position
        first = first_day(session, now=now, raw_days=raw_days)
        sealed = [row for row in queries.days_listed(session) if row.is_good and day_number(row.day) >= first]
        paths = {
            day_number(row.day): (mirror.path_of(row.listens_key), mirror.path_of(row.moments_key))
            for row in sealed
        }
        engine = columns.connect(mirror.folder, memory=memory)
        _open_rows(session, engine, first=first, until=now, sealed=set(paths), position=position)
        made = _Rebuild(session, engine, first=first, packed_before=packed_before(now))
        rows = made.run([{}, *_grouped(sealed, paths)])
    return Rebuilt(day_of_number(first), len(paths), rows)


Part = dict[int, tuple[Path, Path]]
"""Files of listens and moments by day; without any the open rows are meant."""


def _grouped(days: Sequence[SealedDay], paths: Part) -> Iterator[Part]:
    """Sealed days, so many together as memory holds."""
    part: Part = {}
    size = 0
    for row in days:
        if part and size + row.listens > _LISTENS_AT_ONCE:
            yield part
            part, size = {}, 0
        part[day_number(row.day)] = paths[day_number(row.day)]
        size += row.listens
    if part:
        yield part


def _open_rows(
    session: Session,
    engine: DuckDBPyConnection,
    *,
    first: int,
    until: datetime,
    sealed: set[int],
    position: int,
) -> None:
    """Raw rows of the days that no good file holds."""
    last = until.astimezone(UTC).date() + timedelta(days=1)  # clocks of other machines may be ahead
    spans = [(day_of_number(a), day_of_number(b)) for a, b in _gaps(first, day_number(last), sealed)]
    listens = (row for a, b in spans for row in evidence.listens_of(session, a, b))
    moments = (row for a, b in spans for row in evidence.moments_of(session, a, b, position=position))
    columns.load(engine, "open_listens", columns.LISTENS, listens)
    columns.load(engine, "open_moments", columns.COUNTS, moments)


def _gaps(first: int, last: int, known: set[int]) -> Iterator[tuple[int, int]]:
    """Runs of days from first to last that are not known."""
    start: int | None = None
    for day in range(first, last + 2):
        if day in known or day > last:
            if start is not None:
                yield start, day - 1
            start = None
        elif start is None:
            start = day


class _Rebuild:
    """Sums part after part in DuckDB, then writes each table once, in the order of its key."""

    def __init__(
        self, session: Session, engine: DuckDBPyConnection, *, first: int, packed_before: int
    ) -> None:
        self._session = session
        self._engine = engine
        self._first = first
        self._packed_before = packed_before
        self._names: set[str] = set()
        apps_from, tracks_from = (queries.position_of(session, name) for name in (APP_HOURS, TRACK_HOURS))
        of_app, of_track = ("app", "placement", "channel"), ("app", "track", "placement", "channel")
        self._tables: list[tuple[Rollup, tuple[str, ...], str]] = [
            (BY_APP, ("app", "hours", "placement", "channel"), _counted(of_app, apps_from)),
            (BY_TRACK, ("app", "track", "hours", "placement", "channel"), _counted(of_track, tracks_from)),
            (RETENTION, ("app", "track", "day"), _retention()),
            (DIMENSIONS, ("app", "dimension", "day", "value"), _dimensions()),
            (SITES, ("app", "day", "host"), _sites()),
            (LISTENERS, ("subject", "day"), _listeners()),
        ]

    def run(self, parts: Sequence[Part]) -> int:
        """Returns how many rows were written."""
        columns.load(self._engine, "names", _NAMES, ())
        for number, part in enumerate(parts):
            self._look_at(part)
            self._name()
            self._make("played", _numbered(("app", "track"), _PAIRS), is_first=not number)
            for rollup, keys, query in self._tables:
                self._make(rollup.model.__tablename__, _numbered(keys, query), is_first=not number)
        played = self._engine.execute("SELECT DISTINCT app, track FROM made_played ORDER BY ALL").fetchall()
        add_rows(self._session, Played, played)
        return len(played) + sum(self._write(rollup) for rollup, _, _ in self._tables)

    def _make(self, name: str, query: str, *, is_first: bool) -> None:
        begin = f"CREATE TEMP TABLE made_{name} AS" if is_first else f"INSERT INTO made_{name}"
        self._engine.execute(f"{begin} {query}")

    def _look_at(self, part: Part) -> None:
        """``listens`` and ``moments`` are those of the part; ``hours`` are counted since 1970."""
        for place, (name, hour) in enumerate((("listens", "second // 3600"), ("moments", "hour"))):
            sealed = columns.select_files(both[place] for both in part.values())
            rows = f"({sealed})" if part else f"open_{name}"
            self._engine.execute(
                f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT *, day * 24 + {hour} AS hours FROM {rows}"
            )

    def _name(self) -> None:
        """Every new text gets its number, and of an app or track the person behind it is noted."""
        texts = " UNION ".join(
            [f"SELECT {name} FROM listens" for name in (*columns.TEXTS, *LOOKS)]
            + [f"SELECT {name} FROM moments" for name in columns.TEXTS]
        )
        names = {name for (name,) in self._engine.execute(texts).fetchall()} - self._names
        people = queries.owners_of_apps(self._session, names)
        facts = queries.track_facts(self._session, names)
        people.update((track, fact.producer_id) for track, fact in facts.items())
        new = (names | set(people.values())) - self._names
        rows = [(name, n, people.get(name, "")) for name, n in numbers_of(self._session, new).items()]
        if rows:
            columns.append(self._engine, "names", _NAMES, rows)
        self._names |= new

    def _write(self, rollup: Rollup) -> int:
        """What the fold and the packing would have written: blocks of old days, rows of the others."""
        rollup_blocks.clear(self._session, rollup, self._first)
        made, first = f"made_{rollup.model.__tablename__}", rollup.columns[0].name
        firsts = self._engine.execute(f"SELECT DISTINCT {first} FROM {made} ORDER BY 1").fetchall()
        size, width, written = firsts_at_once(rollup), len(rollup.columns), 0
        for start in range(0, len(firsts), size):
            part = firsts[start : start + size]
            found = self._engine.execute(
                f"SELECT * FROM {made} WHERE {first} BETWEEN ? AND ?", [part[0][0], part[-1][0]]
            ).fetchnumpy()
            columns = [np.asarray(column, np.int64) for column in found.values()]
            rows = summed(np.column_stack(columns[:width]), rollup.keys)
            is_old = rows[:, rollup.subjects] < self._packed_before * rollup.per_day
            old, new = rows[is_old], rows[~is_old]
            rollup_blocks.write_blocks(self._session, rollup, list(to_blocks(rollup, old)))
            add_rows(self._session, rollup.model, [tuple(row) for row in new.tolist()])
            written += len(rows)
        return written


def _numbered(keys: Sequence[str], query: str) -> str:
    """The query with numbers instead of texts; its keys come first, in this order."""
    texts = [key for key in keys if key not in _NUMBERS]
    joins = " ".join(f"JOIN names n_{key} ON n_{key}.name = q.{key}" for key in texts)
    named = ", ".join(f"q.{key}" if key in _NUMBERS else f"n_{key}.number AS {key}" for key in keys)
    return f"SELECT {named}, q.* EXCLUDE ({', '.join(keys)}) FROM ({query}) q {joins}"


def _counted(places: Sequence[str], fine_from: int) -> str:
    """All counters by place and hour; days before ``fine_from`` stand at noon."""
    hour = f"CASE WHEN day >= {fine_from} THEN hours ELSE day * 24 + 12 END AS hours"
    keys = f"{', '.join(places)}, {hour}"
    return _summed(f"{', '.join(places)}, hours", keys, COUNTERS, "", "")


def _sites() -> str:
    listeners = f"count(DISTINCT listener) FILTER ({columns.HEARD}) AS listeners, "
    return _summed(
        "app, day, host", "app, day, host", ("listeners", *COUNTERS), listeners, "0 AS listeners, "
    )


def _summed(names: str, keys: str, counters: Sequence[str], of_listens: str, of_moments: str) -> str:
    listened = ", ".join(f"{how} AS {name}" for name, how in columns.LISTENED.items())
    moments = ", ".join(f"sum({name}) AS {name}" for name in MOMENTS)
    together = (
        f"SELECT {keys}, {of_listens}{listened} FROM listens GROUP BY ALL UNION ALL BY NAME "
        f"SELECT {keys}, {of_moments}{moments} FROM moments GROUP BY ALL"
    )
    sums = ", ".join(f"coalesce(sum({name}), 0)::BIGINT AS {name}" for name in counters)
    return f"SELECT {names}, {sums} FROM ({together}) GROUP BY ALL"


def _retention() -> str:
    return (
        f"SELECT app, track, day, {columns.retention_sums()} "
        "FROM listens WHERE percent >= 0 GROUP BY app, track, day"
    )


def _dimensions() -> str:
    return " UNION ALL ".join(
        f"SELECT app, {dimension} AS dimension, day, {name} AS value, count(*) AS starts, "
        "count(*) FILTER (state & 2 = 2) AS plays, "
        f"count(DISTINCT listener) FILTER ({columns.HEARD}) AS listeners "
        f"FROM listens WHERE percent >= 0 GROUP BY app, day, {name}"
        for dimension, name in enumerate(LOOKS, 1)
    )


def _listeners() -> str:
    """Keys of apps, tracks and people: somebody with two reasons to be counted is counted once."""
    heard = f"FROM listens l WHERE {columns.HEARD}"
    person = "SELECT n.person AS subject, day, listener FROM listens l JOIN names n ON n.name = l."
    pairs = " UNION ".join(
        (
            f"SELECT app AS subject, day, listener {heard} AND app <> ''",
            f"SELECT track AS subject, day, listener {heard} AND track <> ''",
            f"{person}app WHERE n.person <> '' AND {columns.HEARD}",
            f"{person}track WHERE n.person <> '' AND {columns.HEARD}",
        )
    )
    return f"SELECT subject, day, count(*) AS listeners FROM ({pairs}) GROUP BY ALL"
