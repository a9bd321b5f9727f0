"""Selects behind judging and the review of suspects: which plays the rules look at, and in which groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, delete, exists, func, or_, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from flexapp.apps.models import FlexApp
from flexapp.catalog.models import Track
from flexapp.listening import counting, hosting
from flexapp.listening.counting import DOUBTS
from flexapp.listening.crowds import UNIFORM_MS, Candidate
from flexapp.listening.models import Decision, Delivery, Judgment, ListenEvent, Play, Suspicion
from flexapp.storage.columns import utc_day

Columns = Sequence[InstrumentedAttribute[Any]]
Group = tuple[Any, ...]
_ROWS_AT_ONCE = 5000
_VALUES_AT_MOST = 500


def begin_of(day: date) -> datetime:
    """The first moment of a UTC day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def looked_at(day: date) -> ColumnElement[bool]:
    """Plays of a day that count, or would but for a rule over many: judging changes nothing about that."""
    begin = begin_of(day)
    reasons = [reason.value for reason in DOUBTS]
    return and_(
        Play.is_qualified,
        Play.started_at >= begin,
        Play.started_at < begin + timedelta(days=1),
        or_(Play.decision == Decision.VALID, Play.reason.in_(reasons)),
    )


def is_unloaded() -> ColumnElement[bool]:
    """No document of the session was handed out, as far as is known."""
    load = select(ListenEvent.id).where(
        ListenEvent.session_id == Play.session_id, ListenEvent.play_id == "load", ListenEvent.seq == 0
    )
    return ~exists(load)


def is_uniform() -> ColumnElement[bool]:
    """It stopped within a second after it counts."""
    return Play.listen_ms.between(counting.PLAY_MS, counting.PLAY_MS + UNIFORM_MS)


def is_keyless() -> ColumnElement[bool]:
    """It has no visitor key, and not because its app waits for consent."""
    return and_(Play.visitor_key.is_(None), Play.flags.not_like("%ask%"))


def crowded(
    session: Session, day: date, columns: Columns, *conditions: ColumnElement[bool], least: int
) -> dict[Group, int]:
    """Groups of the day's plays by these columns that have at least so many, with their sizes."""
    query = (
        select(*columns, func.count())
        .where(looked_at(day), *conditions)
        .group_by(*columns)
        .having(func.count() >= least)
    )
    return {tuple(row[:-1]): int(row[-1]) for row in session.execute(query)}


def plays_in(
    session: Session, day: date, columns: Columns, groups: Collection[Group], *conditions: ColumnElement[bool]
) -> set[int]:
    """The ids of the plays of these groups."""
    found: set[int] = set()
    values = {group[-1] for group in groups}
    if not values:
        return found
    query = select(Play.id, *columns).where(looked_at(day), *conditions)
    if len(values) <= _VALUES_AT_MOST:
        query = query.where(columns[-1].in_(sorted(values)))
    for row in session.execute(query.execution_options(yield_per=_ROWS_AT_ONCE)):
        if tuple(row[1:]) in groups:
            found.add(row[0])
    return found


def plays_beyond(
    session: Session, day: date, columns: Columns, *conditions: ColumnElement[bool], most: int
) -> set[int]:
    """The ids of what goes beyond the first ``most`` plays of the day in each group."""
    place = func.row_number().over(
        partition_by=list(columns), order_by=[Play.started_at, Play.session_id, Play.play_id]
    )
    crowd = _crowd(day, columns, conditions, least=most + 1)
    inner = select(Play.id, place.label("place")).join(crowd, _in_crowd(columns, crowd))
    placed = inner.where(looked_at(day), *conditions).subquery()
    query = select(placed.c.id).where(placed.c.place > most)
    return set(session.scalars(query.execution_options(yield_per=_ROWS_AT_ONCE)))


def visitors(session: Session, day: date, *, least: int) -> Iterator[list[Candidate]]:
    """The plays of one visitor after the other, of those who have at least so many."""
    columns, is_known = (Play.visitor_key,), (Play.visitor_key.is_not(None),)
    crowd = _crowd(day, columns, is_known, least=least)
    query = (
        select(
            Play.visitor_key, Play.id, Play.session_id, Play.play_id, Play.started_at, Play.listen_ms,
            Play.track_id,
        )
        .join(crowd, _in_crowd(columns, crowd))
        .where(looked_at(day), *is_known)
        .order_by(Play.visitor_key)
    )  # fmt: skip
    rows = session.execute(query.execution_options(yield_per=_ROWS_AT_ONCE))
    for _, plays in groupby(rows, key=itemgetter(0)):
        yield [
            Candidate(row.id, f"{row.session_id}/{row.play_id}", row.started_at, row.listen_ms, row.track_id)
            for row in plays
        ]


def stored_findings(session: Session, day: date, rule: str) -> set[int]:
    """Which plays of the day the rule doubted when it looked last."""
    query = select(Suspicion.play).join(Play, Play.id == Suspicion.play).where(_of_day(day))
    return set(session.scalars(query.where(Suspicion.rule == rule)))


def by_visitor(session: Session, plays: Collection[int]) -> list[int]:
    """The plays, those of one visitor together: who is decided about at once is counted once."""
    listed = sorted(plays)
    keys: list[tuple[str, int]] = []
    for start in range(0, len(listed), _ROWS_AT_ONCE):
        query = select(Play.visitor_key, Play.id).where(Play.id.in_(listed[start : start + _ROWS_AT_ONCE]))
        keys += [(key or "", play) for key, play in session.execute(query)]
    return [play for _, play in sorted(keys)]


def doubted(session: Session, day: date) -> int:
    """How many plays of the day some rule doubts."""
    query = select(func.count(Suspicion.play.distinct())).join(Play, Play.id == Suspicion.play)
    return session.scalar(query.where(_of_day(day))) or 0


def replace_findings(
    session: Session, rule: str, *, gone: Collection[int], new: Collection[int], now: datetime
) -> None:
    """Forget that a rule doubts some plays, and note others; some thousand at most."""
    if gone:
        session.execute(delete(Suspicion).where(Suspicion.rule == rule, Suspicion.play.in_(sorted(gone))))
    if new:
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        rows = [{"play": play, "rule": rule, "found_at": now} for play in sorted(new)]
        insert = (sqlite if is_sqlite else postgresql).insert(Suspicion.__table__)
        session.connection().execute(insert.on_conflict_do_nothing(), rows)


def _of_day(day: date) -> ColumnElement[bool]:
    begin = begin_of(day)
    return and_(Play.started_at >= begin, Play.started_at < begin + timedelta(days=1))


def _crowd(day: date, columns: Columns, conditions: Sequence[ColumnElement[bool]], *, least: int) -> Subquery:
    """Groups with at least so many plays of the day."""
    query = select(*columns).where(looked_at(day), *conditions).group_by(*columns)
    return query.having(func.count() >= least).subquery()


def _in_crowd(columns: Columns, crowd: Subquery) -> ColumnElement[bool]:
    return and_(*(column == crowd.c[column.key] for column in columns))


@dataclass(frozen=True)
class SuspectGroup:
    """Plays that wait for the same reason in one place on one website, and what speaks for and against."""

    reason: str  #: a counting.Reason
    app_id: str
    placement_id: str
    host: str
    plays: int
    tracks: int
    visitors: int  #: different keys; one person on two days counts twice
    networks: int  #: different /24 or /64
    listen_ms: int  #: what the reports claim
    page_ms: int  #: that passed by the pages' own clocks
    bytes_sent: int  #: of previews to these sessions
    first_at: datetime
    last_at: datetime
    people: int = 0  #: as many as there were at least: different keys on the day that had most
    hosts: tuple[str, ...] = ()  #: whose data centers they came from


_WHERE = (Play.reason, Play.app_id, Play.placement_id, Play.host)


def suspect_groups(
    session: Session, *, since: datetime, person_id: str | None = None, limit: int = 100
) -> list[SuspectGroup]:
    """What waits since then, the most plays first; of one person's apps and tracks, or of everybody's."""
    waits: list[ColumnElement[bool]] = [
        Play.decision == Decision.SUSPECT,
        Play.is_qualified == true(),
        Play.started_at >= since,
    ]
    if person_id is not None:
        waits.append(
            or_(
                Play.app_id.in_(select(FlexApp.id).where(FlexApp.owner_id == person_id)),
                Play.track_id.in_(select(Track.id).where(Track.producer_id == person_id)),
            )
        )
    query = (
        select(
            *_WHERE,
            func.count().label("plays"),
            func.count(Play.track_id.distinct()),
            func.count(Play.visitor_key.distinct()),
            func.count(Play.network_key.distinct()),
            func.sum(Play.listen_ms),
            func.sum(Play.last_at_ms - Play.first_at_ms),
            func.min(Play.started_at),
            func.max(Play.started_at),
        )
        .where(*waits)
        .group_by(*_WHERE)
        .order_by(func.count().desc(), *_WHERE)
        .limit(limit)
    )
    sent, hosts = _bytes_sent(session, waits), _hosts(session, waits)
    people = _people(session, waits)
    return [
        SuspectGroup(
            reason=row[0],
            app_id=row[1],
            placement_id=row[2],
            host=row[3],
            plays=row[4],
            tracks=row[5],
            visitors=row[6],
            networks=row[7],
            listen_ms=int(row[8]),
            page_ms=int(row[9]),
            first_at=row[10],
            last_at=row[11],
            bytes_sent=sent.get(tuple(row[:4]), 0),
            people=people.get(tuple(row[:4]), 0),
            hosts=tuple(hosting.hosts_in(hosts[tuple(row[:4])])),
        )
        for row in session.execute(query)
    ]


def _bytes_sent(session: Session, waits: Sequence[ColumnElement[bool]]) -> dict[Group, int]:
    """Bytes by group; those of a session that played a track twice once."""
    inner = select(*_WHERE, Play.session_id, Play.track_id).where(*waits).distinct().subquery()
    columns = [inner.c[column.key] for column in _WHERE]
    query = (
        select(*columns, func.sum(Delivery.bytes))
        .join(
            Delivery, and_(Delivery.session_id == inner.c.session_id, Delivery.track_id == inner.c.track_id)
        )
        .group_by(*columns)
    )
    return {tuple(row[:4]): int(row[4]) for row in session.execute(query)}


def _people(session: Session, waits: Sequence[ColumnElement[bool]]) -> dict[Group, int]:
    """By group the different keys of the day that had most."""
    days = (
        select(*_WHERE, func.count(Play.visitor_key.distinct()).label("people"))
        .where(*waits)
        .group_by(*_WHERE, utc_day(session, Play.started_at))
        .subquery()
    )
    columns = [days.c[column.key] for column in _WHERE]
    query = select(*columns, func.max(days.c.people)).group_by(*columns)
    return {tuple(row[:4]): int(row[4]) for row in session.execute(query)}


def _hosts(session: Session, waits: Sequence[ColumnElement[bool]]) -> defaultdict[Group, set[str]]:
    """Flags by group, of plays that may name a data center."""
    query = select(*_WHERE, Play.flags).where(*waits, Play.flags.contains("as")).distinct()
    found: defaultdict[Group, set[str]] = defaultdict(set)
    for row in session.execute(query):
        found[tuple(row[:4])].update(row[4].split(","))
    return found


def plays_of_place(
    session: Session, *, app_id: str, placement_id: str, host: str, since: datetime
) -> Sequence[int]:
    """``Play.id`` of everything heard in one place on one website since then."""
    query = select(Play.id).where(
        Play.app_id == app_id,
        Play.placement_id == placement_id,
        Play.host == host,
        Play.started_at >= since,
    )
    return session.scalars(query.order_by(Play.id)).all()


def waiting_in(
    session: Session, *, reason: str, app_id: str, placement_id: str, host: str, since: datetime
) -> int:
    """How many plays of a group wait."""
    query = (
        select(func.count())
        .select_from(Play)
        .where(
            Play.decision == Decision.SUSPECT,
            Play.is_qualified,
            Play.reason == reason,
            Play.app_id == app_id,
            Play.placement_id == placement_id,
            Play.host == host,
            Play.started_at >= since,
        )
    )
    return session.scalar(query) or 0


def judgments(session: Session, *, since: datetime, limit: int = 50) -> Sequence[Judgment]:
    """What was decided since then, the newest first."""
    query = select(Judgment).where(Judgment.made_at >= since)
    return session.scalars(query.order_by(Judgment.id.desc()).limit(limit)).all()


def busiest_hosts(session: Session, *, since: datetime, limit: int = 200) -> list[str]:
    """Websites on which most was heard since then."""
    query = select(Play.host).where(Play.started_at >= since).group_by(Play.host)
    return list(session.scalars(query.order_by(func.count().desc(), Play.host).limit(limit)))
