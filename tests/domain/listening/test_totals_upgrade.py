"""Totals that were counted before roll-ups went by number are there after the upgrade, hour by hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from flexapp import migrations
from flexapp.listening import insights
from flexapp.storage.session import Database

HOUR = datetime(2026, 11, 19, 23, tzinfo=UTC)
COUNTERS = ("loads", "impressions", "starts", "plays", "replays", "completed", "listen_ms", "checkouts")
ROWS = [
    (HOUR, "app_1", "plc_1", "affiliate", "trk_1", 0, 0, 5, 3, 1, 2, 400_000, 1),
    (HOUR, "app_1", "plc_1", "affiliate", "", 9, 7, 0, 0, 0, 0, 0, 0),
    (HOUR, "app_1", "", "own_site", "trk_1", 0, 0, 2, 1, 0, 0, 60_000, 0),
    (HOUR + timedelta(hours=1), "app_1", "plc_1", "affiliate", "trk_2", 0, 0, 4, 4, 0, 4, 500_000, 0),
    (HOUR + timedelta(hours=1), "", "", "direct", "trk_1", 0, 0, 1, 1, 0, 1, 90_000, 0),
]


@pytest.fixture
def old(database: Database, tmp_path: Path) -> Iterator[Database]:
    """A database of the time when totals were kept by text."""
    if database.is_sqlite:
        database = Database(f"sqlite:///{tmp_path}/old.sqlite3")
    else:
        with database.engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    migrations.upgrade(database, to="0008")
    names = ("hour", "app_id", "placement_id", "channel", "track_id", *COUNTERS)
    values = ", ".join(f":{name}" for name in names)
    with database.engine.begin() as connection:
        for row in ROWS:
            given = dict(zip(names, row, strict=True))
            given["hour"] = row[0].strftime("%Y-%m-%d %H:%M:%S.000000") if database.is_sqlite else row[0]
            connection.execute(
                text(f"INSERT INTO hourly_total ({', '.join(names)}) VALUES ({values})"), given
            )
    migrations.upgrade(database)
    yield database
    database.close()


def test_every_hour_counts_what_it_counted(old: Database) -> None:
    since, until = HOUR, HOUR + timedelta(hours=2)
    with old.reading() as session:
        of_app = insights.plays(session, since=since, until=until, interval="hour", app_ids=["app_1"])
        of_track = insights.plays(session, since=since, until=until, interval="hour", track_ids=["trk_1"])
    assert [(point.at, point.counts.plays) for point in of_app.points] == [
        (HOUR, 4),
        (until - timedelta(hours=1), 4),
    ]
    totals = of_app.totals
    assert (totals.loads, totals.impressions, totals.starts, totals.checkouts) == (9, 7, 11, 1)
    assert (totals.listen_ms, totals.completed, totals.replays) == (960_000, 6, 1)
    assert [point.counts.plays for point in of_track.points] == [4, 1]
    assert of_track.totals.listen_ms == 550_000
