"""Revisions by Redis: the bell, and what happens without it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flexapp.gateways import broadcast
from flexapp.gateways.broadcast import Broadcast
from flexapp.storage.revisions import Revisions, raise_revision, revisions_of
from flexapp.storage.session import Database


@pytest.fixture
def elsewhere(database: Database) -> Iterator[Database]:
    other = Database(database.url, pool_size=2)
    yield other
    other.close()


def rung(revisions: Revisions, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when the process is told that there is something to ask for."""
    bell = threading.Event()
    ring = revisions.ring

    def heard() -> None:
        ring()
        bell.set()

    monkeypatch.setattr(revisions, "ring", heard)
    return bell


def change(database: Database) -> None:
    with database.writing() as session:
        raise_revision(session, {"a"})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_change_here_rings_everywhere(
    database: Database, elsewhere: Database, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = revisions_of(elsewhere)
    assert there.newest() == 0
    bell = rung(there, monkeypatch)
    broadcast.connect(redis_url, elsewhere)
    broadcast.connect(redis_url, database)
    broadcast.connect(redis_url, database)
    rings = [each for each in database.on_raised if isinstance(getattr(each, "__self__", None), Broadcast)]
    assert len(rings) == 1, "once for each database"
    assert bell.wait(30), "listening has begun"
    bell.clear()
    assert there.newest() == 0
    change(database)
    assert bell.wait(30)
    assert there.newest() == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_redis_a_commit_succeeds_and_is_learned_by_asking(
    database: Database, elsewhere: Database, tmp_path: Path
) -> None:
    nowhere = f"unix://{tmp_path}/nobody.sock"
    broadcast.connect(nowhere, database)
    broadcast.connect(nowhere, elsewhere)
    there = revisions_of(elsewhere)
    assert there.newest() == 0
    change(database)
    change(database)
    there.due = time.monotonic()
    assert there.newest() == 2
