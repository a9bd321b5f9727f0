"""Panels over a great many listens: built as sealed days, rolled up by the rebuild, asked like a dashboard.

2,000 apps whose listens follow Zipf's law, 20 tracks each, 90 days, visitor keys of a day, 24 kinds of
devices and 180 countries. Figures of one app are compared with what plain Python counts in the files.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Table as SqlTable
from sqlalchemy import insert, select, text

from flexapp.apps.models import FlexApp
from flexapp.catalog.models import Track
from flexapp.gateways.objects import LocalObjects
from flexapp.listening import columns, exact, panels
from flexapp.listening.columns import Mirror
from flexapp.listening.folding import CURSOR
from flexapp.listening.insights import Dimension, breakdown
from flexapp.listening.models import FoldCursor
from flexapp.listening.panels import Interval, Scope
from flexapp.listening.parts import By, parts
from flexapp.listening.rebuilding import rebuild
from flexapp.listening.rollups import SealedDay, day_number
from flexapp.listening.sealing import EVIDENCE, keep_sketches
from flexapp.listening.sketches import sketches_of
from flexapp.listening.totals import APP_HOURS, TRACK_HOURS
from flexapp.storage.once import insert_once
from flexapp.storage.session import Database
from tests.benchmarks.setting import Table, migrated
from tests.factories.apps import make_app
from tests.factories.catalog import make_license_type, make_track
from tests.factories.people import make_person

LISTENS = [1_000_000]
KEEP: Path | None = None
APPS, TRACKS, ACCOUNT, DAYS = 2_000, 20, 20, 90
LAST = date(2026, 11, 17)
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SINCE = datetime(2026, 8, 20, tzinfo=UTC)
UNTIL = datetime(2026, 11, 18, tzinfo=UTC)


@dataclass
class Figures:
    """What building took; kept beside what was built."""

    listens: int
    days: int
    empty: int = 0  #: bytes of the database before there were roll-ups
    seconds_sealed: float = 0.0
    seconds_rebuilt: float = 0.0
    bytes_sealed: int = 0
    bytes_rolled_up: int = 0


@dataclass
class Built:
    """What was built, and what it took."""

    database: Database
    mirror: Mirror
    people: list[str]
    figures: Figures


def app_id(number: int) -> str:
    """Of the app with that rank, from 1."""
    return f"app_{number:026}"


def build(folder: Path, listens: int, *, days: int = DAYS) -> Built:
    """Sealed days and their roll-ups, as they would be after 90 days; goes on from what the folder has."""
    folder.mkdir(parents=True, exist_ok=True)
    noted = folder / "figures.json"
    mirror = Mirror(LocalObjects(folder / "objects"), folder / "sealed")
    mirror.folder.mkdir(exist_ok=True)
    database = migrated(folder, "scale")
    if noted.exists():
        figures = Figures(**json.loads(noted.read_text()))
        assert (figures.listens, figures.days) == (listens // days * days, days), "built with other numbers"
    else:
        _catalog(database)
        figures = Figures(listens // days * days, days, _size(database))
        began = time.perf_counter()
        for back in reversed(range(days)):
            figures.bytes_sealed += _seal(
                database, mirror, LAST - timedelta(days=back), listens // days, folder
            )
        figures.seconds_sealed = time.perf_counter() - began
        noted.write_text(json.dumps(asdict(figures)))
    if not figures.bytes_rolled_up:
        _roll_up(database, mirror, figures)
        noted.write_text(json.dumps(asdict(figures)))
    with database.reading() as session:
        people = list(session.scalars(select(FlexApp.owner_id).order_by(FlexApp.id).limit(APPS // ACCOUNT)))
    return Built(database, mirror, people, figures)


def _roll_up(database: Database, mirror: Mirror, figures: Figures) -> None:
    with database.writing() as session:
        for name, position in ((EVIDENCE, day_number(SINCE.date())), (APP_HOURS, 0), (TRACK_HOURS, 0)):
            insert_once(session, FoldCursor, name=name, position=position)
        insert_once(session, FoldCursor, name=CURSOR, position=0)
    began = time.perf_counter()
    rebuild(database, mirror, now=NOW, raw_days=30, memory="6GB" if figures.listens > 20_000_000 else "1GB")
    figures.seconds_rebuilt = time.perf_counter() - began
    figures.bytes_rolled_up = _size(database) - figures.empty


def ask(built: Built) -> list[tuple[str, float, float]]:
    """Each question of a dashboard over 90 days: milliseconds it took, and of them of the processor.

    Medians of nine; neighbors on the machine lengthen the first and hardly touch the second. DuckDB uses two
    processors, so that the second may be more.
    """
    database, mirror = built.database, built.mirror
    largest, usual = Scope(app_ids=[app_id(1)]), Scope(app_ids=[app_id(50)])
    account = Scope(app_ids=[app_id(number) for number in range(1, APPS, APPS // ACCOUNT)])
    owner = Scope(person_id=built.people[0])
    span = {"since": SINCE, "until": UNTIL}

    def counters(scope: Scope) -> Callable[[], object]:
        def work() -> object:
            with database.reading() as session:
                return (
                    panels.series(session, scope, **span, interval=Interval.DAY),
                    parts(session, scope, By.DEVICE, **span),
                    parts(session, scope, By.COUNTRY, **span),
                    panels.retention(session, scope, **span),
                )

        return work

    def asking(
        function: Callable[..., object], *arguments: object, **options: object
    ) -> Callable[[], object]:
        def work() -> object:
            with database.reading() as session:
                return function(session, *arguments, **options)

        return work

    def exactly(scope: Scope) -> Callable[[], object]:
        return asking(exact.listener_days, scope, **span, mirror=mirror)

    day = Interval.DAY
    questions = {
        "series, largest app": asking(panels.series, largest, **span, interval=day),
        "devices, largest app": asking(parts, largest, By.DEVICE, **span),
        "countries, largest app": asking(parts, largest, By.COUNTRY, **span),
        "retention, largest app": asking(panels.retention, largest, **span),
        "these four counter panels, largest app": counters(largest),
        "four counter panels, the 50th app": counters(usual),
        "series, an account's 20 apps": asking(panels.series, account, **span, interval=day),
        "series, a producer: 20 apps and tracks": asking(panels.series, owner, **span, interval=day),
        "top tracks, largest app": asking(breakdown, Dimension.TRACK, scope=largest, **span),
        "listener-days, largest app, counted": asking(panels.listener_days, largest, **span),
        "listener-days, 20 apps, sketches": asking(panels.listener_days, account, **span),
        "listener-days from listens, largest app": exactly(largest),
        "listener-days from listens, the 50th app": exactly(usual),
        "listener-days from listens, 20 apps": exactly(account),
    }
    return [(name, *_ms(work)) for name, work in questions.items()]


def check(built: Built, number: int = 3) -> None:
    """Spot figures of one app equal what plain Python counts, listen by listen."""
    rows: list[tuple[Any, ...]] = []
    with built.database.reading() as session, columns.connect(built.mirror.folder) as engine:
        for row in session.scalars(select(SealedDay)).all():
            path = built.mirror.path_of(row.listens_key)
            query = f"SELECT * FROM read_parquet('{path}') WHERE app = ?"
            rows += engine.execute(query, [app_id(number)]).fetchall()
    names = list(columns.LISTENS)
    place = {name: names.index(name) for name in names}
    state = [row[place["state"]] for row in rows]
    heard = {(row[0], row[place["listener"]]) for row, bits in zip(rows, state, strict=True) if bits & 1}
    countries: dict[str, int] = {}
    for row, bits in zip(rows, state, strict=True):
        countries[row[place["country"]]] = countries.get(row[place["country"]], 0) + (bits >> 1 & 1)
    scope = Scope(app_ids=[app_id(number)])
    span = {"since": SINCE, "until": UNTIL}
    with built.database.reading() as session:
        found = panels.series(session, scope, **span, interval=Interval.DAY)
        assert found.totals.starts == len(rows) > 0
        assert found.totals.plays == sum(bits >> 1 & 1 for bits in state)
        assert found.totals.completed == sum(bits & 6 == 6 for bits in state)
        assert found.totals.listen_ms == sum(row[place["listen_ms"]] for row in rows)
        assert sum(bool(point.counts.starts) for point in found.points) == built.figures.days
        listeners = len({one for one in heard if one[1] is not None})
        assert panels.listener_days(session, scope, **span).days == listeners
        assert exact.listener_days(session, scope, **span, mirror=built.mirror) == listeners
        by_country = parts(session, scope, By.COUNTRY, **span, top=500)
        assert all(part.plays == countries[part.value] for part in by_country.rows)
        assert by_country.total.plays == sum(countries.values())
        kept = panels.retention(session, scope, **span)
        assert kept.percent == sum(row[place["percent"]] for row in rows)
        assert kept.tenths[0] == sum(row[place["tenths"]] & 1 for row in rows)
        by_track = dict(breakdown(session, Dimension.TRACK, scope=scope, **span))
        track = rows[0][place["track"]]
        assert by_track[track].starts == sum(row[place["track"]] == track for row in rows)


def tables(folder: Path, sizes: Sequence[int]) -> Table:
    """Everything about so many listens, a column for each number."""
    columns: list[dict[str, str]] = []
    for listens in sizes:
        built = build(folder / str(listens), listens)
        check(built, max(3, listens // 100_000))
        figures = built.figures
        columns.append(
            {
                "sealed by 90 days": f"{figures.seconds_sealed:,.0f} s",
                "rolled up by the rebuild": f"{figures.seconds_rebuilt:,.0f} s",
                "sealed files, a listen": f"{figures.bytes_sealed / figures.listens:.1f} B",
                "roll-ups and sketches, SQLite": f"{figures.bytes_rolled_up / 1e6:,.0f} MB",
                **{name: f"{wall:,.1f} ({cpu:,.1f}) ms" for name, wall, cpu in ask(built)},
            }
        )
        built.database.close()
    rows = [(name, *(column[name] for column in columns)) for name in columns[0]]
    head = ("90 days; wall (processor)", *(f"{listens:,}" for listens in sizes))
    return Table(f"Listens of {APPS:,} apps with {TRACKS} tracks each", head, rows)


def _seal(database: Database, mirror: Mirror, day: date, listens: int, folder: Path) -> int:
    with columns.connect(mirror.folder, memory="4GB") as engine:
        engine.execute("SELECT setseed(?)", [day.toordinal() % 1000 / 1000])
        engine.execute(_GENERATED, [listens, day_number(day), listens])
        paths = [folder / f"{name}.parquet" for name in ("listens", "moments")]
        columns.write(engine, columns.select_sealed_listens("listens"), paths[0])
        columns.write(engine, _MOMENTS, paths[1])
        size = sum(path.stat().st_size for path in paths)
        keys = [f"listening/{day}/{path.name}" for path in paths]
        for key, path in zip(keys, paths, strict=True):
            mirror.store(key, path)
        with database.writing() as session:
            session.add(
                SealedDay(
                    day=day,
                    changes=0,
                    sealed_changes=0,
                    listens_key=keys[0],
                    moments_key=keys[1],
                    listens=listens,
                    bytes=size,
                    sealed_at=NOW,
                )
            )
            session.execute(text("INSERT OR IGNORE INTO listen_name (name) SELECT id FROM flex_app"))
            keep_sketches(session, day, sketches_of(engine, "listens"))
    return size


_GENERATED = """
CREATE TEMP TABLE listens AS
WITH drawn AS (
    SELECT least(2000, floor(pow(2001, random()))::INTEGER) AS n, random() AS a, random() AS b, random() AS c,
        random() AS d, random() AS e, random() AS f, random() AS g, random() AS h FROM range(?)
), heard AS (
    SELECT *, (120000 * least(1, d * 1.3))::INTEGER AS ms, floor(b * 24)::INTEGER AS look FROM drawn
)
SELECT ?::INTEGER AS day, 'app_' || lpad(n::VARCHAR, 26, '0') AS app,
    'plc_' || lpad(n::VARCHAR, 26, '0') AS placement,
    'own_site' AS channel, 'trk_' || lpad((n * 20 + floor(a * 20)::INTEGER)::VARCHAR, 26, '0') AS track,
    'site' || (n * 3 + floor(e * 3)::INTEGER) || '.example' AS host,
    chr(65 + floor(pow(180, c))::INTEGER % 26) || chr(65 + floor(pow(180, c))::INTEGER // 26) AS country,
    ['phone', 'desktop', 'tablet'][look % 3 + 1] AS device,
    ['iOS', 'Android', 'Windows', 'macOS'][look // 3 % 4 + 1] AS os,
    ['Chrome', 'Safari'][look // 12 + 1] AS browser,
    ['list', 'bar', 'card', 'compact'][floor(e * 4)::INTEGER + 1] AS layout,
    floor(f * 86400)::INTEGER AS second, ms AS listen_ms, least(100, ms // 1200)::TINYINT AS percent,
    ((1 << (ms // 12000)) - 1)::SMALLINT AS tenths,
    ((ms >= 30000)::INTEGER + 2 * (ms >= 30000 AND g < 0.9)::INTEGER + 4 * (ms >= 96000)::INTEGER)::TINYINT
        AS state,
    CASE WHEN h < 0.95 THEN n || '-' || floor(pow(g, 1.5) * (3 + ? / (8.2 * n)))::INTEGER END AS listener
FROM heard
"""
_MOMENTS = """
SELECT day, app, placement, channel, '' AS track, host, (second // 3600)::TINYINT AS hour,
    (2 * count(*))::INTEGER AS loads, count(*)::INTEGER AS impressions, (count(*) // 9)::INTEGER AS checkouts,
    0 AS views, (count(*) // 8)::INTEGER AS opens, (count(*) // 20)::INTEGER AS adds, 0 AS downloads,
    (count(*) // 50)::INTEGER AS sales, 0 AS refunds
FROM listens GROUP BY ALL ORDER BY app, hour, host
"""


def _catalog(database: Database) -> None:
    """Accounts of 20 apps and their tracks: copies of one of each that the factories made."""
    with database.writing() as session:
        people = [make_person(session) for _ in range(APPS // ACCOUNT)]
        first = make_app(session, people[0])
        types = [make_license_type(session, people[0])]
        track = make_track(session, people[0], license_types=types, files=(), duration_ms=120_000)
        for model, made, owner, count, name in (
            (FlexApp, first, "owner_id", 1, app_id),
            (Track, track, "producer_id", TRACKS, lambda number: f"trk_{number:026}"),
        ):
            source = model.__table__
            assert isinstance(source, SqlTable)
            row = dict(session.execute(select(source).where(source.c.id == made.id)).mappings().one())
            numbers = range(count, (APPS + 1) * count)
            session.execute(
                insert(source),
                [
                    {**row, "id": name(n), "slug": f"{model.__name__}-{n}".lower(),
                     owner: people[(n // count) % len(people)].id}
                    for n in numbers
                ],
            )  # fmt: skip


def _size(database: Database) -> int:
    with database.engine.connect() as connection:
        pages = connection.execute(
            text(
                "SELECT (page_count - freelist_count) * page_size "
                "FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
            )
        )
        return int(pages.scalar_one())


def _ms(work: Callable[[], object], rounds: int = 9) -> tuple[float, float]:
    work()
    spent = []
    for _ in range(rounds):
        began, busy = time.perf_counter(), time.process_time()
        work()
        spent.append((time.perf_counter() - began, time.process_time() - busy))
    wall, cpu = (statistics.median(column) * 1000 for column in zip(*spent, strict=True))
    return wall, cpu


def run(folder: Path) -> Table:
    """One million, or each number of ``--listens``; ``--keep`` names a folder to build in and ask again."""
    return tables(KEEP or folder, LISTENS)
