"""The published document on one core: against the least a server can do, nginx, and a cache in Flask."""

from __future__ import annotations

import json
import statistics
import sys
from contextlib import ExitStack
from pathlib import Path

import requests

from flexapp.apps import operations as apps
from tests.benchmarks.load import Served, free_port, press, start, start_nginx
from tests.benchmarks.setting import Table, app_in
from tests.factories.catalog import make_track
from tests.factories.people import make_person

ROUNDS, SECONDS = 5, 2
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0",
    "Accept-Encoding": "br",
    "Referer": "https://blog.example/",
}
FRAME = {**BROWSER, "Sec-Fetch-Dest": "iframe"}


def run(folder: Path) -> Table:
    """Rounds take turns; medians. Ten tracks in the lineup, brotli, a session token in every answer."""
    path = _publish(folder)
    with ExitStack() as stack:
        ours = _start(stack, "ours", folder)
        found = requests.get(f"http://127.0.0.1:{ours.port}{path}", headers=BROWSER, stream=True, timeout=60)
        body = found.raw.read(decode_content=False)
        headers = [pair for pair in found.headers.items() if pair[0].lower() not in ("server", "date")]
        told = folder / "answer.json"
        told.write_text(json.dumps({"body": body.hex(), "headers": headers}))
        bare = _start(stack, "bare", folder, FLEXAPP_BENCH_ANSWER=str(told))
        cached = _start(stack, "cached", folder, FLEXAPP_BENCH_ANSWER=str(told))
        nginx = start_nginx(folder, path, body, headers)
        unchanged, framed = Served(ours.process, ours.port), Served(ours.process, ours.port)
        wishes = [
            (bare, BROWSER),
            (ours, BROWSER),
            (unchanged, {**BROWSER, "If-None-Match": found.headers["ETag"]}),
            (framed, FRAME),
            (cached, BROWSER),
        ]
        if nginx is not None:
            stack.callback(nginx.stop)
            wishes.append((nginx, BROWSER))
        for _ in range(ROUNDS):
            for served, wish in wishes:
                press(served, path, wish, seconds=SECONDS)
    return Table(
        f"The published document on one core, {len(body):,} bytes as sent, 64 connections",
        ("served by", "a second", "of bare", "µs CPU", "of bare", "of nginx", "of @cached"),
        [
            _row("a bare WSGI function, same bytes", bare, bare, nginx, cached),
            _row("the lane, with a session of its own", ours, bare, nginx, cached),
            _row("the lane, 304 for what the browser has", unchanged, bare, nginx, cached),
            _row("the lane, for a frame: its load is stored", framed, bare, nginx, cached),
            _row("Flask, flask-caching's @cached", cached, bare, nginx, cached),
            _row("nginx, a static file", nginx, bare, nginx, cached),
        ],
    )


def _publish(folder: Path) -> str:
    services = app_in(folder).extensions["flexapp"]
    now = services.clock.now()
    with services.database.writing() as session:
        owner = make_person(session)
        for number in range(10):
            make_track(session, owner, title=f"Beat {number}")
        flex_app = apps.create_app(session, owner, name="Ten beats", now=now)
        apps.add_rule(session, flex_app, now=now)
    services.database.close()
    return f"/embed/v1/{flex_app.id}"


def _start(stack: ExitStack, name: str, folder: Path, **told: str) -> Served:
    port = free_port()
    environment = {
        "FLEXAPP_HOME": str(folder),
        "FLEXAPP_PORT": str(port),
        "FLEXAPP_EMBEDDED_WORKER": "false",
        **told,
    }
    served = start([sys.executable, "-m", "tests.benchmarks.served", name], port, environment)
    stack.callback(served.stop)
    return served


def _row(
    name: str, served: Served | None, bare: Served, nginx: Served | None, cached: Served
) -> tuple[str, ...]:
    if served is None:
        return (name, "not here: apt-get install nginx-light", "", "", "", "", "")
    rate, cost = statistics.median(served.rates), statistics.median(served.costs)
    return (
        name,
        f"{rate:,.0f}",
        f"{rate / statistics.median(bare.rates):.0%}",
        f"{cost:.1f}",
        f"{statistics.median(bare.costs) / cost:.0%}",
        f"{rate / statistics.median(nginx.rates):.0%}" if nginx is not None else "",
        f"{rate / statistics.median(cached.rates):.1f} x",
    )
