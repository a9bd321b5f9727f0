"""The group commit on both databases: durable, once, bounded, and no row spoils another."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select, text

from flexapp.kernel import steps
from flexapp.listening import queries
from flexapp.listening.batches import PlayEvent
from flexapp.listening.ingest import Busy, Ingest, RowRefused, ingest_of
from flexapp.listening.models import Kind, ListenEvent
from flexapp.listening.rows import event_row
from flexapp.listening.sessions import SessionClaims
from flexapp.storage.session import Database

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def row(play: str = "play-0001", seq: int = 0, **changes: Any) -> dict[str, Any]:
    claims = SessionClaims("session-1", "", "", "direct", "blog.example", NOON)
    event = PlayEvent(play, seq, Kind.HEARTBEAT, "trk_" + "0" * 26, ((0, 1000),), 57_860, 1000)
    return {**event_row(claims, event, visitor_key="ab" * 8, flags=(), now=NOON), **changes}


def stored(database: Database) -> list[tuple[str, int]]:
    with database.reading() as session:
        rows = session.execute(select(ListenEvent.play_id, ListenEvent.seq).order_by(ListenEvent.id))
        return [(play, seq) for play, seq in rows]


def test_rows_are_stored_when_submit_returns(database: Database) -> None:
    Ingest(database).submit([row(seq=0), row(seq=1)])
    assert stored(database) == [("play-0001", 0), ("play-0001", 1)]


def test_a_known_row_is_taken_and_changes_nothing(database: Database) -> None:
    ingest = Ingest(database)
    ingest.submit([row(seq=0)])
    ingest.submit([row(seq=0, media_ms=1), row(seq=0), row(seq=1), row(seq=1)])
    assert stored(database) == [("play-0001", 0), ("play-0001", 1)]
    with database.reading() as session:
        assert session.scalar(select(func.min(ListenEvent.media_ms))) == 57_860


def test_nothing_is_no_work(database: Database) -> None:
    Ingest(database).submit([])
    assert stored(database) == []


def test_requests_at_once_share_commits_and_lose_nothing(database: Database) -> None:
    ingest = Ingest(database)
    commits: list[int] = []

    def count(name: str, facts: dict[str, Any]) -> None:
        if name == "listens.stored":
            commits.append(facts["rows"])

    before = steps.install(count)
    try:
        with ThreadPoolExecutor(24) as pool:
            list(pool.map(lambda n: ingest.submit([row(f"play-{n:04}", seq) for seq in (0, 1)]), range(300)))
    finally:
        steps.install(before)
    assert len(stored(database)) == 600
    assert sum(commits) == 600
    assert len(commits) < 300, "requests that wait together are written together"


@pytest.mark.parametrize(
    "bad",
    [
        {"received_at": datetime(2026, 11, 20)},
        {"seq": 10**30},
        {"kind": "?"},
        {"intervals": object()},
        {"channel": None},
        {"host": object()},
    ],
    ids=["naive time", "huge number", "unknown kind", "no JSON", "nothing", "no text"],
)
def test_a_bad_row_fails_its_own_request_alone(database: Database, bad: dict[str, Any]) -> None:
    ingest = Ingest(database)
    is_writing, go_on = threading.Event(), threading.Event()

    def hold(name: str, _facts: dict[str, Any]) -> None:
        if name == "listens.written" and not is_writing.is_set():
            is_writing.set()
            go_on.wait(10)

    before = steps.install(hold)
    try:
        with ThreadPoolExecutor(8) as pool:
            first = pool.submit(ingest.submit, [row("play-first")])
            assert is_writing.wait(10)
            # These gather in one batch behind the one that is being written.
            good = [pool.submit(ingest.submit, [row(f"play-good{n}")]) for n in range(3)]
            wrong = pool.submit(ingest.submit, [row("play-okay"), row("play-bad0", **bad)])
            joins = not bad.keys() & {"received_at", "seq", "kind", "intervals"}  # the others are seen before
            while sum(len(entry.lines) for entry in ingest._open) < (5 if joins else 3):
                threading.Event().wait(0.005)
            go_on.set()
            for one in (first, *good):
                one.result(10)
            with pytest.raises(RowRefused):
                wrong.result(10)
    finally:
        go_on.set()
        steps.install(before)
    names = {play for play, _ in stored(database)}
    assert names == {"play-first", "play-good0", "play-good1", "play-good2"}


def test_memory_is_bounded(database: Database) -> None:
    ingest = Ingest(database, rows_at_most=10)
    with pytest.raises(Busy):
        ingest.submit([row(seq=seq) for seq in range(11)])
    ingest.submit([row(seq=seq) for seq in range(10)])
    ingest.submit([row(seq=seq) for seq in range(10, 20)])
    assert len(stored(database)) == 20


def test_a_failed_batch_fails_everybody_in_it_and_the_next_one_works(database: Database) -> None:
    ingest = Ingest(database)

    def break_down(name: str, _facts: dict[str, Any]) -> None:
        if name == "listens.written":
            raise RuntimeError("the disk is full")

    before = steps.install(break_down)
    try:
        with pytest.raises(RuntimeError):
            ingest.submit([row(seq=0)])
    finally:
        steps.install(before)
    assert stored(database) == []
    ingest.submit([row(seq=0)])
    assert len(stored(database)) == 1


def test_what_can_wait_is_stored_within_a_moment(database: Database) -> None:
    ingest = Ingest(database)
    ingest.later([row(seq=0)])
    ingest.later([row(seq=1)])
    deadline = threading.Event()
    for _ in range(200):
        if len(stored(database)) == 2:
            break
        deadline.wait(0.05)
    assert len(stored(database)) == 2


def test_flush_waits_for_what_another_thread_is_storing(database: Database) -> None:
    ingest = Ingest(database)
    for number in range(40):
        ingest.later([row(seq=number)])
        if number % 7 == 0:
            ingest.flush()
            assert len(stored(database)) == number + 1
    ingest.flush()
    assert len(stored(database)) == 40


def test_a_process_has_one_ingest_per_database(database: Database) -> None:
    assert ingest_of(database) is ingest_of(database)


def test_ids_are_never_given_twice(database: Database) -> None:
    ingest = Ingest(database)
    ingest.submit([row(seq=0), row(seq=1)])
    with database.writing() as session:
        last = queries.newest_event(session)
        session.execute(ListenEvent.__table__.delete())  # type: ignore[attr-defined]
    ingest.submit([row(seq=2)])
    with database.reading() as session:
        assert queries.newest_event(session) > last


def test_the_end_of_the_log_waits_for_writers_with_lower_ids(database: Database) -> None:
    """An id is handed out before its commit: what is still being written must not be passed over."""
    ingest = Ingest(database)
    is_written, go_on, seen = threading.Event(), threading.Event(), []

    def hold(name: str, _facts: dict[str, Any]) -> None:
        if name == "listens.written":
            is_written.set()
            go_on.wait(10)

    def look() -> None:
        with database.writing() as session:
            seen.append(queries.end_of_log(session))

    before = steps.install(hold)
    try:
        with ThreadPoolExecutor(2) as pool:
            writing = pool.submit(ingest.submit, [row(seq=0)])
            assert is_written.wait(10)
            looking = pool.submit(look)
            threading.Event().wait(0.2)
            assert not seen, "the end of the log is not known while somebody writes"
            go_on.set()
            writing.result(10)
            looking.result(10)
    finally:
        go_on.set()
        steps.install(before)
    assert seen == [1]


@pytest.mark.parametrize(("survives_power", "expected"), [(True, (2, "on")), (False, (1, "off"))])
def test_the_log_may_wait_for_less_than_the_disk_and_nothing_else_does(
    database: Database, monkeypatch: pytest.MonkeyPatch, survives_power: bool, expected: tuple[int, str]
) -> None:
    ask = "PRAGMA synchronous" if database.is_sqlite else "SHOW synchronous_commit"
    monkeypatch.setattr(database, "log_survives_power", survives_power)
    ingest = Ingest(database)
    write, seen = ingest._write_lines, []

    def look(connection: Any, lines: Any) -> None:
        write(connection, lines)
        seen.extend(connection.cursor().execute(ask).fetchone())

    monkeypatch.setattr(ingest, "_write_lines", look)
    ingest.submit([row()])
    assert seen == [expected[0] if database.is_sqlite else expected[1]]
    assert len(stored(database)) == 1
    with database.writing() as session:
        assert session.execute(text(ask)).scalar() in (2, "on"), "money waits for the disk as before"


def test_who_writes_again_and_again_lets_the_others_have_their_turn(database: Database) -> None:
    """A fold with much behind it begins anew at once; SQLite alone would let a report wait for its end."""
    ingest, is_over, rounds = Ingest(database), threading.Event(), []

    def fold() -> None:
        while not is_over.is_set():
            with database.turn, database.writing() as session:
                queries.newest_event(session)
                is_over.wait(0.02)
            rounds.append(1)

    folding = threading.Thread(target=fold)
    folding.start()
    try:
        for number in range(5):
            before = len(rounds)
            ingest.submit([row(seq=number)])
            assert len(rounds) - before < 20
    finally:
        is_over.set()
        folding.join()
    assert len(stored(database)) == 5
