"""The lane says what Flask says: every request is answered alike with it and without it."""

from __future__ import annotations

import gzip
import io
import json
import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import brotli
import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import Client, EnvironBuilder, TestResponse

from embed import refusals
from flexapp.app import create_app
from flexapp.apps import operations
from flexapp.apps.queries import app_by_id, refused_origins_of
from flexapp.listening import sessions
from flexapp.listening.ingest import Busy, Ingest
from flexapp.listening.models import ListenEvent
from flexapp.web.lane import Lane
from flexapp.workflows.services import Services
from tests.functional.embed.conftest import Stage, stage
from tests.functional.embed.reading import BROWSER

__all__ = ["stage"]
LISTENS = "/api/v1/listens"
FRAME = {**BROWSER, "Referer": "https://blog.example/", "Sec-Fetch-Dest": "iframe", "Accept-Encoding": "br"}
_TOKEN = re.compile(r"v2\.[\w-]+\.[\w-]+(?=\")")


def lane_of(app: Flask) -> Lane:
    """The lane somewhere in front of the app."""
    found: Any = app.wsgi_app
    while not isinstance(found, Lane):
        found = found._inner if hasattr(found, "_inner") else found.app
    return found


@pytest.fixture
def lane(app: Flask) -> Client:
    """Sees what the lane answers itself; 599 where it hands the request on."""
    return lane_alone(app)


def lane_alone(app: Flask) -> Client:
    """The lane without the app behind it."""

    def handed_on(_environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        start("599 Handed on", [("Content-Length", "0")])
        return [b""]

    alone = Lane(handed_on)
    before = lane_of(app)
    alone.fill(paths=before._paths, below=dict(before._below))
    return Client(alone)


@pytest.fixture
def flask(app: Flask) -> Client:
    """Flask without the lane, in the same process."""
    return Client(lane_of(app)._behind)


def plain(response: TestResponse) -> str:
    data = response.data
    coding = response.headers.get("Content-Encoding")
    if coding == "br":
        data = brotli.decompress(data)
    return (gzip.decompress(data) if coding == "gzip" else data).decode()


def shape(response: TestResponse) -> tuple[Any, ...]:
    """All of an answer that may not differ."""
    headers = {
        name: value
        for name, value in response.headers
        if name not in ("X-Request-Id", "Content-Length" if response.status_code != 204 else "")
    }
    return response.status, headers, _TOKEN.sub("TOKEN", plain(response))


@pytest.mark.parametrize("query", ["", "?layout=bar&theme=dark", "?color=00aa55&t=3", "?unknown=1", "?dnt=1"])
@pytest.mark.parametrize("coding", ["br", "gzip", "identity", "gzip;q=0, br;q=0"])
def test_a_published_document_is_the_same_by_both_ways(
    lane: Client, flask: Client, stage: Stage, query: str, coding: str
) -> None:
    path = f"/embed/v1/{stage.app_id}{query}"
    headers = {**FRAME, "Accept-Encoding": coding}
    assert lane.get(path, headers=headers).status_code == 599, "nothing is published yet"
    first = flask.get(path, headers=headers)
    second, third = lane.get(path, headers=headers), flask.get(path, headers=headers)
    assert first.status_code == 200
    assert shape(first) == shape(second) == shape(third)
    assert int(second.headers["Content-Length"]) == len(second.data)
    tokens = [_TOKEN.findall(plain(each))[-1] for each in (first, second, third)]
    assert len(set(tokens)) == 3, "each view has a session of its own"
    assert re.fullmatch(r"req_[\w-]{16,}", second.headers["X-Request-Id"])


def test_sessions_of_the_lane_say_who_asks_from_where(
    lane: Client, flask: Client, stage: Stage, services: Services
) -> None:
    path = f"/embed/v1/{stage.app_id}?k={stage.key}"
    flask.get(path, headers=FRAME)
    for headers, host, flags in (
        ({"Referer": "https://a.example/x"}, "a.example", set()),
        ({"Referer": "https://b.example/", "Sec-GPC": "1"}, "b.example", {"gpc"}),
        ({"DNT": "1", "Referer": ""}, "", {"gpc"}),
        ({"User-Agent": "curl/8"}, "blog.example", {"bot"}),
        ({"Sec-Purpose": "prefetch"}, "blog.example", {"bot"}),
    ):
        answer = lane.get(path, headers={**FRAME, **headers, "Accept-Encoding": ""})
        claims = sessions.read(services.signer, _TOKEN.findall(plain(answer))[-1], services.clock.now())
        assert claims is not None
        assert (claims.app_id, claims.placement_id) == (stage.app_id, stage.placement_id)
        assert (claims.channel, claims.host, claims.flags) == ("affiliate", host, flags)


def test_what_a_browser_has_is_good_for_the_hour_on_the_same_site(
    lane: Client, flask: Client, stage: Stage, clock: Any
) -> None:
    path = f"/embed/v1/{stage.app_id}"
    tag = flask.get(path, headers=FRAME).headers["ETag"]
    assert tag.startswith('W/"')
    known = {**FRAME, "If-None-Match": f'"x", {tag}'}
    by_lane, by_flask = lane.get(path, headers=known), flask.get(path, headers=known)
    assert shape(by_lane) == shape(by_flask)
    assert (by_lane.status_code, by_lane.data) == (304, b"")
    assert by_lane.headers["ETag"] == tag
    assert by_lane.headers["Cache-Control"] == "private, no-cache"
    elsewhere = lane.get(path, headers={**known, "Referer": "https://other.example/"})
    assert elsewhere.status_code == 200, "the session in it would name another site"
    followed_not = lane.get(path, headers={**known, "Sec-GPC": "1"})
    assert followed_not.status_code == 200, "the session in it would lack the wish"
    clock.moment = clock.moment.replace(hour=clock.moment.hour + 1)
    assert lane.get(path, headers=known).status_code == 200


def test_the_head_of_a_document_has_no_body(lane: Client, flask: Client, stage: Stage) -> None:
    path = f"/embed/v1/{stage.app_id}"
    whole = flask.get(path, headers=FRAME)
    for way in (lane, flask):
        head = way.head(path, headers=FRAME)
        assert (head.status_code, head.data) == (200, b"")
        assert head.headers["ETag"] == whole.headers["ETag"]


def test_frames_count_as_loads_by_both_ways_and_programs_do_not(
    lane: Client, flask: Client, stage: Stage, services: Services, app: Flask
) -> None:
    path = f"/embed/v1/{stage.app_id}"
    answer = flask.get(path, headers=FRAME)
    lane.get(path, headers=FRAME)
    lane.get(path, headers={**FRAME, "If-None-Match": answer.headers["ETag"]})
    lane.get(path, headers={**FRAME, "Sec-Fetch-Dest": "document"})
    app.extensions["flexapp.ingest"].flush()
    with services.database.reading() as session:
        hosts = session.scalars(select(ListenEvent.host).where(ListenEvent.kind == "l")).all()
    assert hosts == ["blog.example"] * 3


def test_unusual_addresses_and_methods_go_the_long_way(lane: Client, flask: Client, stage: Stage) -> None:
    path = f"/embed/v1/{stage.app_id}"
    flask.get(path)
    for method, address in (
        ("POST", path),
        ("OPTIONS", path),
        ("GET", path + "/"),
        ("GET", "/embed/v1/"),
        ("GET", "/embed/v1/app_none"),
        ("GET", path + "?k=" + "x" * 2000),
        ("GET", "/"),
        ("GET", LISTENS),
        ("DELETE", LISTENS),
    ):
        assert lane.open(address, method=method).status_code == 599, address


def test_a_forged_key_is_looked_up_each_time_and_shares_the_document(
    lane: Client, flask: Client, stage: Stage, app: Flask
) -> None:
    for number in range(5):
        path = f"/embed/v1/{stage.app_id}?k=v1.forged{number}.x"
        assert flask.get(path).status_code == 200
        assert lane.get(path).status_code == 599
    assert len(app.extensions["flexapp.publisher"]._shelf) == 1


def test_refused_sites_are_noted_by_both_ways_and_are_no_loads(
    lane: Client, flask: Client, stage: Stage, services: Services, app: Flask
) -> None:
    with services.database.writing() as session:
        owned = app_by_id(session, stage.app_id)
        assert owned is not None
        operations.set_allowed_origins(session, owned, ["https://blog.example"])
    path = f"/embed/v1/{stage.app_id}"
    flask.get(path, headers=FRAME)
    for way, site in ((lane, "https://one.example"), (flask, "https://two.example")):
        answer = way.get(path, headers={**FRAME, "Referer": f"{site}/"})
        assert answer.status_code == 200
        assert "https://blog.example" in answer.headers["Content-Security-Policy"]
    refusals.flush(services.database)
    app.extensions["flexapp.ingest"].flush()
    with services.database.reading() as session:
        refused = {each.origin for each in refused_origins_of(session, stage.app_id)}
        loads = session.scalar(select(func.count()).where(ListenEvent.kind == "l"))
    assert refused == {"https://one.example", "https://two.example"}
    assert loads == 1, "a refused frame shows nothing"


def test_nothing_is_answered_from_memory_while_the_database_is_away(
    lane: Client, flask: Client, stage: Stage, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flexapp.storage import revisions

    path = f"/embed/v1/{stage.app_id}"
    flask.get(path)
    assert lane.get(path).status_code == 200
    began = revisions.time.monotonic()

    def away() -> None:
        raise revisions.SQLAlchemyError("the database is away")

    monkeypatch.setattr(services.database, "connect_reading", away)
    for spent, status in ((1.0, 200), (revisions.TRUSTED_SECONDS + 1, 599)):
        monkeypatch.setattr(revisions.time, "monotonic", lambda spent=spent: began + spent)
        assert lane.get(path).status_code == status


def test_over_https_both_ways_ask_for_https(settings: Any, services: Services, stage: Stage) -> None:
    secure = settings.model_copy(update={"base_url": "https://flex.example"})
    app = create_app(secure, replace(services, settings=secure))
    path = f"/embed/v1/{stage.app_id}"
    ways = (Client(lane_of(app)._behind), Client(lane_of(app)))
    answers = [way.get(path, base_url="https://flex.example") for way in ways]
    assert shape(answers[0]) == shape(answers[1])
    assert answers[1].headers["Strict-Transport-Security"] == "max-age=31536000"
    reports = [way.post(LISTENS, data=b"{}", base_url="https://flex.example") for way in ways]
    assert shape(reports[0]) == shape(reports[1])
    assert reports[1].headers["Strict-Transport-Security"] == "max-age=31536000"


def report(services: Services, stage: Stage, **fields: Any) -> bytes:
    token = sessions.mint(
        services.signer,
        app_id=stage.app_id,
        placement_id=stage.placement_id,
        channel="affiliate",
        host="blog.example",
        now=services.clock.now(),
    )
    event = {"p": str(uuid.uuid4()), "n": 0, "k": "s", "b": stage.track_ids[0], "at": 0, **fields}
    return json.dumps({"v": 1, "s": token, "e": [event]}).encode()


def test_a_report_is_taken_and_stored_alike(
    lane: Client, flask: Client, stage: Stage, services: Services
) -> None:
    answers = [way.post(LISTENS, data=report(services, stage), headers=BROWSER) for way in (lane, flask)]
    assert shape(answers[0]) == shape(answers[1])
    assert answers[0].status_code == 204
    with services.database.reading() as session:
        rows = session.scalars(select(ListenEvent).where(ListenEvent.kind == "s")).all()
    assert len(rows) == 2
    assert len({(row.visitor_key, row.app_id, row.host, row.track_id) for row in rows}) == 1


@pytest.mark.parametrize("body", [b"{}", b"hello", b'{"v":1,"s":"x","e":[{}]}', b"x" * 4096])
def test_what_is_no_report_is_refused_alike(lane: Client, flask: Client, body: bytes) -> None:
    answers = [way.post(LISTENS, data=body, headers=BROWSER) for way in (lane, flask)]
    assert shape(answers[0]) == shape(answers[1])
    assert answers[0].status_code == 400


def test_a_busy_store_says_so_alike(
    lane: Client, flask: Client, stage: Stage, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_self: Ingest, _rows: Any) -> None:
        raise Busy("Too much is waiting to be stored.")

    monkeypatch.setattr(Ingest, "submit", busy)
    answers = [way.post(LISTENS, data=report(services, stage), headers=BROWSER) for way in (lane, flask)]
    assert shape(answers[0]) == shape(answers[1])
    assert answers[0].status_code == 503
    assert answers[0].headers["Retry-After"] == "2"


def test_long_and_endless_bodies_go_the_long_way_unread(lane: Client, flask: Client) -> None:
    assert lane.post(LISTENS, data=b"x" * 5000).status_code == 599
    assert flask.post(LISTENS, data=b"x" * 5000).status_code == 413
    endless = EnvironBuilder(LISTENS, method="POST", input_stream=io.BytesIO(b"x" * 9000)).get_environ()
    endless.update({"wsgi.input_terminated": True, "CONTENT_LENGTH": ""})
    assert lane.open(endless).status_code == 599


def test_a_report_that_breaks_something_is_told_by_flask(
    app: Flask, stage: Stage, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_self: Ingest, _rows: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(Ingest, "submit", breaks)
    answer = Client(lane_of(app)).post(LISTENS, data=report(services, stage), headers=BROWSER)
    assert answer.status_code == 500
    assert answer.mimetype == "application/problem+json"


def test_many_who_ask_at_once_for_what_is_not_there_wait_for_one_rendering(
    app: Flask, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from embed import publishing

    render, rendered = publishing.player_document, []

    def counted(*given: Any, **named: Any) -> Any:
        rendered.append(threading.get_ident())
        wait.wait(0.2)
        return render(*given, **named)

    wait = threading.Event()
    monkeypatch.setattr(publishing, "player_document", counted)
    answers: list[int] = []

    def ask() -> None:
        answers.append(Client(lane_of(app)).get(f"/embed/v1/{stage.app_id}", headers=FRAME).status_code)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 6
    assert len(rendered) == 1
