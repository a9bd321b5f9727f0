"""A real server process, as `flexapp serve` starts it, and how much memory it has."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import psutil
import requests

from flexapp import migrations
from flexapp.people import operations
from flexapp.people.models import Role, Scope
from flexapp.storage.session import Database
from tests.factories.people import NOON, make_person


class ServerProcess:
    """The address and the process of a running server, with a producer's token."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = _token(home)
        self.process = self._start()

    def request(self, method: str, path: str, **options: object) -> requests.Response:
        """A call with the token."""
        headers = {"Authorization": f"Bearer {self.token}", **dict(options.pop("headers", {}))}  # type: ignore[call-overload]
        return requests.request(method, self.url + path, headers=headers, timeout=300, **options)  # type: ignore[arg-type]

    def resident(self) -> int:
        """Bytes of the server and its workers; what they start for audio has limits of its own."""
        total = 0
        for process in (root := psutil.Process(self.process.pid), *root.children()):
            try:
                total += process.memory_info().rss
            except psutil.Error:
                continue
        return total

    def kill(self) -> None:
        """As by ``kill -9``, every process of it."""
        processes = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        for process in processes:
            if "flexapp.audio" not in " ".join(_command(process)):
                process.kill()
        self.process.wait()

    def start_again(self) -> None:
        """On the same home."""
        self.process = self._start()

    def stop(self) -> None:
        """End it and what it started."""
        children = (
            psutil.Process(self.process.pid).children(recursive=True) if self.process.poll() is None else []
        )
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for child in children:
            if child.is_running():
                child.kill()

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "FLEXAPP_ENV": "development",
            "FLEXAPP_HOME": str(self.home),
            "FLEXAPP_PORT": str(self.port),
            "FLEXAPP_RATE_LIMITS": "0",
            "FLEXAPP_ARGON2_FAST": "1",
        }
        log = (self.home / "server.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", "flexapp.cli", "serve"], env=environment, stdout=log, stderr=log
        )
        log.close()
        for _ in range(600):
            try:
                if requests.get(f"{self.url}/healthz", timeout=2).status_code == 200:
                    return process
            except requests.RequestException:
                time.sleep(0.1)
            assert process.poll() is None, (self.home / "server.log").read_text()
        raise AssertionError((self.home / "server.log").read_text())


class MemoryWatch:
    """The most that the server grew while the block ran, in bytes."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self._start = server.resident()
        self._most = self._start
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @property
    def growth(self) -> int:
        """Bytes above the beginning, at the worst moment."""
        return self._most - self._start

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._most = max(self._most, self._server.resident())

    def _watch(self) -> None:
        while not self._ended.wait(0.03):
            self._most = max(self._most, self._server.resident())


@contextmanager
def running(home: Path) -> Iterator[ServerProcess]:
    """A server that ends with the block."""
    server = ServerProcess(home)
    try:
        yield server
    finally:
        server.stop()


def _token(home: Path) -> str:
    database = Database(f"sqlite:///{home / 'flexapp.sqlite3'}")
    migrations.upgrade(database)
    with database.writing() as session:
        person = make_person(session, name="Kaito", roles=(Role.PRODUCER,))
        secret = operations.create_api_token(session, person, name="Test", scopes=tuple(Scope), now=NOON)[1]
    database.close()
    return secret


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
