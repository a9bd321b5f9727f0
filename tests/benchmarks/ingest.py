"""Durable listens: the group commit against no sink, and against one transaction a request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flexapp.listening.batches import PlayEvent, read_batch
from flexapp.listening.ingest import Ingest, Row
from flexapp.listening.models import Kind
from flexapp.listening.rows import event_row
from flexapp.listening.sessions import SessionClaims
from tests.benchmarks.setting import Table, migrated

THREADS = 64
SECONDS = 3.0
BODY = (
    b'{"v":1,"s":"token","e":[{"p":"01890000-0000-7000-8000-00000000000a","n":1,"k":"h",'
    b'"b":"trk_01m7wm3sqbe1mr2098s9fkezja","iv":[[0,10]],"d":57.8,"at":12000}]}'
)


def run(folder: Path) -> Table:
    """Requests a second at 64 threads, validated, one event each; SQLite in FULL mode."""
    database = migrated(folder, "ingest")
    group = Ingest(database)
    alone = Ingest(database)
    one_at_a_time = threading.Lock()

    def insert(rows: list[Row]) -> None:
        with one_at_a_time:
            alone.submit(rows)

    ceiling = _rate(lambda rows: None)
    grouped = _rate(group.submit)
    single = _rate(insert)
    database.close()
    return Table(
        f"Durable listens, {THREADS} threads, SQLite FULL",
        ("sink", "events/s", "of no sink", "against single inserts"),
        [
            ("none (checked and dropped)", f"{ceiling:,.0f}", "100 %", ""),
            ("group commit", f"{grouped:,.0f}", f"{grouped / ceiling:.0%}", f"{grouped / single:.1f} x"),
            ("one transaction an event", f"{single:,.0f}", f"{single / ceiling:.0%}", "1.0 x"),
        ],
    )


def _rate(sink: Callable[[list[Row]], None]) -> float:
    stop = time.perf_counter() + SECONDS
    counts = [0] * THREADS

    def send(place: int) -> None:
        claims = SessionClaims(
            f"bench-{place}-{time.time_ns()}", "app", "plc", "direct", "", datetime.now(UTC)
        )
        while time.perf_counter() < stop:
            event: PlayEvent = read_batch(BODY).events[0]
            row = event_row(claims, event, visitor_key=None, flags=(), now=claims.minted_at)
            row["seq"] = counts[place]
            assert row["kind"] == Kind.HEARTBEAT
            sink([row])
            counts[place] += 1

    threads = [threading.Thread(target=send, args=(place,)) for place in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS
