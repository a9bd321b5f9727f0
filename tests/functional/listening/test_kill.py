"""kill -9 of the real server under load: what was acknowledged is stored, and nothing counts twice."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import func, select

from flexapp.config import Settings
from flexapp.kernel.clock import SystemClock
from flexapp.kernel.signing import Signer
from flexapp.listening import sessions
from flexapp.listening.folding import fold_all
from flexapp.listening.models import Kind, ListenEvent
from flexapp.listening.rollups import HourlyTotal
from flexapp.storage.session import Database
from tests.factories.catalog import make_license_type, make_track
from tests.factories.listening import CHROME, PATH
from tests.factories.people import make_person

pytestmark = pytest.mark.slow

CLIENTS = 12
EVENTS_PER_TOKEN = 150
EVENTS_AT_MOST = 4500  #: the door takes 6000 a minute of one network
LOAD_SECONDS = 1.2
#: How the server dies: at a random moment, or inside the fold while reports come in.
KILLS = {"sqlite": ["", "", "fold.written"], "postgresql": [""]}


@dataclass
class Load:
    """Players that report until the server is gone, each report once more when it was not answered."""

    port: int
    signer: Signer
    track_id: str
    acknowledged: set[str] = field(default_factory=set)
    unanswered: list[tuple[str, str]] = field(default_factory=list)

    def run(self) -> list[threading.Thread]:
        """Start the players."""
        threads = [threading.Thread(target=self._report) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        return threads

    def _report(self) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=3)) as connection:
            self._report_until_it_dies(connection)

    def _report_until_it_dies(self, connection: http.client.HTTPConnection) -> None:
        for number in range(EVENTS_AT_MOST // CLIENTS):
            if number % EVENTS_PER_TOKEN == 0:
                token = self._token()
            play = str(uuid.uuid4())
            event = {"p": play, "n": 0, "k": "s", "b": self.track_id, "at": 0}
            body = json.dumps({"v": 1, "s": token, "e": [event]})
            try:
                status = post(connection, body)
            except (OSError, http.client.HTTPException):
                self.unanswered.append((play, body))
                return
            if status == 204:
                self.acknowledged.add(play)

    def _token(self) -> str:
        return sessions.mint(
            self.signer,
            app_id="",
            placement_id="",
            channel="direct",
            host="blog.example",
            now=SystemClock().now(),
        )


def post(connection: http.client.HTTPConnection, body: str) -> int:
    """Report once; returns the status."""
    connection.request("POST", PATH, body, {"User-Agent": CHROME, "Content-Type": "text/plain"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_no_acknowledged_listen_is_lost_and_none_counts_twice(database_url: str, tmp_path: Path) -> None:
    database = Database(database_url, pool_size=4)
    signer = Signer(Settings(home=tmp_path).secret_key)
    with database.writing() as session:
        producer = make_person(session)
        types = [make_license_type(session, producer)]
        track_id = make_track(session, producer, license_types=types, files=()).id
    chance = random.Random()
    acknowledged: set[str] = set()
    waiting: list[tuple[str, str]] = []

    for step in KILLS[database.engine.dialect.name]:
        fold_all(database, now=SystemClock().now())  # what this round's fold dies over comes in this round
        with Server(database_url, tmp_path, dies_at=step) as server:
            load = Load(server.port, signer, track_id)
            # What got no answer last time is reported again, as players do.
            with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=3)) as again:
                for play, body in list(waiting):
                    try:
                        assert post(again, body) == 204
                    except (OSError, http.client.HTTPException):
                        break
                    acknowledged.add(play)
                    waiting.remove((play, body))
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
        starts = session.scalar(select(func.sum(HourlyTotal.starts)))
        rows = session.scalar(select(func.count()).where(ListenEvent.kind == Kind.START))
    assert starts == rows == len(stored)
    database.close()


class Server:
    """``flexapp serve`` in a process group of its own, on the test's database."""

    def __init__(self, database_url: str, home: Path, *, dies_at: str, **told: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environment = {
            **os.environ,
            "FLEXAPP_ENV": "development",
            "FLEXAPP_HOME": str(home),
            "FLEXAPP_PORT": str(self.port),
            "FLEXAPP_DATABASE_URL": database_url,
            "FLEXAPP_RATE_LIMITS": "0",
            "FLEXAPP_SERVE_PROCESSES": "1",
            **told,
        }
        environment.pop("FLEXAPP_STEP_KILL", None)
        if dies_at:
            environment["FLEXAPP_STEP_KILL"] = dies_at
        self._log = (home / "server.log").open("ab")
        self._process = subprocess.Popen(
            [Path(sys.executable).parent / "flexapp", "serve"],
            env=environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self) -> Server:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)) as connection:
                try:
                    connection.request("GET", "/healthz")
                    if connection.getresponse().status == 200:
                        return self
                except (OSError, http.client.HTTPException):
                    time.sleep(0.05)
        self.kill()
        raise AssertionError("the server does not answer")

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """SIGKILL to all of its processes."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        self._log.close()
