"""The product with another end of its door of listens: ``python -m tests.benchmarks.sinks <name>``.

``stored`` is as it is, ``none`` checks a report like the others and drops it, ``alone`` gives each report a
transaction of its own, one at a time. ``FLEXAPP_BENCH_DISK_MS`` makes every transaction wait so long before
its commit, as a slower disk would. The pace of one sender is not held, since all of the load is one.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from flexapp.app import create_app
from flexapp.cli import server
from flexapp.config import Settings
from flexapp.kernel import steps
from flexapp.listening.lines import Row, lines_of
from flexapp.listening.pace import Pace
from flexapp.web import warming

SINKS = ("stored", "none", "alone")
_NO_END = 10**12


def make(name: str) -> Any:
    """The WSGI app with that sink."""
    settings = Settings()
    app = create_app(settings)
    door = app.extensions["flexapp.listens"]
    door._sessions, door._networks = Pace(_NO_END), Pace(_NO_END)
    ingest, one_at_a_time = door.ingest, threading.Lock()

    def alone(rows: Sequence[Row]) -> None:
        with one_at_a_time:
            ingest._commit_lines(lines_of(rows))

    if name != "stored":
        ingest.submit = alone if name == "alone" else lambda rows: None
    seconds = float(os.environ.get("FLEXAPP_BENCH_DISK_MS", "0")) / 1000
    if seconds:
        steps.install(lambda step, _facts: time.sleep(seconds) if step == "listens.written" else None)
    warming.start(app.extensions["flexapp"].networks)
    return app


if __name__ == "__main__":
    os.environ["FLEXAPP_BENCH_SINK"] = sys.argv[1]
    server(Settings(), "tests.benchmarks.sinks:application").serve()
elif "FLEXAPP_BENCH_SINK" in os.environ:
    application = make(os.environ["FLEXAPP_BENCH_SINK"])
