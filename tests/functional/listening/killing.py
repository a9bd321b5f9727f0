"""Players that report without end, and a server of its own that is killed: for the tests and the bench."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from flexapp.kernel.clock import SystemClock
from flexapp.kernel.signing import Signer
from flexapp.listening import insights, sessions
from tests.factories.listening import CHROME, PATH

CLIENTS = 12
EVENTS_PER_TOKEN = 150
EVENTS_AT_MOST = 4500  #: the door takes 6000 a minute of one network


@dataclass
class Load:
    """Players that report until the server is gone, each report once more when it was not answered."""

    port: int
    signer: Signer
    track_id: str
    at_once: int = 1  #: events of one report, each of another play
    networks: int = 1  #: that the players come from, told by a proxy
    acknowledged: set[str] = field(default_factory=set)
    unanswered: list[tuple[list[str], str]] = field(default_factory=list)

    def run(self) -> list[threading.Thread]:
        """Start the players."""
        threads = [threading.Thread(target=self._report) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        return threads

    def _report(self) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            self._report_until_it_dies(connection)

    def _report_until_it_dies(self, connection: http.client.HTTPConnection) -> None:
        for number in range(EVENTS_AT_MOST // CLIENTS * self.networks // self.at_once):
            if number % (EVENTS_PER_TOKEN // self.at_once) == 0:
                token = self._token()
            plays = [str(uuid.uuid4()) for _ in range(self.at_once)]
            events = [{"p": play, "n": 0, "k": "s", "b": self.track_id, "at": 0} for play in plays]
            body = json.dumps({"v": 1, "s": token, "e": events})
            try:
                status = post(connection, body, network=number % self.networks)
            except (OSError, http.client.HTTPException):
                self.unanswered.append((plays, body))
                return
            if status == 204:
                self.acknowledged.update(plays)

    def _token(self) -> str:
        return sessions.mint(
            self.signer,
            app_id="",
            placement_id="",
            channel="direct",
            host="blog.example",
            now=SystemClock().now(),
        )


def post(connection: http.client.HTTPConnection, body: str, *, network: int = 0) -> int:
    """Report once; returns the status."""
    told = {"User-Agent": CHROME, "Content-Type": "text/plain", "X-Forwarded-For": f"198.51.{network}.7"}
    connection.request("POST", PATH, body, told)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def starts_counted(session: Session) -> int:
    """All starts of the last and the next day, by the totals."""
    now = SystemClock().now()
    span = {"since": now - timedelta(days=1), "until": now + timedelta(days=1)}
    return insights.plays(session, **span, interval="total").totals.starts


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
