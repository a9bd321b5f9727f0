"""The demo as a new user starts it: real processes on free ports, a fresh home."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from flexapp_sdk import FlexApp

from tests.browser.conftest import browser_type_launch_args

__all__ = ["browser_type_launch_args"]

START_SECONDS = 240


@dataclass
class Demo:
    """A running demo and its papers."""

    process: subprocess.Popen[bytes]
    home: Path
    papers: dict[str, Any]
    environment: dict[str, str]

    def person(self, name: str) -> dict[str, Any]:
        """A demo person by name."""
        return next(person for person in self.papers["people"] if person["name"] == name)

    def app(self, owner: str) -> dict[str, Any]:
        """The flex app of an owner."""
        return next(app for app in self.papers["apps"] if app["owner"] == owner)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> list[psutil.Process]:
        """End it by a signal, unless it has ended; returns processes that it left behind."""
        if self.process.poll() is not None:
            return []
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(how)
        self.process.wait(timeout=30)
        _, alive = psutil.wait_procs(family, timeout=5)
        return alive

    def sdk(self, name: str) -> FlexApp:
        """The SDK under a demo person's token."""
        return FlexApp(self.person(name)["api_token"], base_url=self.papers["base_url"])

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """A look into the demo's database, for what no outsider is told."""
        with sqlite3.connect(f"file:{self.home / 'flexapp.sqlite3'}?mode=ro", uri=True) as connection:
            return connection.execute(statement, values).fetchall()


def start_demo(home: Path) -> Demo:
    """``flexapp demo`` on three free ports."""
    ports = _free_ports(3)
    environment = dict(
        os.environ,
        FLEXAPP_HOME=str(home),
        FLEXAPP_PORT=str(ports[0]),
        FLEXAPP_LOCALSTRIPE_PORT=str(ports[1]),
        FLEXAPP_STRANGER_PORT=str(ports[2]),
    )
    for name in ("FLEXAPP_SECRET_KEY", "FLEXAPP_BASE_URL", "FLEXAPP_DATABASE_URL"):
        environment.pop(name, None)
    flexapp = Path(sys.executable).parent / "flexapp"
    with (home.parent / "demo.log").open("ab") as log:
        process = subprocess.Popen([flexapp, "demo"], env=environment, stdout=log, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + START_SECONDS
    stranger = f"http://localhost:{ports[2]}/"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError("the demo ended:\n" + (home.parent / "demo.log").read_text()[-3000:])
        if (home / "demo.json").exists() and _answers(stranger):
            return Demo(process, home, json.loads((home / "demo.json").read_text()), environment)
        time.sleep(0.2)
    process.kill()
    raise AssertionError("the demo did not start:\n" + (home.parent / "demo.log").read_text()[-3000:])


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for all journeys."""
    running = start_demo(tmp_path_factory.mktemp("demo") / "home")
    yield running
    left = running.stop()
    assert not left, f"left behind: {left}"


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for probe in sockets:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in sockets]
    for probe in sockets:
        probe.close()
    return ports
