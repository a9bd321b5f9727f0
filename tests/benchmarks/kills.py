"""Twenty kills under load, at random moments and inside the fold: what was acknowledged is counted again.

Players of many networks report ten events at a time until the process group gets SIGKILL, and report what
got no answer once more at the next start. In the end the log must hold each event once, and the totals,
folded by servers that died on the way, must be those of folding the same log in one go.
"""

from __future__ import annotations

import http.client
import random
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import func, select

from flexapp import migrations
from flexapp.kernel.clock import SystemClock
from flexapp.kernel.signing import Signer
from flexapp.listening.folding import fold_all
from flexapp.listening.ingest import Ingest
from flexapp.listening.models import Kind, ListenEvent
from flexapp.storage.session import Database
from tests.benchmarks.setting import Table, settings_in
from tests.factories.catalog import make_license_type, make_track
from tests.factories.people import make_person
from tests.functional.listening.killing import Load, Server, post, starts_counted

KILLS = 20
AT_ONCE, NETWORKS = 10, 40
LONGEST_SECONDS = 5.0


def run(folder: Path) -> Table:
    """Every fourth kill happens inside the fold, between its writes and its commit."""
    url = settings_in(folder).database_url
    database = Database(url, pool_size=4)
    migrations.upgrade(database)
    with database.writing() as session:
        producer = make_person(session)
        types = [make_license_type(session, producer)]
        track_id = make_track(session, producer, license_types=types, files=()).id
    signer = Signer(settings_in(folder).secret_key)
    acknowledged: set[str] = set()
    waiting: list[tuple[list[str], str]] = []
    in_fold = 0
    for number in range(KILLS):
        dies_at = "fold.written" if number % 4 == 3 else ""
        in_fold += bool(dies_at)
        with Server(url, folder, dies_at=dies_at, FLEXAPP_TRUSTED_PROXIES="1") as server:
            if not dies_at:
                acknowledged |= _again(server.port, waiting)
            load = Load(server.port, signer, track_id, at_once=AT_ONCE, networks=NETWORKS)
            threads = load.run()
            time.sleep(LONGEST_SECONDS * random.uniform(0.5, 1))
            server.kill()
            for thread in threads:
                thread.join(20)
            acknowledged |= load.acknowledged
            waiting += load.unanswered
    fold_all(database, now=SystemClock().now())
    with database.reading() as session:
        rows = session.scalars(select(ListenEvent.play_id).where(ListenEvent.kind == Kind.START)).all()
        counted = starts_counted(session)
        copied = session.scalar(select(func.count()).select_from(ListenEvent)) or 0
    alike = _folded_in_one_go(database, folder)
    database.close()
    stored = set(rows)
    if len(rows) != copied:
        raise RuntimeError("there are other events than were reported")
    return Table(
        f"{KILLS} kills of the server under load, {in_fold} of them inside the fold, SQLite FULL",
        ("", "events"),
        [
            ("acknowledged", f"{len(acknowledged):,}"),
            ("acknowledged and lost", f"{len(acknowledged - stored):,}"),
            ("stored twice", f"{len(rows) - len(stored):,}"),
            ("stored, never acknowledged (reported again later)", f"{len(stored - acknowledged):,}"),
            ("counted by the folds that were killed", f"{counted:,}"),
            ("counted by one fold of the same log", f"{alike:,}"),
        ],
    )


def _again(port: int, waiting: list[tuple[list[str], str]]) -> set[str]:
    """What got no answer is reported once more, as players do; what is acknowledged now."""
    done: set[str] = set()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        for plays, body in list(waiting):
            if post(connection, body) == 204:
                done.update(plays)
                waiting.remove((plays, body))
    return done


def _folded_in_one_go(database: Database, folder: Path) -> int:
    """The starts that an undisturbed fold makes of the same log, in a database of its own."""
    other = Database(f"sqlite:///{folder / 'undisturbed.sqlite3'}", pool_size=4)
    migrations.upgrade(other)
    ingest = Ingest(other)
    columns = [column for column in ListenEvent.__table__.columns if column.name != "id"]
    with database.reading() as session:
        track_id = session.scalar(select(ListenEvent.track_id).limit(1))
        for part in session.execute(select(*columns).order_by(ListenEvent.id)).partitions(2000):
            ingest.submit([dict(row._mapping) for row in part])
    with other.writing() as session:
        producer = make_person(session)
        make_track(
            session, producer, id=track_id, license_types=[make_license_type(session, producer)], files=()
        )
    fold_all(other, now=SystemClock().now())
    with other.reading() as session:
        counted = starts_counted(session)
    other.close()
    return counted
