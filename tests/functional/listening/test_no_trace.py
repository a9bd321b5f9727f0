"""Nothing that is left behind names a listener: no cookie from a path of a player, no address in any file."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import tempfile
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from flexapp.listening.upkeep import forget_listens, mirror_of, seal_listens
from flexapp.web.access import Access, access_of
from tests.factories.listening import CHROME, PATH
from tests.factories.people import sign_in
from tests.functional.listening.conftest import Scene
from tests.functional.listening.test_privacy import HOME, HOUSE, everything_stored, opened

HEADERS = {"User-Agent": CHROME, "Sec-Fetch-Dest": "iframe", "Origin": "null"}
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


def paths_of(rule: Rule, app: Flask, known: Iterable[str]) -> list[str]:
    """Addresses of a rule: with things that there are, and with nonsense."""
    adapter = app.url_map.bind("localhost")
    found = set()
    for value in (*known, "0.0.0", "7", "x"):
        values = {name: "webp" if name == "kind" else value for name in rule.arguments}
        with contextlib.suppress(HTTPException, ValueError, LookupError):
            found.add(adapter.build(rule.endpoint, values))
    return sorted(found)


def test_no_answer_on_any_path_for_strangers_sets_a_cookie(
    scene: Scene, app: Flask, client: FlaskClient
) -> None:
    """Every such rule of the URL map, each method, found or not, also for somebody who is signed in."""
    listener = scene.listener()
    listener.hear(scene.beat, (0, 30))
    ids = [scene.app.id, scene.beat.id, scene.producer.id, listener.token]
    rules = [rule for rule in app.url_map.iter_rules() if access_of(app, rule.endpoint) is Access.STRANGER]
    assert len(rules) >= 12
    sign_in(client, scene.services, scene.affiliate)
    statuses = set()
    for browser in (app.test_client(), client):
        for rule in rules:
            paths = paths_of(rule, app, ids)
            assert paths, rule.rule
            for path in paths:
                for method in METHODS:
                    answer = browser.open(f"{path}?k={scene.placement.key}", method=method, headers=HEADERS)
                    assert "Set-Cookie" not in answer.headers, f"{method} {path}"
                    assert "Access-Control-Allow-Credentials" not in answer.headers, f"{method} {path}"
                    statuses.add(answer.status_code)
                    answer.close()
    assert {200, 204, 400, 404, 405} <= statuses
    assert not [status for status in statuses if status >= 500]


def test_an_opaque_frame_may_delete_what_is_kept_of_it_and_nothing_else_is_opened(
    scene: Scene, client: FlaskClient
) -> None:
    listener = scene.listener()
    listener.hear(scene.beat, (0, 60))
    scene.settle()
    asked = {"Origin": "null", "Access-Control-Request-Method": "DELETE"}
    answer = client.options(f"{PATH}/{listener.token}", headers=asked)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, DELETE"
    for name in ("Access-Control-Allow-Headers", "Access-Control-Allow-Credentials", "Set-Cookie"):
        assert name not in answer.headers
    gone = client.delete(f"{PATH}/{listener.token}", headers={"Origin": "null"})
    assert (gone.status_code, gone.headers["Access-Control-Allow-Origin"]) == (204, "*")
    missing = client.delete(f"{PATH}/nothing", headers={"Origin": "null"})
    assert (missing.status_code, missing.headers["Access-Control-Allow-Origin"]) == (404, "*")
    for path in (PATH, "/api/v1/tracks", "/api/v1/apps"):
        answer = client.options(path, headers=asked)
        assert "Access-Control-Allow-Methods" not in answer.headers, path
    scene.settle()
    assert scene.counts(app_ids=[scene.app.id]).plays == 0


def spellings(address: str) -> list[bytes]:
    """How an address may stand in a file; four bare bytes would be found in any large one."""
    parsed = ipaddress.ip_address(address)
    numbers = [str(int(parsed)).encode(), parsed.packed.hex().encode()]
    texts = [address.encode(), str(parsed).encode(), parsed.exploded.encode()]
    if isinstance(parsed, ipaddress.IPv6Address):
        house = ipaddress.ip_network((parsed, 64), strict=False).network_address
        return [*numbers, *texts, parsed.packed, house.packed[:8], str(house).removesuffix("::").encode()]
    return [*numbers, *texts, ".".join(address.split(".")[:3]).encode()]


def test_no_address_is_left_in_any_file_table_or_log(
    scene: Scene,
    client: FlaskClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """After listening, mistakes, a cart, sealing and forgetting; temporary and sealed files too."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    caplog.set_level(logging.DEBUG)
    for address in (HOME, HOUSE):
        listener = opened(scene, client, address)
        listener.hear(scene.beat, (0, 60))
        listener.send([listener.event("page-0001", scene.beat, "o")])
        asks = {"headers": HEADERS, "environ_base": {"REMOTE_ADDR": address}}
        client.post(PATH, data="no report", **asks)
        client.post("/embed/v1/carts", data="{}", **asks)
        client.get("/embed/v1/app_none", **asks)
        client.get(f"/media/{scene.beat.id}.mp3?s={listener.token}", **asks).close()
    scene.settle()
    stored = everything_stored(scene)
    scene.wait(timedelta(days=9).total_seconds())
    seal_listens(scene.services)
    forget_listens(scene.services)
    stored += everything_stored(scene)
    sealed = list(tmp_path.rglob("*.parquet"))
    assert sealed
    for path in sealed:
        stored += str(duckdb.sql(f"SELECT * FROM read_parquet('{path}')").fetchall())
    files = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    files["tables and columns"] = stored.encode()
    files["log"] = caplog.text.encode()
    files["output"] = "".join(capfd.readouterr()).encode()
    assert scene.beat.id in stored
    assert mirror_of(scene.services).folder.is_relative_to(tmp_path)
    left = [
        f"{spelling!r} in {name}"
        for address in (HOME, HOUSE)
        for spelling in spellings(address)
        for name, content in files.items()
        if spelling in content
    ]
    assert not left
