"""Exact answers from the listens themselves: sealed days by DuckDB, all others from the raw rows.

What the roll-ups do not keep is asked here: listeners of several apps together, or of a placement, and what
a track's listens are made of. A day is read from its files or from its rows, never from both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from flexapp.listening import columns, evidence, queries, raw_queries, rollup_queries
from flexapp.listening.columns import MOMENTS, Mirror
from flexapp.listening.counting import TENTHS
from flexapp.listening.evidence import day_start
from flexapp.listening.folding import CURSOR
from flexapp.listening.rollups import COUNTERS, SealedDay
from flexapp.listening.scopes import Scope
from flexapp.listening.shares import Share, added
from flexapp.listening.totals import BUCKETS

_DAY = timedelta(days=1)
_BITS_AT_MOST = 1_000_000_000
"""Listeners of a day are numbered from 1, so a bit for each tells them apart in a third of the time that a
table of them takes, as long as the bits of all days together (125 MB) fit in the engine's memory twice."""


@dataclass(frozen=True)
class Sources:
    """A span, cut into what is read from files and what from rows."""

    files: list[Path]  #: of the listens, or moments, of sealed days
    spans: list[tuple[datetime, datetime]]
    most: int = 0  #: listens on one of the days in files


def sources(
    session: Session, mirror: Mirror | None, *, since: datetime, until: datetime, of_moments: bool = False
) -> Sources:
    """Where the listens (or moments) of a span lie: in files as far as its days are sealed."""
    good: dict[date, str] = {}
    listed: list[SealedDay] = []
    if mirror is not None:
        first, last = since.astimezone(UTC).date(), until.astimezone(UTC).date()
        listed = [row for row in queries.days_listed(session) if row.is_good and first <= row.day <= last]
        good = {row.day: row.moments_key if of_moments else row.listens_key for row in listed}
    files = [mirror.path_of(key) for key in good.values()] if mirror else []
    most = max((row.listens for row in listed if row.day in good), default=0)
    return Sources(files, days_without(good, since=since, until=until), most)


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
        listeners = "count(DISTINCT listener)"
        if found.most * len(found.files) <= _BITS_AT_MOST:
            listeners = f"bit_count(bitstring_agg(listener, 0, {found.most}))"
        query = (
            f"SELECT sum(listeners) FROM (SELECT {listeners} AS listeners "
            f"FROM ({columns.select_files(found.files)}) "
            f"WHERE {columns.HEARD} AND {{conditions}} GROUP BY day)"
        )
        ((sealed,),) = _ask(session, mirror, query, scope, since, until)
        count += int(sealed or 0)
    return count


def listens_by(
    session: Session,
    scope: Scope,
    names: Sequence[str],
    *,
    since: datetime,
    until: datetime,
    mirror: Mirror | None,
) -> dict[str, list[Share]]:
    """By each of some columns: starts and plays. Rows and files are read once for all of them."""
    found = sources(session, mirror, since=since, until=until)
    shares: dict[str, list[Share]] = {name: [] for name in names}
    for start, end in found.spans:
        for name, rows in raw_queries.listens_by(session, scope, names, since=start, until=end).items():
            shares[name] += rows
    if found.files and mirror is not None:
        listed = ", ".join(names)
        sets = ", ".join(f"(day, {name})" for name in names)
        query = (
            f"SELECT grouping_id({listed}), coalesce({listed}), day, "
            f"count(DISTINCT listener) FILTER ({columns.HEARD}), count(*), "
            f"count(*) FILTER (state & 2 = 2) FROM ({columns.select_files(found.files)}) "
            f"WHERE {{conditions}} GROUP BY GROUPING SETS ({sets})"
        )
        whole = (
            1 << len(names)
        ) - 1  # a bit for each, the first the highest; 0 of the one that is grouped by
        by_bits = {whole ^ (1 << bit): name for bit, name in enumerate(reversed(names))}
        for bits, *row in _ask(session, mirror, query, scope, since, until):
            shares[by_bits[bits]] += _shares([row])
    return {name: added(rows) for name, rows in shares.items()}


def retention_sums(
    session: Session, scope: Scope, *, since: datetime, until: datetime, mirror: Mirror | None
) -> list[int]:
    """Listens, percent, five buckets, ten tenths."""
    found = sources(session, mirror, since=since, until=until)
    rows: list[Sequence[Any]] = [[0] * (3 + len(BUCKETS) + TENTHS)]
    rows += [
        raw_queries.retention_of_listens(session, scope, since=start, until=end) for start, end in found.spans
    ]
    if found.files and mirror is not None:
        query = (
            f"SELECT {columns.retention_sums()} FROM ({columns.select_files(found.files)}) "
            "WHERE percent >= 0 AND {conditions}"
        )
        rows += _ask(session, mirror, query, scope, since, until)
    return [sum(int(value or 0) for value in column) for column in zip(*rows, strict=True)]


def sites_of(
    session: Session, scope: Scope, *, since: datetime, until: datetime, mirror: Mirror | None
) -> list[Share]:
    """By site around the players of whole apps: ``COUNTERS``; of whole hours."""
    found = sources(session, mirror, since=since, until=until)
    listens: list[Share] = []
    for start, end in found.spans:
        listens += raw_queries.sites_of_listens(session, scope, since=start, until=end)
    if found.files and mirror is not None:
        listened = ", ".join(columns.LISTENED.values())
        query = (
            f"SELECT host, day, count(DISTINCT listener) FILTER ({columns.HEARD}), {listened} "
            f"FROM ({columns.select_files(found.files)}) WHERE {{conditions}} GROUP BY host, day"
        )
        listens += _shares(_ask(session, mirror, query, scope, since, until))
    moments = _moments_by_site(session, scope, since, until, mirror)
    return added(
        [
            *(Share(host, days, _counters(columns.LISTENED, counts)) for host, days, counts in listens),
            *(Share(host, {}, _counters(MOMENTS, counts)) for host, *counts in moments),
        ]
    )


def _counters(names: Iterable[str], counts: Sequence[int]) -> list[int]:
    """As ``COUNTERS``, of which there are some."""
    known = dict(zip(names, counts, strict=True))
    return [known.get(name, 0) for name in COUNTERS]


def _shares(rows: Iterable[Sequence[Any]]) -> list[Share]:
    """Of value, day, listeners and counters."""
    return [Share(str(name), {day: listeners}, counters) for name, day, listeners, *counters in rows]


def _moments_by_site(
    session: Session, scope: Scope, since: datetime, until: datetime, mirror: Mirror | None
) -> list[Sequence[Any]]:
    """The site, then ``MOMENTS``."""
    found = sources(session, mirror, since=since, until=until, of_moments=True)
    rows: list[Sequence[Any]] = []
    for start, end in found.spans:
        rows += evidence.moments_by_site(
            session, scope.app_ids, since=start, until=end, position=queries.position_of(session, CURSOR)
        )
    if found.files and mirror is not None:
        hours = f"SELECT *, hour * 3600 AS second FROM ({columns.select_files(found.files)})"
        moments = ", ".join(f"sum({name})" for name in MOMENTS)
        query = f"SELECT host, {moments} FROM ({hours}) WHERE {{conditions}} GROUP BY host"
        rows += _ask(session, mirror, query, scope, since, until)
    return rows


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
