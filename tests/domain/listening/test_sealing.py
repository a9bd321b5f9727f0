"""Sealed days: roll-ups made anew from files and rows, exact answers from both, late listens."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from flexapp.gateways.objects import LocalObjects
from flexapp.kernel import steps
from flexapp.listening import exact, panels, sketches
from flexapp.listening.columns import Mirror
from flexapp.listening.folding import fold_all
from flexapp.listening.forgetting import forget
from flexapp.listening.kept import withdraw
from flexapp.listening.models import Play
from flexapp.listening.packing import pack
from flexapp.listening.panels import Interval, Scope
from flexapp.listening.parts import By, parts
from flexapp.listening.rebuilding import rebuild
from flexapp.listening.rollups import DaySketch, HourlyTotal, SealedDay
from flexapp.listening.sealing import seal_days
from flexapp.listening.sessions import SessionClaims
from flexapp.storage.session import Database
from tests.domain.listening.test_folding import KEPT, rolled_up
from tests.domain.listening.test_panels import NOON, SINCE, World
from tests.factories.listening import make_total

LATER = NOON + timedelta(days=1)


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror(LocalObjects(tmp_path / "objects"), tmp_path / "sealed")


def seal(database: Database, mirror: Mirror, now: datetime = LATER) -> list[str]:
    return [f"{day:%d}" for day in seal_days(database, mirror, now=now, raw_days=30).days]


def wreck(database: Database) -> None:
    with database.writing() as session:
        for model in KEPT:
            session.execute(delete(model))


def test_a_rebuild_from_files_and_rows_gives_identical_rollups(database: Database, mirror: Mirror) -> None:
    world = World(database)
    folded = rolled_up(database)
    assert all(folded.values())
    assert seal(database, mirror) == ["14", "15", "16", "17", "18"]
    assert seal(database, mirror) == []
    with database.reading() as session:
        listed = session.scalars(select(SealedDay)).all()
    assert sum(row.listens for row in listed) == sum(
        play.started_at < NOON.replace(day=19, hour=0) for play in world.plays()
    )
    wreck(database)
    done = rebuild(database, mirror, now=LATER, raw_days=30)
    assert done.sealed_days == 5
    assert rolled_up(database) == folded
    # With raw rows of the sealed days gone, the files alone tell them.
    with database.writing() as session:
        session.execute(delete(Play).where(Play.started_at < NOON.replace(day=19, hour=0)))
    wreck(database)
    rebuild(
        database,
        Mirror(LocalObjects(mirror.folder.parent / "objects"), mirror.folder.parent / "new"),
        now=LATER,
        raw_days=30,
    )
    assert rolled_up(database) == folded


def test_a_late_listen_makes_its_day_be_sealed_again(database: Database, mirror: Mirror) -> None:
    world = World(database, sessions=40)
    seal(database, mirror)
    for number in range(900, 906):
        world.listen(number, datetime(2026, 11, 16, 8, number % 60, tzinfo=UTC))
    fold_all(database, now=LATER)
    folded = rolled_up(database)
    with database.reading() as session:
        (old,) = [row for row in session.scalars(select(SealedDay)) if not row.is_good]
    assert seal(database, mirror) == ["16"]
    wreck(database)
    rebuild(database, mirror, now=LATER, raw_days=30)
    assert rolled_up(database) == folded
    assert not (mirror.folder / old.listens_key.replace("/", "_")).exists()


def test_a_day_that_changes_while_it_is_sealed_is_sealed_again(database: Database, mirror: Mirror) -> None:
    world = World(database, sessions=40)

    def interfere(name: str, facts: dict[str, Any]) -> None:
        if name == "day.written" and f"{facts['day']:%d}" == "16":
            steps.install(before)
            world.listen(901, datetime(2026, 11, 16, 8, 0, tzinfo=UTC))
            fold_all(database, now=LATER)

    before = steps.install(interfere)
    try:
        assert "16" not in seal(database, mirror)
    finally:
        steps.install(before)
    assert seal(database, mirror) == ["16"]
    files = {path.name for path in mirror.folder.iterdir() if path.suffix == ".parquet"}
    with database.reading() as session:
        listed = session.scalars(select(SealedDay)).all()
    assert files == {key.replace("/", "_") for row in listed for key in (row.listens_key, row.moments_key)}


def test_exact_answers_are_the_same_from_files_as_from_rows(
    database: Database, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(database)
    person = world.people[0].id
    days: defaultdict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for play in world.plays():
        if play.is_qualified:
            listener = (play.started_at.date(), play.visitor_key)
            days["apps"].update([listener] if play.app_id in world.apps else [])
            mine = play.app_id == world.apps[0] or play.track_id in world.tracks[:2]
            days["person"].update([listener] if mine else [])
    both = Scope(app_ids=world.apps)
    since = SINCE.replace(hour=0)
    scopes = [both, Scope(person_id=person), Scope(track_ids=world.tracks[:1]), Scope(channel="direct")]
    with database.reading() as session:
        expected = [
            exact.listener_days(session, scope, since=since, until=NOON, mirror=None) for scope in scopes
        ]
        looks = [parts(session, scopes[2], by, since=since, until=NOON) for by in By]
    assert expected[0] >= len(days["apps"]) > 50
    seal(database, mirror)
    with database.reading() as session:
        found = [
            exact.listener_days(session, scope, since=since, until=NOON, mirror=mirror) for scope in scopes
        ]
        assert found == expected
        with monkeypatch.context() as few:
            few.setattr(exact, "_BITS_AT_MOST", 0)
            assert found == [
                exact.listener_days(session, scope, since=since, until=NOON, mirror=mirror)
                for scope in scopes
            ]
        assert [parts(session, scopes[2], by, since=since, until=NOON, mirror=mirror) for by in By] == looks
        whole = panels.listener_days(session, scopes[1], since=since, until=NOON)
        assert whole == panels.Listeners(expected[1], True)
        about = panels.listener_days(session, both, since=since, until=NOON)
        assert not about.is_exact
        assert abs(about.days - expected[0]) <= 1
        exactly = panels.listener_days(session, both, since=since, until=NOON, mirror=mirror, is_exact=True)
        assert exactly.days == expected[0]
        assert session.scalars(select(DaySketch)).first() is not None


def test_raw_rows_wait_for_their_day_to_be_sealed(database: Database, mirror: Mirror) -> None:
    World(database, sessions=20)
    seal(database, mirror)
    with database.writing() as session:
        row = session.scalars(select(SealedDay).order_by(SealedDay.day.desc())).first()
        assert row is not None
        row.changes += 1
        stale = row.day
    forget(database, now=NOON + timedelta(days=32), raw_days=30)
    with database.reading() as session:
        days = {play.started_at.date() for play in session.scalars(select(Play))}
    assert min(days) == stale


def test_hours_become_days_and_nothing_is_lost(database: Database, mirror: Mirror) -> None:
    world = World(database, sessions=60)
    scopes = (Scope(app_ids=world.apps[:1]), Scope(track_ids=world.tracks[:1]))

    def by_day() -> list[list[Any]]:
        with database.reading() as session:
            return [
                panels.series(
                    session, scope, since=SINCE.replace(hour=0), until=LATER, interval=Interval.DAY
                ).points
                for scope in scopes
            ]

    before = by_day()
    fine = rolled_up(database)
    assert pack(database, now=NOON) > 0
    assert pack(database, now=NOON) == 0
    assert rolled_up(database) == fine
    assert pack(database, now=NOON + timedelta(days=89)) > 0
    assert len(rolled_up(database)["track_total"]) < len(fine["track_total"])
    assert by_day() == before
    world.listen(700, datetime(2026, 11, 15, 8, 0, tzinfo=UTC))
    fold_all(database, now=LATER)
    folded = rolled_up(database)
    wreck(database)
    rebuild(database, mirror, now=LATER, raw_days=30)
    assert rolled_up(database) == folded


def test_late_changes_of_packed_days_count_at_once_and_are_packed_again(
    database: Database, mirror: Mirror
) -> None:
    world = World(database, sessions=60)
    with database.writing() as session:  # before anything was kept that a rebuild could look at
        make_total(session, hour=datetime(2026, 11, 13, 8, tzinfo=UTC), app_id=world.apps[0], plays=3)
    seal(database, mirror)
    assert old_rows(database) > 0
    folded = rolled_up(database)
    pack(database, now=LATER)
    assert old_rows(database) == 0
    assert rolled_up(database) == folded
    world.listen(701, datetime(2026, 11, 16, 8, 0, tzinfo=UTC))
    fold_all(database, now=LATER)
    late = rolled_up(database)
    assert late != folded
    assert pack(database, now=LATER) > 0
    with database.writing() as session:  # what is taken back lies beside the block as less than nothing
        withdraw(session, SessionClaims("session-000701", world.apps[0], "", "direct", "", NOON))
    withdrawn = rolled_up(database)
    assert withdrawn["daily_dimension"] == folded["daily_dimension"] != late["daily_dimension"]
    assert old_rows(database) > 0
    assert pack(database, now=LATER) > 0
    assert old_rows(database) == 0
    assert rolled_up(database) == withdrawn
    rebuild(database, mirror, now=LATER, raw_days=30)
    assert rolled_up(database) == withdrawn


def old_rows(database: Database) -> int:
    """Rows by hour and app of days that packing makes blocks of."""
    with database.reading() as session:
        query = select(HourlyTotal).where(HourlyTotal.hour < NOON.replace(day=19, hour=0))
        return len(session.scalars(query).all())


def test_sketches_are_near_and_small() -> None:
    few = sketches.sketch(str(key) for key in range(20))
    many = [sketches.sketch(str(key) for key in range(start, start + 30_000)) for start in (0, 15_000)]
    assert sketches.united([few, few]) == 20
    assert len(few) < 100
    assert max(map(len, many)) < 1200
    assert abs(sketches.united(many) / 45_000 - 1) < 0.06
