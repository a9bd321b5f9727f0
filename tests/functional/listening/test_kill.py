"""kill -9 of the server and of workers, a stop of PostgreSQL: what was acknowledged is counted once."""

from __future__ import annotations

import http.client
import random
import time
from contextlib import closing
from pathlib import Path

import pytest

from flexapp.config import Settings
from flexapp.kernel.clock import SystemClock
from flexapp.kernel.signing import Signer
from flexapp.listening.folding import fold_all
from flexapp.storage.session import Database
from tests.functional.listening.killing import Load, post
from tests.functional.listening.outcome import make_a_track, outcome
from tests.functional.listening.programs import Server
from tests.functional.listening.stage import postgres_stops, stage, workers_die

pytestmark = pytest.mark.slow

LOAD_SECONDS = 1.0
#: How the server dies: at a random moment, or inside the fold while reports come in.
KILLS = {"sqlite": ["", "fold.written"], "postgresql": [""]}


def test_no_acknowledged_listen_is_lost_and_none_counts_twice(database_url: str, tmp_path: Path) -> None:
    database = Database(database_url, pool_size=4)
    signer = Signer(Settings(home=tmp_path).secret_key)
    track_id = make_a_track(database)
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

    found = outcome(database, acknowledged, tmp_path)
    assert found.acknowledged > 50, "there was hardly any load"
    assert found.is_exact, found
    database.close()


@pytest.mark.postgres
def test_postgresql_may_stop_at_once_and_workers_may_be_killed_while_the_server_goes_on(
    tmp_path: Path,
) -> None:
    with stage(tmp_path, at_once=1, pause=0.02) as on:
        with on.load.running():
            with on.worker():  # the first of three that are killed
                postgres_stops(on, times=3, events=100)
            workers_die(on, times=2, in_fold=2, events=100)
        found = outcome(on.database, on.load.acknowledged, tmp_path)
    assert on.load.again, "nobody noticed that the database was gone"
    assert found.is_exact, found
