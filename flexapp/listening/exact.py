"""Exact answers from the listens themselves: sealed days by DuckDB, all others from the raw rows.

What the roll-ups do not keep is asked here: listeners of several apps together, or of a placement, and what
a track's listens are made of. A day is read from its files or from its rows, never from both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from flexapp.listening import columns, queries, rollup_queries
from flexapp.listening.columns import Mirror
from flexapp.listening.evidence import day_start
from flexapp.listening.scopes import Scope

_DAY = timedelta(days=1)
_HEARD = "state & 1 = 1 AND listener IS NOT NULL AND percent >= 0"
_LISTENER = "(day::BIGINT * 4294967296 + listener)"  # one number is told apart faster than two


@dataclass(frozen=True)
class Sources:
    """A span, cut into what is read from files and what from rows."""

    files: list[Path]  #: of the listens of sealed days
    spans: list[tuple[datetime, datetime]]


def sources(session: Session, mirror: Mirror | None, *, since: datetime, until: datetime) -> Sources:
    """Where the listens of a span lie; whole days are read from files, those at its edges only if sealed."""
    good: dict[date, str] = {}
    if mirror is not None:
        first, last = since.astimezone(UTC).date(), until.astimezone(UTC).date()
        listed = queries.days_listed(session)
        good = {row.day: row.listens_key for row in listed if row.is_good and first <= row.day <= last}
    files = [mirror.path_of(key) for key in good.values()] if mirror else []
    return Sources(files, days_without(good, since=since, until=until))


def days_without(
    known: Collection[date], *, since: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """The span without the days that are known, in as few spans as there can be."""
    spans: list[tuple[datetime, datetime]] = []
    day = since.astimezone(UTC).date()
    while day_start(day) < until:
        if day not in known:
            start, end = max(since, day_start(day)), min(until, day_start(day) + _DAY)
            if spans and spans[-1][1] == start:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        day += _DAY
    return spans


def listener_days(
    session: Session, scope: Scope, *, since: datetime, until: datetime, mirror: Mirror | None
) -> int:
    """Distinct visitor keys with a valid qualified listen, day by day."""
    found = sources(session, mirror, since=since, until=until)
    count = sum(
        rollup_queries.listener_days(session, scope, since=start, until=end) for start, end in found.spans
    )
    if found.files and mirror is not None:
        query = (
            f"SELECT count(DISTINCT {_LISTENER}) FROM ({columns.select_files(found.files)}) "
            f"WHERE {_HEARD} AND {{conditions}}"
        )
        ((sealed,),) = _ask(session, mirror, query, scope, since, until)
        count += int(sealed)
    return count


def listens_by(
    session: Session, scope: Scope, column: str, *, since: datetime, until: datetime, mirror: Mirror | None
) -> list[tuple[str, int, int, int]]:
    """By one thing of the listens: value, starts, plays and listeners."""
    found = sources(session, mirror, since=since, until=until)
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    rows: list[tuple[Any, ...]] = []
    for start, end in found.spans:
        rows += rollup_queries.listens_by(session, scope, column, since=start, until=end)
    if found.files and mirror is not None:
        query = (
            f"SELECT {column}, count(*), count(*) FILTER (state & 2 = 2), "
            f"count(DISTINCT {_LISTENER}) FILTER ({_HEARD}) FROM ({columns.select_files(found.files)}) "
            "WHERE {conditions} GROUP BY ALL"
        )
        rows += _ask(session, mirror, query, scope, since, until)
    for name, *counts in rows:
        for place, value in enumerate(counts):
            sums[str(name)][place] += int(value)
    return [(name, *counts) for name, counts in sums.items()]  # type: ignore[misc]


def _ask(
    session: Session, mirror: Mirror, query: str, scope: Scope, since: datetime, until: datetime
) -> list[tuple[Any, ...]]:
    conditions, values = _conditions(session, scope)
    edges = f"day * 86400 + second >= {int(since.timestamp())} AND day * 86400 + second < {until.timestamp()}"
    with columns.asking(mirror.folder) as engine:
        text = query.replace("{conditions}", " AND ".join([edges, *conditions]))
        return engine.execute(text, values).fetchall()


def _conditions(session: Session, scope: Scope) -> tuple[list[str], list[Any]]:
    """The scope in DuckDB's words, with its values."""
    found: list[str] = []
    values: list[Any] = []

    def within(column: str, names: object) -> str:
        listed = sorted(set(names))  # type: ignore[call-overload]
        values.extend(listed)
        return f"{column} IN ({', '.join('?' * len(listed))})" if listed else "false"

    if scope.person_id is not None:
        apps, tracks = queries.things_of(session, scope.person_id)
        found.append(f"({within('app', apps)} OR {within('track', tracks)})")
    if scope.app_ids is not None:
        found.append(within("app", scope.app_ids))
    if scope.track_ids is not None:
        found.append(within("track", scope.track_ids))
    if scope.placement_id is not None:
        found.append(within("placement", [scope.placement_id]))
    if scope.channel is not None:
        found.append(within("channel", [str(scope.channel)]))
    return found, values
