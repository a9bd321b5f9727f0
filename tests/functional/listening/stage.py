"""A server on a PostgreSQL of its own under load, while the database stops at once or workers are killed."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flexapp import migrations
from flexapp.config import Settings
from flexapp.kernel.signing import Signer
from flexapp.listening import queries
from flexapp.listening.folding import CURSOR
from flexapp.storage.session import Database
from tests.functional.listening.killing import Load
from tests.functional.listening.outcome import make_a_track
from tests.functional.listening.programs import Postgres, Program, Server

_SECONDS_AT_MOST = 60.0


@dataclass
class Stage:
    """What there is while reports come in."""

    folder: Path
    url: str
    database: Database
    postgres: Postgres
    load: Load

    def worker(self, *, dies_at: str = "") -> Program:
        """`flexapp work`, which folds."""
        return Program("work", self.url, self.folder, dies_at=dies_at)

    def wait_for_reports(self, events: int) -> None:
        """Until so many more events are acknowledged."""
        wanted, deadline = len(self.load.acknowledged) + events, time.monotonic() + _SECONDS_AT_MOST
        while len(self.load.acknowledged) < wanted:
            assert time.monotonic() < deadline, "hardly any report is acknowledged"
            time.sleep(0.01)

    def wait_for_a_fold(self) -> None:
        """Until more of the log is folded."""
        before, deadline = self._folded(), time.monotonic() + _SECONDS_AT_MOST
        while self._folded() == before:
            assert time.monotonic() < deadline, "nothing is folded"
            time.sleep(0.02)

    def _folded(self) -> int:
        with self.database.reading() as session:
            return queries.position_of(session, CURSOR)


@contextmanager
def stage(folder: Path, *, at_once: int, pause: float = 0.0) -> Iterator[Stage]:
    """Everything runs but the load, whose players report again until they are answered."""
    with Postgres(folder) as postgres:
        url = postgres.url("flexapp")
        database = Database(url, pool_size=4)
        migrations.upgrade(database)
        signer, track_id = Signer(Settings(home=folder).secret_key), make_a_track(database)
        with Server(url, folder, FLEXAPP_TRUSTED_PROXIES="1") as server:
            load = Load(
                server.port,
                signer,
                track_id,
                at_once=at_once,
                proxied=True,
                stubborn=True,
                pause=pause,
            )
            yield Stage(folder, url, database, postgres, load)
        database.close()


def postgres_stops(on: Stage, *, times: int, events: int) -> None:
    """The database stops at once so many times, each after so many more events; the server stays."""
    for _ in range(times):
        on.wait_for_reports(events)
        on.postgres.stop_at_once()
        on.postgres.start_again()
    on.wait_for_reports(events)


def workers_die(on: Stage, *, times: int, in_fold: int, events: int) -> None:
    """So many workers are killed while they fold, each ``in_fold``-th between its writes and its commit."""
    for number in range(times):
        dies_in_fold = number % in_fold == in_fold - 1
        with on.worker(dies_at="fold.written" if dies_in_fold else "") as worker:
            if dies_in_fold:
                worker.wait_for_its_end(_SECONDS_AT_MOST)
            else:
                on.wait_for_a_fold()
                time.sleep(random.uniform(0, 0.5))
        on.wait_for_reports(events)
