"""Bytes that were delivered: which ones, in whatever order they are told, and what was stored before."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text

from flexapp import migrations
from flexapp.listening.folding import fold
from flexapp.listening.ingest import Ingest, append
from flexapp.listening.models import Delivery
from flexapp.listening.pieces import bits_of, unpacked
from flexapp.listening.rows import Row, delivery_row
from flexapp.listening.sessions import SessionClaims
from flexapp.storage.session import Database

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def sent(session_id: str, *pieces: int, count: int = 1000) -> Row:
    """A line that tells of pieces; none as older versions did."""
    claims = SessionClaims(session_id, "", "", "direct", "blog.example", NOON)
    row = delivery_row(claims, track_id="trk_1", count=count, pieces=(pieces or (0, 0)), now=NOON)  # type: ignore[arg-type]
    if not pieces:
        del row["facts"]["pieces"]
    return row


def folded(database: Database, batches: list[list[Row]]) -> dict[str, tuple[int, int, int]]:
    """Bytes, those without a place, and the bits of each session, after a fold for each batch."""
    for rows in batches:
        with database.writing() as session:
            append(session, rows)
            append(session, rows)  # sent again
        with database.writing() as session:
            fold(session, now=NOON)
    with database.reading() as session:
        return {
            row.session_id: (row.bytes, row.unplaced, unpacked(row.pieces))
            for row in session.scalars(select(Delivery))
        }


def test_ranges_in_any_order_and_batches_make_one_union(database: Database) -> None:
    ranges = [(0, 3), (2, 9), (400, 469), (9, 9)]
    expected = bits_of((0, 9)) | bits_of((400, 469))
    batches: list[list[Row]] = []
    for number, order in enumerate(itertools.permutations(ranges)):
        rows = [sent(f"s{number}", *pieces) for pieces in order]
        cut = number % 4
        batches = batches or [[], []]
        batches[0] += rows[:cut]
        batches[1] += rows[cut:]
    found = folded(database, batches)
    assert found == {f"s{number}": (4000, 0, expected) for number in range(24)}


def test_a_line_of_an_older_version_is_trusted_by_its_sum(database: Database) -> None:
    assert folded(database, [[sent("s"), sent("s", 0, 2)], [sent("s", count=7)]]) == {"s": (2007, 1007, 3)}


@pytest.fixture
def old(database: Database, tmp_path: Path) -> Iterator[Database]:
    """A database of the time when only sums were kept."""
    if database.is_sqlite:
        database = Database(f"sqlite:///{tmp_path}/old.sqlite3")
    else:
        with database.engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    migrations.upgrade(database, to="0020")
    at = "2026-11-20 11:00:00.000000"
    with database.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO delivery (session_id, track_id, bytes, first_at, last_at) "
                f"VALUES ('s', 'trk_1', 800000, '{at}', '{at}')"
            )
        )
    migrations.upgrade(database)
    yield database
    database.close()


def test_sums_of_before_are_kept_and_what_comes_adds_to_them(old: Database) -> None:
    assert folded(old, []) == {"s": (800_000, 800_000, 0)}
    assert folded(old, [[sent("s", 1, 3)]]) == {"s": (801_000, 800_000, 6)}


def test_what_is_dropped_is_told(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    ingest = Ingest(database, rows_at_most=2)
    ingest.later([sent("a", 0, 1), sent("b", 0, 1)])
    ingest.later([sent("c", 0, 1)])
    flusher = ingest._flusher
    assert flusher is not None
    flusher.join(10)
    assert "1 rows that could wait were dropped" in caplog.text
    assert set(folded(database, [[]])) == {"a", "b"}
