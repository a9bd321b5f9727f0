"""The player's document against a bare WSGI function that returns the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from werkzeug.test import EnvironBuilder, run_wsgi_app

from flexapp.apps import operations as apps
from tests.benchmarks.setting import Table, app_in, per_second
from tests.factories.catalog import make_track
from tests.factories.people import make_person

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def run(folder: Path) -> Table:
    """Calls a second in this process, without a network; ten tracks in the lineup."""
    app = app_in(folder)
    services = app.extensions["flexapp"]
    now = services.clock.now()
    with services.database.writing() as session:
        owner = make_person(session)
        for number in range(10):
            make_track(session, owner, title=f"Beat {number}")
        flex_app = apps.create_app(session, owner, name="Ten beats", now=now)
        apps.add_rule(session, flex_app, now=now)
    path = f"/embed/v1/{flex_app.id}"
    body = b"".join(run_wsgi_app(app.wsgi_app, EnvironBuilder(path=path).get_environ())[0])

    def bare(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(body)))])
        return [body]

    raw = per_second(lambda: _call(bare, path))
    document = per_second(lambda: _call(app.wsgi_app, path))
    return Table(
        f"The player's document, {len(body):,} bytes before compression",
        ("served by", "per second", "of bare"),
        [
            ("a bare WSGI function", f"{raw:,.0f}", "100 %"),
            ("the app, rendered for each view", f"{document:,.0f}", f"{document / raw:.1%}"),
        ],
    )


def _call(app: Any, path: str) -> None:
    answer, status, _ = run_wsgi_app(app, EnvironBuilder(path=path).get_environ())
    assert status.startswith("200"), status
    b"".join(answer)
