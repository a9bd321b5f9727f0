"""Durable listens over HTTP: the group commit against no sink, and against one transaction a report.

Each server runs on one core with the load from another; rounds take turns and medians are shown. What was
acknowledged is counted again in the database.
"""

from __future__ import annotations

import itertools
import os
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from flexapp import migrations
from flexapp.kernel.signing import Signer
from flexapp.listening import sessions
from flexapp.listening.models import ListenEvent
from flexapp.storage.session import Database
from tests.benchmarks.load import CONNECTIONS, LOAD_CORE, Served, free_port, start
from tests.benchmarks.setting import Table, settings_in
from tests.functional.listening.programs import Postgres

ROUNDS, SECONDS, WARM_SECONDS = 3, 3, 1
SLOW_MS = 2
SESSIONS = 4000
_SETTLING_SECONDS = 0.2
SCRIPT = Path(__file__).with_name("reports.lua")


@dataclass
class Sink:
    """A server, and what its rounds gave: reports a second, ms at p50 and p99, µs of CPU a report."""

    title: str
    served: Served
    database: Database
    events: int = 1
    is_stored: bool = True
    acknowledged: int = 0
    rates: list[float] = field(default_factory=list)
    middles: list[float] = field(default_factory=list)
    tails: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Events a second."""
        return statistics.median(self.rates) * self.events

    def stored(self) -> int:
        """How many events are in the log, when the reports of connections that were closed are in it too."""
        before = -1
        while (count := self._stored_now()) != before:
            before = count
            time.sleep(_SETTLING_SECONDS)
        return count

    def _stored_now(self) -> int:
        with self.database.reading() as session:
            return session.scalar(select(func.count(ListenEvent.id))) or 0


def run(folder: Path) -> Table:
    """Events a second at 64 connections, checked as in production; power-safe SQLite."""
    place = folder / "sqlite"
    place.mkdir()
    return _measured(place, "SQLite FULL", lambda home: settings_in(home).database_url)


def run_postgres(folder: Path) -> Table:
    """The same on a PostgreSQL that waits for the disk; its processes run where the kernel puts them."""
    place = folder / "postgres"
    place.mkdir()
    with Postgres(place) as postgres:
        names = (f"sink{number}" for number in itertools.count())
        return _measured(place, "PostgreSQL with fsync", lambda _home: postgres.url(next(names)))


def _measured(folder: Path, title: str, address: Callable[[Path], str]) -> Table:
    if shutil.which("wrk") is None:
        return Table("Durable listens", ("",), [("the load is made by wrk: apt-get install wrk",)])
    tokens = folder / "tokens"
    tokens.write_text("\n".join(_tokens(folder)))
    with ExitStack() as stack:
        make = partial(_sink, stack, folder, address)
        none = make("none", "none: checked and dropped", is_stored=False)
        group = make("stored", "group commit")
        alone = make("alone", "one transaction a report")
        tens = Sink("group commit, ten events a report", group.served, group.database, events=10)
        slow = make("stored", f"group commit, disk + {SLOW_MS} ms", disk=SLOW_MS)
        lone = make("alone", f"one transaction a report, disk + {SLOW_MS} ms", disk=SLOW_MS)
        sinks = (none, group, alone, tens, slow, lone)
        for sink in sinks:
            _press(sink, tokens, seconds=WARM_SECONDS)
            sink.rates.clear(), sink.middles.clear(), sink.tails.clear(), sink.costs.clear()
        for _ in range(ROUNDS):
            for sink in sinks:
                _press(sink, tokens, seconds=SECONDS)
    return Table(
        f"Durable listens over HTTP on one core, {CONNECTIONS} connections, {title}",
        ("sink", "events/s", "of no sink", "p50 ms", "p99 ms", "µs CPU", "against"),
        [
            _row(none, none, ""),
            _row(group, none, f"{group.rate / alone.rate:.1f} x one transaction a report"),
            _row(alone, none, ""),
            _row(tens, none, f"{tens.rate / group.rate:.1f} x single events"),
            _row(slow, none, f"{slow.rate / lone.rate:.1f} x one transaction a report"),
            _row(lone, none, ""),
        ],
    )


def _tokens(folder: Path) -> list[str]:
    signer = Signer(settings_in(folder).secret_key)
    now = datetime.now(UTC)
    return [
        sessions.mint(
            signer,
            app_id="app_01m7wm3sqbe1mr2098s9fkezja",
            placement_id="plc_01m7wm3sqbe1mr2098s9fkezja",
            channel="affiliate",
            host="blog.example",
            now=now,
            layout="list",
        )
        for _ in range(SESSIONS)
    ]


def _sink(
    stack: ExitStack,
    folder: Path,
    address: Callable[[Path], str],
    name: str,
    title: str,
    *,
    disk: int = 0,
    is_stored: bool = True,
) -> Sink:
    home = folder / f"{name}-{disk}"
    home.mkdir()
    database = Database(address(home), pool_size=2)
    migrations.upgrade(database)
    port = free_port()
    served = start(
        [sys.executable, "-m", "tests.benchmarks.sinks", name],
        port,
        {
            "FLEXAPP_HOME": str(home),
            "FLEXAPP_DATABASE_URL": database.url,
            "FLEXAPP_SERVE_PROCESSES": "1",
            "FLEXAPP_PORT": str(port),
            "FLEXAPP_EMBEDDED_WORKER": "0",
            "FLEXAPP_SERVE_THREADS": str(CONNECTIONS),
            "FLEXAPP_BENCH_DISK_MS": str(disk),
        },
    )
    stack.callback(database.close)
    stack.callback(served.stop)
    return Sink(title, served, database, is_stored=is_stored)


def _press(sink: Sink, tokens: Path, *, seconds: int) -> None:
    stored, used = sink.stored(), sink.served.used()
    way = ["--latency", "--timeout", "20s", "-s", str(SCRIPT), f"http://127.0.0.1:{sink.served.port}"]
    output = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *way],
        env={**os.environ, "TOKENS": str(tokens), "EVENTS": str(sink.events), "MARK": secrets.token_hex(4)},
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {LOAD_CORE}),
    ).stdout
    if "Non-2xx" in output:
        raise RuntimeError(output)
    count = int(re.findall(r"(\d+) requests in", output)[0])
    sink.rates.append(float(re.findall(r"Requests/sec:\s+([\d.]+)", output)[0]))
    sink.middles.append(_milliseconds(output, "50%"))
    sink.tails.append(_milliseconds(output, "99%"))
    sink.costs.append((sink.served.used() - used) / count * 1e6)
    # A connection that wrk closes at the end may have one report stored whose answer nobody read.
    more = (sink.stored() - stored) / sink.events - count * sink.is_stored
    if not 0 <= more <= CONNECTIONS * sink.is_stored:
        raise RuntimeError(f"{sink.title}: {count} reports were acknowledged, {more:+} more are stored")


def _milliseconds(output: str, share: str) -> float:
    value, unit = re.findall(rf"{share}\s+([\d.]+)(us|ms|s)", output)[0]
    return float(value) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def _row(sink: Sink, none: Sink, against: str) -> tuple[str, ...]:
    return (
        sink.title,
        f"{sink.rate:,.0f}",
        f"{sink.rate / none.rate:.0%}",
        f"{statistics.median(sink.middles):.1f}",
        f"{statistics.median(sink.tails):.1f}",
        f"{statistics.median(sink.costs):.0f}",
        against,
    )
