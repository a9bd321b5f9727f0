"""Folding: events a second from the log to plays and roll-ups, and how long an event takes to show."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from flexapp.kernel.ids import new_id
from flexapp.listening.batches import PlayEvent
from flexapp.listening.folding import fold_all
from flexapp.listening.ingest import Ingest
from flexapp.listening.models import Kind
from flexapp.listening.rollups import HourlyTotal
from flexapp.listening.rows import delivery_row, event_row, load_row
from flexapp.listening.sessions import SessionClaims
from flexapp.storage.session import Database
from tests.benchmarks.setting import Table, migrated
from tests.factories.apps import make_app
from tests.factories.catalog import make_license_type, make_track
from tests.factories.people import make_person

Row = dict[str, Any]
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SESSIONS = 12_000
APPS = 40
TRACKS = 10
MEDIA_MS = 120_000


def run(folder: Path) -> Table:
    """A quiet machine folds what lies there; then a steady stream at half of that is followed."""
    database = migrated(folder, "folding")
    places = catalog(database)
    rows = list(listening(places, sessions=SESSIONS))
    ingest = Ingest(database)
    for start in range(0, len(rows), 10_000):
        ingest.submit(rows[start : start + 10_000])
    began = time.perf_counter()
    folded = fold_all(database, now=NOW)
    rate = folded / (time.perf_counter() - began)
    lags = _lags(database, places, per_second=rate / 2)
    database.close()
    return Table(
        f"Folding, SQLite FULL: {SESSIONS:,} sessions of {len(rows) / SESSIONS:.1f} events",
        ("", "figure"),
        [
            ("events folded a second", f"{rate:,.0f}"),
            ("stream at half of it: shown after, median", f"{statistics.median(lags):.2f} s"),
            ("stream at half of it: shown after, 99 of 100", f"{sorted(lags)[int(len(lags) * 0.99)]:.2f} s"),
        ],
    )


def catalog(database: Database) -> list[tuple[str, str]]:
    """Apps with their tracks, as (app, track)."""
    places = []
    with database.writing() as session:
        for _ in range(APPS):
            owner = make_person(session)
            types = [make_license_type(session, owner)]
            app = make_app(session, owner)
            for _ in range(TRACKS):
                track = make_track(session, owner, license_types=types, files=(), duration_ms=MEDIA_MS)
                places.append((app.id, track.id))
    return places


def listening(
    places: list[tuple[str, str]], *, sessions: int, now: datetime = NOW, seed: int = 1
) -> Iterator[Row]:
    """Sessions of a load, an impression, a preview's bytes, and a play with a report every ten seconds."""
    chance = random.Random(seed)
    for number in range(sessions):
        app, track = places[min(int(chance.paretovariate(0.7)) - 1, len(places) - 1)]
        minted = now - timedelta(seconds=chance.randrange(300, 80_000))
        claims = SessionClaims(
            f"s{seed}-{number:08}", app, "", "own_site", f"site{number % 50}.example", minted
        )
        key = f"{chance.randrange(sessions):016x}"
        yield load_row(claims)
        for part, count in enumerate((262_144,) * 6 + (347_136,), start=1):
            pieces = (0, part * 64 if part < 7 else 469)
            yield delivery_row(claims, track_id=track, count=count, pieces=pieces, now=minted)
        heard = chance.choice((10, 20, 40, 60, 90, 120))
        play = new_id("evt")[4:]
        for seq, start in enumerate(range(-10, heard + 10, 10)):
            spans = ((start * 1000, start * 1000 + 10_000),) if 0 <= start < heard else ()
            kind = Kind.START if start < 0 else Kind.HEARTBEAT if start < heard else Kind.END
            at = 1000 + min(start + 10, heard) * 1000
            event = PlayEvent(play, seq, kind, track, spans, MEDIA_MS, at)
            row = event_row(claims, event, visitor_key=key, flags=(), now=minted + timedelta(milliseconds=at))
            yield {**row, "country": "DE", "device": "phone", "os": "iOS", "browser": "Safari"}


def _lags(
    database: Database, places: list[tuple[str, str]], *, per_second: float, seconds: float = 15.0
) -> list[float]:
    """How long each second's loads took to be in the totals, while a worker folds as it does in life."""
    stop = threading.Event()

    def fold() -> None:
        while not stop.wait(1.0):
            fold_all(database, now=NOW)

    worker = threading.Thread(target=fold)
    parts: list[list[Row]] = [[]]
    for row in listening(places, sessions=int(per_second * seconds / 17), seed=2):
        parts[-1].append(row)
        if len(parts[-1]) >= per_second / 10:
            parts.append([])
    ingest, written = Ingest(database), []
    before = _loads(database)
    worker.start()
    began = time.perf_counter()
    lags: list[float] = []
    total = 0
    for place, part in enumerate(parts):
        pause = began + place / 10 - time.perf_counter()
        if pause > 0:
            time.sleep(pause)
        ingest.submit(part)
        total += sum(row["kind"] is Kind.LOAD for row in part)
        written.append((total, time.perf_counter()))
        shown = _loads(database) - before
        while written and written[0][0] <= shown:
            lags.append(time.perf_counter() - written.pop(0)[1])
    while written:
        time.sleep(0.05)
        shown = _loads(database) - before
        while written and written[0][0] <= shown:
            lags.append(time.perf_counter() - written.pop(0)[1])
    stop.set()
    worker.join()
    return lags


def _loads(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.sum(HourlyTotal.loads))) or 0
