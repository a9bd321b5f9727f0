"""Twenty kills under load, of three things: the server, PostgreSQL, the worker that folds.

Players of many networks report ten events at a time. While the server is gone, what got no answer waits for
its next start; while PostgreSQL is gone or a worker dies the server goes on, and players report again what
was not stored. In the end the log must hold each event once, and the totals, folded by programs that died
on the way, must be those of folding the same log in one go.
"""

from __future__ import annotations

import http.client
import random
import time
from contextlib import closing
from pathlib import Path

from flexapp import migrations
from flexapp.kernel.signing import Signer
from flexapp.storage.session import Database
from tests.benchmarks.setting import Table, settings_in
from tests.functional.listening.killing import Load, post
from tests.functional.listening.outcome import Outcome, make_a_track, outcome
from tests.functional.listening.programs import Server
from tests.functional.listening.stage import postgres_stops, stage, workers_die

KILLS, IN_FOLD = 20, 4  #: every fourth happens inside the fold, between its writes and its commit
AT_ONCE = 10
EVENTS = 5500  #: acknowledged between two kills
LONE_EVENTS = 7000  #: before each kill of the server, but when it dies inside the fold
PAUSE_SECONDS = 0.05  #: between two reports of a player, so that workers find time to start


def run(folder: Path) -> Table:
    """One column for each of the three."""
    made: list[tuple[str, Outcome]] = []
    for title, kill in (("server", _servers), ("PostgreSQL", _postgres), ("worker", _workers)):
        place = folder / f"kills-{title}"
        place.mkdir()
        made.append((title, kill(place)))
    for title, found in made:
        if not found.is_exact:
            raise RuntimeError(f"{title}: {found}")
    found = [each for _, each in made]
    return Table(
        f"{KILLS} kills of each under load; of server (SQLite FULL) and worker every fourth inside the fold",
        ("events", *(title for title, _ in made)),
        [
            ("acknowledged", *(f"{each.acknowledged:,}" for each in found)),
            ("acknowledged and lost", *(f"{each.lost:,}" for each in found)),
            ("stored twice", *(f"{each.twice:,}" for each in found)),
            ("stored, never acknowledged", *(f"{each.stored - each.acknowledged:,}" for each in found)),
            ("counted by folds that were disturbed", *(f"{each.counted:,}" for each in found)),
            ("counted by one fold of the same log", *(f"{each.told_once:,}" for each in found)),
        ],
    )


def _servers(folder: Path) -> Outcome:
    """kill -9 of `flexapp serve` on SQLite, which folds by itself."""
    url = settings_in(folder).database_url
    database = Database(url, pool_size=4)
    migrations.upgrade(database)
    track_id, signer = make_a_track(database), Signer(settings_in(folder).secret_key)
    acknowledged: set[str] = set()
    waiting: list[tuple[list[str], str]] = []
    for number in range(KILLS):
        dies_at = "fold.written" if number % IN_FOLD == IN_FOLD - 1 else ""
        with Server(url, folder, dies_at=dies_at, FLEXAPP_TRUSTED_PROXIES="1") as server:
            if not dies_at:
                acknowledged |= _again(server.port, waiting)
            load = Load(server.port, signer, track_id, at_once=AT_ONCE, proxied=True)
            threads = load.run()
            while len(load.acknowledged) < LONE_EVENTS and any(thread.is_alive() for thread in threads):
                time.sleep(0.02)
            time.sleep(random.uniform(0, 1))
            server.kill()
            for thread in threads:
                thread.join(20)
            acknowledged |= load.acknowledged
            waiting += load.unanswered
    found = outcome(database, acknowledged, folder)
    database.close()
    return found


def _postgres(folder: Path) -> Outcome:
    """``pg_ctl stop -m immediate``; server and worker go on and find it again."""
    with stage(folder, at_once=AT_ONCE) as on:
        with on.load.running(), on.worker():
            postgres_stops(on, times=KILLS, events=EVENTS)
        return outcome(on.database, on.load.acknowledged, folder)


def _workers(folder: Path) -> Outcome:
    """kill -9 of `flexapp work`, which folds; server and PostgreSQL go on."""
    with stage(folder, at_once=AT_ONCE, pause=PAUSE_SECONDS) as on:
        with on.load.running():
            workers_die(on, times=KILLS, in_fold=IN_FOLD, events=EVENTS)
        return outcome(on.database, on.load.acknowledged, folder)


def _again(port: int, waiting: list[tuple[list[str], str]]) -> set[str]:
    """What got no answer is reported once more, as players do; what is acknowledged now."""
    done: set[str] = set()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        for plays, body in list(waiting):
            if post(connection, body) == 204:
                done.update(plays)
                waiting.remove((plays, body))
    return done
