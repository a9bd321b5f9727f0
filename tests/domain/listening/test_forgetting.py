"""Forgetting: days go whole, when they can change no more, and a rebuild says the same afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text

from flexapp.gateways.objects import LocalObjects
from flexapp.kernel import steps
from flexapp.listening import columns, forgetting, sealing
from flexapp.listening.batches import PlayEvent
from flexapp.listening.columns import Mirror
from flexapp.listening.counting import Reason
from flexapp.listening.folding import fold_all, redecide
from flexapp.listening.forgetting import forget
from flexapp.listening.ingest import Ingest
from flexapp.listening.models import DailySalt, Decision, Delivery, Kind, ListenEvent, ListenSession, Play
from flexapp.listening.queries import FORGOTTEN, position_of
from flexapp.listening.rebuilding import rebuild
from flexapp.listening.rollups import SealedDay
from flexapp.listening.rows import delivery_row, event_row, load_row
from flexapp.listening.salts import forget_salts
from flexapp.listening.sealing import seal_days
from flexapp.listening.sessions import SessionClaims
from flexapp.listening.visitors import VisitorKeys
from flexapp.storage.session import Database
from tests.domain.listening.test_folding import KEPT, rolled_up
from tests.factories.catalog import make_license_type, make_track
from tests.factories.people import make_person

FIRST = datetime(2026, 11, 6, tzinfo=UTC)
DAY, DAYS = timedelta(days=1), 7


class Log:
    """Sessions of one track, told to the log and counted at once."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ingest = Ingest(database)
        with database.writing() as session:
            producer = make_person(session)
            types = [make_license_type(session, producer)]
            track = make_track(session, producer, license_types=types, files=(), duration_ms=120_000)
        self.track = track.id

    def begin(self, name: str, minted: datetime) -> SessionClaims:
        """A session whose document was handed out."""
        claims = SessionClaims(name, "", "", "direct", "blog.example", minted)
        self.ingest.submit([load_row(claims)])
        return claims

    def hear(
        self,
        claims: SessionClaims,
        at: datetime,
        *,
        key: str | None,
        ms: int = 60_000,
        late: timedelta = DAY * 0,
    ) -> None:
        """A play that begins then and is reported so much later."""
        at_ms = round((at - claims.minted_at).total_seconds() * 1000)
        rows = [delivery_row(claims, track_id=self.track, count=2_000_000, pieces=(0, 489), now=at)]
        for seq, (kind, spans) in enumerate(((Kind.START, ()), (Kind.HEARTBEAT, ((0, ms),)))):
            event = PlayEvent(
                f"play-{at:%d%H%M%S}", seq, kind, self.track, spans, 120_000, at_ms + seq * 60_000
            )
            now = at + timedelta(minutes=seq) + late
            rows.append(event_row(claims, event, visitor_key=key, flags=(), now=now))
        self.ingest.submit(rows)
        fold_all(self.database, now=at)

    def tell(self, claims: SessionClaims, kind: Kind, at: datetime, *, late: timedelta = DAY * 0) -> None:
        """A step to a sale."""
        at_ms = round((at - claims.minted_at).total_seconds() * 1000)
        event = PlayEvent("anything", 0, kind, self.track, (), None, at_ms)
        self.ingest.submit([event_row(claims, event, visitor_key=None, flags=(), now=at + late)])
        fold_all(self.database, now=at)

    def play_of(self, name: str, day: datetime) -> Play | None:
        """The session's play of that day."""
        with self.database.reading() as session:
            query = select(Play).where(Play.session_id == name, Play.started_at >= day)
            return session.scalars(query.where(Play.started_at < day + DAY)).one_or_none()

    def count(self, model: Any) -> int:
        """How many rows there are."""
        with self.database.reading() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def log(database: Database) -> Log:
    return Log(database)


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror(LocalObjects(tmp_path / "objects"), tmp_path / "sealed")


@pytest.fixture
def hooks() -> Iterator[Any]:
    yield steps.install
    steps.install(None)


def seal(log: Log, mirror: Mirror, now: datetime) -> int:
    return len(seal_days(log.database, mirror, now=now, raw_days=DAYS).days)


def same_after_a_rebuild(log: Log, mirror: Mirror, now: datetime) -> bool:
    """Every roll-up made anew from files and rows is what the fold had added up."""
    folded = rolled_up(log.database)
    with log.database.writing() as session:
        for model in KEPT:
            session.execute(delete(model))
    rebuild(log.database, mirror, now=now, raw_days=DAYS)
    return rolled_up(log.database) == folded


def goes(day: datetime) -> datetime:
    """When the rows of a day begin to go."""
    return day + DAY * DAYS - timedelta(minutes=30)


def test_what_a_session_does_days_later_goes_with_those_days(log: Log, mirror: Mirror) -> None:
    """A tab is left open: its steps belong to the file of the day they happened on, which is sealed again."""
    opened = log.begin("left-open", FIRST + timedelta(hours=20))
    log.hear(opened, FIRST + timedelta(hours=20, minutes=1), key="a" * 16)
    third = FIRST + 3 * DAY
    for kind in (Kind.OPEN, Kind.CHECKOUT):
        log.tell(opened, kind, third + timedelta(hours=9))
    seal(log, mirror, third + 3 * DAY)
    other = log.begin("other", third + timedelta(hours=10))
    now = goes(FIRST)
    assert forget(log.database, now=now, raw_days=DAYS) > 0
    assert log.play_of("left-open", FIRST) is None
    seal(log, mirror, now)
    last_moment = third + DAY * DAYS - timedelta(hours=1, seconds=1)
    log.hear(
        other,
        third + timedelta(hours=10, minutes=5),
        key="b" * 16,
        late=last_moment - third - timedelta(hours=11),
    )
    log.tell(
        other, Kind.CHECKOUT, third + timedelta(hours=10), late=last_moment - third - timedelta(hours=10)
    )
    assert seal(log, mirror, last_moment) >= 1
    assert same_after_a_rebuild(log, mirror, last_moment)
    [checkouts] = {row[0] for row in _moments(log, mirror, third)}
    assert checkouts == 2
    assert forget(log.database, now=goes(third), raw_days=DAYS) > 0
    for model in (Play, ListenEvent, ListenSession, Delivery):
        assert log.count(model) == 0, model.__name__
    assert same_after_a_rebuild(log, mirror, goes(third))


def _moments(log: Log, mirror: Mirror, day: datetime) -> list[Any]:
    with log.database.reading() as session:
        row = session.scalars(select(SealedDay).where(SealedDay.day == day.date())).one()
    query = f"SELECT sum(checkouts) FROM ({columns.select_files([mirror.path_of(row.moments_key)])})"
    return columns.connect(mirror.folder).execute(query).fetchall()


@pytest.mark.parametrize("place", ["days.closed", "rows.forgotten"])
def test_a_process_that_dies_while_it_forgets_goes_on(
    log: Log, mirror: Mirror, hooks: Any, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(forgetting, "_ROWS_AT_ONCE", 2)
    for number in range(3):
        claims = log.begin(f"session-{number}", FIRST + timedelta(hours=number))
        log.hear(claims, FIRST + timedelta(hours=number, minutes=1), key=f"{number:016}")
    stays = log.begin("stays", FIRST + DAY)
    log.hear(stays, FIRST + DAY + timedelta(minutes=1), key="c" * 16)
    now = goes(FIRST)
    seal(log, mirror, now)

    def die(name: str, facts: dict[str, Any]) -> None:
        if name == place:
            raise InterruptedError

    hooks(die)
    with pytest.raises(InterruptedError):
        forget(log.database, now=now, raw_days=DAYS)
    hooks(None)
    assert log.count(Play) in {2, 4}
    assert same_after_a_rebuild(log, mirror, now)
    assert seal(log, mirror, now) == 0
    assert forget(log.database, now=now, raw_days=DAYS) > 0
    assert forget(log.database, now=now, raw_days=DAYS) == 0
    with log.database.reading() as session:
        for column in (Play.session_id, ListenSession.id, Delivery.session_id):
            assert session.scalars(select(column)).all() == ["stays"]
    assert same_after_a_rebuild(log, mirror, now)


def test_no_file_is_made_of_rows_that_are_partly_gone(log: Log, mirror: Mirror, hooks: Any) -> None:
    """One process seals a day again while another one, which sealed it first, forgets it."""
    claims = log.begin("session", FIRST)
    log.hear(claims, FIRST + timedelta(minutes=1), key="a" * 16)
    seal(log, mirror, FIRST + 4 * DAY)
    log.tell(claims, Kind.CHECKOUT, FIRST + timedelta(hours=1))
    now = goes(FIRST)
    assert forget(log.database, now=now, raw_days=DAYS) == 0, "the file of the day is not good"

    def overtake(name: str, facts: dict[str, Any]) -> None:
        if name == "day.written":
            hooks(None)
            seal(log, mirror, now)
            assert forget(log.database, now=now, raw_days=DAYS) > 0

    hooks(overtake)
    assert not sealing.seal(log.database, mirror, FIRST.date(), now=now)
    assert not sealing.seal(log.database, mirror, FIRST.date(), now=now), "nor of none at all"
    assert same_after_a_rebuild(log, mirror, now)


def test_plays_keep_what_they_are_judged_by_and_counted_with(log: Log, mirror: Mirror) -> None:
    """Sessions run over midnight: what was decided about the second day stays when the first is gone."""
    forger = log.begin("forger", FIRST + timedelta(hours=23))
    for minutes in (1, 62):
        log.hear(forger, FIRST + timedelta(hours=23, minutes=minutes), key="a" * 16, ms=600_000)
    honest = log.begin("honest", FIRST + timedelta(hours=23, minutes=30))
    for minutes in (31, 62):
        log.hear(honest, FIRST + timedelta(hours=23, minutes=minutes), key="b" * 16)
    seal(log, mirror, FIRST + 4 * DAY)
    second = FIRST + DAY
    now = goes(FIRST)
    forget(log.database, now=now, raw_days=DAYS)
    assert log.play_of("honest", FIRST) is None
    before = log.play_of("forger", second), log.play_of("honest", second)
    with log.database.writing() as session:
        redecide(session, [play.id for play in before if play], now=now)
    after = log.play_of("forger", second), log.play_of("honest", second)
    told = [(play.decision, play.reason, play.is_counted) for play in after if play]
    assert told == [(Decision.REJECTED, Reason.OUTRAN_TIME.value, False), (Decision.VALID, "", False)]
    assert (log.count(ListenSession), log.count(Delivery)) == (2, 2)
    assert same_after_a_rebuild(log, mirror, now)
    forget(log.database, now=goes(second), raw_days=DAYS)
    for model in (Play, ListenEvent, ListenSession, Delivery):
        assert log.count(model) == 0, model.__name__


def test_reports_about_forgotten_days_count_nothing_also_when_more_days_are_kept_from_now_on(
    log: Log, mirror: Mirror
) -> None:
    claims = log.begin("session", FIRST)
    log.hear(claims, FIRST + timedelta(minutes=1), key="a" * 16)
    now = FIRST + 8 * DAY
    seal(log, mirror, now)
    assert forget(log.database, now=now, raw_days=DAYS) > 0
    folded = rolled_up(log.database)
    late = 9 * DAY  # the setting was raised, so the door takes them
    log.hear(claims, FIRST + timedelta(minutes=1), key="a" * 16, late=late)
    log.tell(claims, Kind.CHECKOUT, FIRST + timedelta(hours=1), late=late)
    assert rolled_up(log.database) == folded
    log.tell(log.begin("new", FIRST + 9 * DAY), Kind.CHECKOUT, FIRST + 9 * DAY)
    assert rolled_up(log.database) != folded
    with log.database.reading() as session:
        assert (
            position_of(session, FORGOTTEN) == (now.date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days - 6
        )


def test_no_byte_of_a_dead_salt_is_left(database: Database, tmp_path: Path) -> None:
    keys = VisitorKeys(database)
    for day in range(2):
        keys.network_key_for(address="203.0.113.7", minted_at=FIRST + day * DAY, now=FIRST + day * DAY)
    with database.reading() as session:
        dead, living = session.scalars(select(DailySalt.salt).order_by(DailySalt.day)).all()
    assert dead in _files(database)
    reader = database.open(read_only=True)  # somebody is still looking at the old pages
    reader.scalars(select(DailySalt.salt)).all()
    assert forget_salts(database, now=FIRST + timedelta(hours=47)) == 1
    reader.close()
    forget_salts(database, now=FIRST + timedelta(hours=47, minutes=10))
    files = _files(database)
    assert dead not in files
    assert living in files


def _files(database: Database) -> str:
    """What lies on the disk of the salts' table: SQLite's file and log, PostgreSQL's file."""
    if database.is_sqlite:
        path = Path(str(database.engine.url.database))
        return "".join(
            each.read_bytes().decode("latin-1") for each in sorted(path.parent.glob(f"{path.name}*"))
        )
    with database.engine.connect() as connection:
        connection.execute(text("CHECKPOINT"))
        query = text("SELECT pg_read_binary_file(pg_relation_filepath('daily_salt'))")
        return bytes(connection.execute(query).scalar_one()).decode("latin-1")
