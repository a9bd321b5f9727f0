"""The fold: cursor and totals move together, in any batches, by any number of workers, after any crash."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from flexapp.kernel import steps
from flexapp.listening import queries
from flexapp.listening.batches import PlayEvent
from flexapp.listening.blocks import ROLLUPS, summed
from flexapp.listening.folding import CURSOR, fold, fold_all
from flexapp.listening.forgetting import forget
from flexapp.listening.ingest import Ingest
from flexapp.listening.insights import Counts
from flexapp.listening.models import (
    DailySalt,
    Delivery,
    FoldCursor,
    Kind,
    ListenEvent,
    ListenSession,
    Play,
)
from flexapp.listening.rollup_rows import rows_of
from flexapp.listening.rollups import (
    HourlyTotal,
    ListenName,
    RollupBlock,
)
from flexapp.listening.rows import delivery_row, event_row, load_row
from flexapp.listening.salts import SALT_LIFE, forget_salts
from flexapp.listening.sessions import SessionClaims
from flexapp.listening.upkeep import FORGET_SECONDS
from flexapp.listening.visitors import VisitorKeys
from flexapp.storage.session import Database
from tests.factories.catalog import make_license_type, make_track
from tests.factories.people import make_person

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
Row = dict[str, Any]
KEPT: list[Any] = [*(rollup.model for rollup in ROLLUPS), RollupBlock]


@pytest.fixture
def track_id(database: Database) -> str:
    with database.writing() as session:
        producer = make_person(session)
        types = [make_license_type(session, producer)]
        return make_track(session, producer, license_types=types, files=(), duration_ms=120_000).id


def log_of(track_id: str, *, sessions: int = 12, seed: int = 1) -> list[Row]:
    """A day of honest listening: a few visitors, several plays each, some of them replays."""
    chance = random.Random(seed)
    rows: list[Row] = []
    for number in range(sessions):
        minted = NOON + timedelta(minutes=chance.randrange(0, 400))
        claims = SessionClaims(f"session-{number}", "", "", "direct", "blog.example", minted)
        key = f"{chance.randrange(4):016x}"
        rows.append(load_row(claims))
        rows.append(delivery_row(claims, track_id=track_id, count=2_000_000, pieces=(0, 489), now=minted))
        at = 1000
        for play in range(chance.randrange(1, 4)):
            heard = chance.choice([5, 29, 30, 60, 100, 120])
            for seq, start in enumerate(range(0, heard, 10)):
                end = min(start + 10, heard)
                at += (end - start) * 1000
                event = PlayEvent(
                    f"play-{play:04}",
                    seq,
                    Kind.HEARTBEAT if seq else Kind.START,
                    track_id,
                    ((start * 1000, end * 1000),),
                    120_000,
                    at,
                )
                now = minted + timedelta(milliseconds=at)
                rows.append(event_row(claims, event, visitor_key=key, flags=(), now=now))
            at += chance.randrange(0, 40) * 60_000
    return rows


def totals(database: Database) -> dict[datetime, Counts]:
    """Everything that was counted, by hour."""
    found: dict[datetime, Counts] = {}
    with database.reading() as session:
        for row in session.scalars(select(HourlyTotal)):
            counts = Counts(**{each.name: getattr(row, each.name) for each in fields(Counts)})
            found[row.hour] = found.get(row.hour, Counts()) + counts
    return {hour: counts for hour, counts in found.items() if counts != Counts()}


def rolled_up(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every roll-up, rows and blocks together, with texts instead of numbers, rows of zeros left out."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with database.reading() as session:
        names = {row.number: row.name for row in session.scalars(select(ListenName))}
        for rollup in ROLLUPS:
            columns, rows = rollup.columns, []
            parts = list(rows_of(session, rollup, low=0, high=10**6, whose={}))
            for row in summed(np.concatenate(parts), rollup.keys).tolist() if parts else []:
                if any(row[rollup.keys :]):
                    texts = ("app", "track", "placement", "channel", "value", "subject", "host")
                    named = zip(columns, row, strict=True)
                    rows.append(tuple(names[v] if c.name in texts else v for c, v in named))
            found[rollup.model.__tablename__] = sorted(rows)
    return found


def start_over(database: Database) -> None:
    with database.writing() as session:
        for model in (ListenEvent, Play, ListenSession, Delivery, FoldCursor, *KEPT):
            session.execute(model.__table__.delete())  # type: ignore[attr-defined]


def fold_in_parts(database: Database, limit: int) -> None:
    while True:
        with database.writing() as session:
            if not fold(session, now=NOON, limit=limit):
                return


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    seed=st.integers(0, 10_000),
    limit=st.sampled_from([4, 11, 2000]),
    chance=st.randoms(use_true_random=False),
)
def test_late_shuffled_and_repeated_reports_give_the_same_totals(
    database: Database, track_id: str, seed: int, limit: int, chance: random.Random
) -> None:
    rows = log_of(track_id, sessions=4, seed=seed)
    start_over(database)
    ingest = Ingest(database)
    ingest.submit(rows)
    fold_all(database, now=NOON)
    expected = rolled_up(database)
    assert sum(totals(database).values(), Counts()).starts > 0
    assert all(expected.values())

    start_over(database)
    shuffled = list(rows)
    chance.shuffle(shuffled)
    half = len(shuffled) // 2
    ingest.submit(shuffled[:half])
    fold_in_parts(database, limit)
    ingest.submit(shuffled[half // 2 :])
    ingest.submit(shuffled)
    fold_in_parts(database, limit)
    assert rolled_up(database) == expected


def test_a_fold_that_dies_before_its_commit_has_done_nothing(database: Database, track_id: str) -> None:
    Ingest(database).submit(log_of(track_id))

    def die(name: str, _facts: dict[str, Any]) -> None:
        if name == "fold.written":
            raise RuntimeError("power")

    before = steps.install(die)
    try:
        with pytest.raises(RuntimeError):
            fold_all(database, now=NOON)
    finally:
        steps.install(before)
    assert totals(database) == {}
    with database.reading() as session:
        assert queries.position_of(session, CURSOR) == 0
    fold_all(database, now=NOON)
    once = totals(database)
    assert once
    fold_all(database, now=NOON)
    assert totals(database) == once


def test_many_workers_fold_while_players_report_and_count_everything_once(
    database: Database, track_id: str
) -> None:
    rows = log_of(track_id, sessions=24)
    ingest = Ingest(database)
    ingest.submit(rows)
    fold_all(database, now=NOON)
    expected = totals(database)
    start_over(database)

    with ThreadPoolExecutor(6) as pool:
        parts = [rows[start : start + 5] for start in range(0, len(rows), 5)]
        writing = [pool.submit(ingest.submit, part) for part in parts]
        folding = [pool.submit(fold_all, database, now=NOON) for _ in range(12)]
        for one in (*writing, *folding):
            one.result(60)
    fold_all(database, now=NOON)
    assert totals(database) == expected


def test_an_idle_fold_takes_no_write_lock(database: Database, track_id: str) -> None:
    Ingest(database).submit(log_of(track_id, sessions=2))
    fold_all(database, now=NOON)
    with database.writing() as session:
        session.execute(update(FoldCursor).where(FoldCursor.name == CURSOR).values(name=CURSOR))
        assert fold_all(database, now=NOON) == 0


def test_raw_rows_go_after_a_month_and_totals_stay(database: Database, track_id: str) -> None:
    Ingest(database).submit(log_of(track_id))
    fold_all(database, now=NOON)
    before = totals(database)
    assert forget(database, now=NOON + timedelta(days=29, hours=11), raw_days=30) == 0
    assert forget(database, now=NOON + timedelta(days=29, hours=11, minutes=30), raw_days=30) > 0
    with database.reading() as session:
        for model in (ListenEvent, Play, ListenSession, Delivery):
            assert session.scalars(select(model)).all() == [], model.__name__
    assert totals(database) == before


def test_rows_that_are_not_folded_yet_are_kept(database: Database, track_id: str) -> None:
    rows = log_of(track_id)
    Ingest(database).submit(rows)
    forget(database, now=NOON + timedelta(days=31), raw_days=30)
    with database.reading() as session:
        assert len(session.scalars(select(ListenEvent)).all()) == len(rows)


def test_after_everything_was_forgotten_new_listens_still_count(database: Database, track_id: str) -> None:
    ingest = Ingest(database)
    ingest.submit(log_of(track_id, sessions=3))
    fold_all(database, now=NOON)
    forget(database, now=NOON + timedelta(days=31), raw_days=30)
    before = sum(totals(database).values(), Counts())
    claims = SessionClaims("session-new", "", "", "direct", "blog.example", NOON + timedelta(days=40))
    ingest.submit([load_row(claims)])
    fold_all(database, now=NOON)
    assert sum(totals(database).values(), Counts()).loads == before.loads + 1


# Salts and keys


def key(keys: VisitorKeys, *, at: datetime, now: datetime | None = None, **changes: str) -> str | None:
    who = {"address": "203.0.113.7", "user_agent": "Browser", "host": "blog.example", **changes}
    return keys.key_for(**who, minted_at=at, now=now or at)


def test_a_key_is_stable_for_a_day_and_site_and_says_nothing(database: Database) -> None:
    keys = VisitorKeys(database)
    first = key(keys, at=NOON)
    assert first == key(keys, at=NOON + timedelta(hours=11)) == key(VisitorKeys(database), at=NOON)
    others = {
        key(keys, at=NOON, host="other.example"),
        key(keys, at=NOON, address="203.0.113.8"),
        key(keys, at=NOON, user_agent="Other"),
        key(keys, at=NOON + timedelta(days=1)),
    }
    assert first is not None
    assert len(first) == 16
    assert len(others) == 4
    assert first not in others


def test_salts_are_gone_before_48_hours_from_the_database_and_from_memory(database: Database) -> None:
    keys = VisitorKeys(database)
    midnight = NOON.replace(hour=0)
    ahead = midnight - timedelta(minutes=2)  # another machine's clock is, and minted a session of tomorrow
    first = key(keys, at=midnight, now=ahead)
    far = midnight + timedelta(days=1)
    assert key(keys, at=far, now=far - timedelta(minutes=3)) is None, "its salt would live too long"
    almost = midnight + timedelta(hours=46, minutes=59)
    forget_salts(database, now=almost)
    assert key(keys, at=midnight, now=almost) == first
    over = midnight + timedelta(hours=47)
    assert key(keys, at=midnight, now=over) is None, "nobody makes a salt anew that is being deleted"
    run = over + timedelta(seconds=FORGET_SECONDS)  # the worker's next one comes as late as it may
    forget_salts(database, now=run)
    with database.reading() as session:
        assert session.scalars(select(DailySalt)).all() == []
    assert run - ahead < SALT_LIFE
    assert key(keys, at=run, now=run) is not None
    assert list(keys._salts) == [run.date().isoformat()]


def test_without_a_worker_whoever_makes_keys_deletes_old_salts(database: Database) -> None:
    keys, midnight = VisitorKeys(database), NOON.replace(hour=0)
    for hours in (0, 24, 47.5):
        key(keys, at=midnight + timedelta(hours=hours))
    with database.reading() as session:
        days = session.scalars(select(DailySalt.day).order_by(DailySalt.day)).all()
    assert days == [(midnight + timedelta(days=1)).date().isoformat()]


def test_processes_that_make_a_salt_at_once_agree(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: key(VisitorKeys(database), at=NOON), range(16)))
    assert len(found) == 1
