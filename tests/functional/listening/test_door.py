"""The door of listens: what it answers, what it stores, and what it never stores."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from embed.listens import EVENTS_PER_SESSION
from flexapp.catalog.models import Track
from flexapp.listening import sessions
from flexapp.listening.ingest import Busy, Ingest, ingest_of
from flexapp.listening.insights import Counts
from flexapp.listening.models import ListenEvent, Play
from flexapp.listening.pace import Pace
from flexapp.storage.base import Base
from flexapp.storage.session import Database
from tests.factories.listening import CHROME, PATH, Listener
from tests.functional.listening.conftest import Scene


def stored(database: Database) -> int:
    with database.reading() as session:
        kinds = ("s", "h", "e", "i", "c")
        return session.scalar(select(func.count()).where(ListenEvent.kind.in_(kinds))) or 0


def test_a_stored_report_is_answered_with_204_for_every_page_and_no_cookie(scene: Scene) -> None:
    listener = scene.listener()
    answer = listener.send([listener.event(str(uuid.uuid4()), scene.beat, "s")])
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert stored(scene.services.database) == 1


def test_no_answer_of_the_door_sets_a_cookie(scene: Scene, client: FlaskClient) -> None:
    for body in (b"", b"{}", b"x" * 5000, json.dumps({"v": 1, "s": "x", "e": [{}]}).encode()):
        assert "Set-Cookie" not in client.post(PATH, data=body).headers
    for method in ("get", "put", "delete", "options"):
        assert "Set-Cookie" not in getattr(client, method)(PATH).headers


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"hello", 400),
        (b"{}", 400),
        (b'{"v":1,"s":"x","e":[{"p":"a1b2c3d4","n":0,"k":"s","b":"trk_1"}]}', 400),
        (b'{"v":1,"s":"x","e":[{"p":"a1b2c3d4","n":0,"k":"i","at":NaN}]}', 400),
        (b"[" * 4000, 400),
        (b"x" * 4097, 413),
        (b"x" * 200_000, 413),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_report_is_refused_and_readable_from_every_page(
    client: FlaskClient, body: bytes, status: int
) -> None:
    answer = client.post(PATH, data=body, headers={"User-Agent": CHROME})
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_long_body_without_a_length_is_cut_off(scene: Scene, client: FlaskClient) -> None:
    import io

    answer = client.post(
        PATH,
        input_stream=io.BytesIO(b"x" * 100_000),
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("token", ["x", "v1.e30.AAAA", "", None])
def test_a_forged_token_learns_nothing_and_stores_nothing(scene: Scene, token: str | None) -> None:
    listener = scene.listener()
    listener.token = token or sessions.mint(
        type(scene.services.signer)("another secret"),
        app_id=scene.app.id,
        placement_id="",
        channel="direct",
        host="",
        now=scene.clock.now(),
    )
    answer = listener.send([listener.event(str(uuid.uuid4()), scene.beat, "s")])
    assert (answer.status_code, answer.data) == (204, b"")
    assert stored(scene.services.database) == 0


def test_a_busy_store_asks_to_come_back_and_the_same_report_is_then_taken(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = scene.listener()
    body = [listener.event(str(uuid.uuid4()), scene.beat, "s")]

    def busy(_self: Ingest, _rows: Any) -> None:
        raise Busy("Too much is waiting to be stored.")

    with monkeypatch.context() as patch:
        patch.setattr(Ingest, "submit", busy)
        answers = [listener.send(body) for _ in range(EVENTS_PER_SESSION + 1)]
    assert {answer.status_code for answer in answers} == {503}
    answer = answers[-1]  # however often it came: what is not stored does not count as too much
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert listener.send(body).status_code == 204
    assert stored(scene.services.database) == 1


def test_a_session_that_reports_too_much_is_stored_no_more_and_not_told(scene: Scene) -> None:
    listener = scene.listener()
    for _ in range(25):
        body = [listener.event("play-00001", scene.beat, "h", iv=[[0, 1]]) for _ in range(20)]
        assert listener.send(body).status_code == 204
    assert stored(scene.services.database) == 400


def test_many_people_behind_one_address_are_asked_to_come_again_and_lose_nothing(
    scene: Scene, client: FlaskClient
) -> None:
    client.application.extensions["flexapp.listens"]._networks = Pace(30)
    people = [scene.listener() for _ in range(4)]
    reports = [(who, [who.event("play-00001", scene.beat, "h", iv=[[0, 1]])] * 10) for who in people]
    answers = [who.send(body) for who, body in reports]
    assert [answer.status_code for answer in answers] == [204, 204, 204, 429]
    assert 0 < int(answers[3].headers["Retry-After"]) <= 80
    assert answers[3].headers["Access-Control-Allow-Origin"] == "*"
    elsewhere = scene.listener(address="198.51.100.20")
    assert elsewhere.send([elsewhere.event("play-00001", scene.beat, "s")]).status_code == 204
    scene.wait(int(answers[3].headers["Retry-After"]))
    assert reports[3][0].send(reports[3][1]).status_code == 204
    assert stored(scene.services.database) == 5


def test_the_ingest_of_the_app_is_the_one_of_its_database(scene: Scene, client: FlaskClient) -> None:
    assert client.application.extensions["flexapp.ingest"] is ingest_of(scene.services.database)


def test_no_table_holds_an_address_or_a_user_agent(scene: Scene) -> None:
    scene.listener(address="198.51.100.77", agent=CHROME).hear(scene.beat, (0, 60))
    scene.listener(address="2001:db8:77:1::42", agent=CHROME).hear(scene.beat, (0, 60))
    scene.settle()
    marks = ("198.51.100", "2001:db8:77", "AppleWebKit")
    with scene.services.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(text(f'SELECT * FROM "{table.name}"')):
                line = " ".join(map(str, row))
                assert not any(mark in line for mark in marks), f"{table.name}: {line}"


def test_who_asks_not_to_be_followed_gets_no_key_at_all(scene: Scene) -> None:
    scene.listener(headers={"Sec-GPC": "1"}).hear(scene.beat, (0, 60))
    scene.listener(headers={"DNT": "1"}).hear(scene.beat, (0, 60))
    scene.listener(flags=["gpc"]).hear(scene.beat, (0, 60))
    scene.settle()
    with scene.services.database.reading() as session:
        assert {play.visitor_key for play in session.scalars(select(Play))} == {None}
        assert set(session.scalars(select(ListenEvent.visitor_key))) == {None}
    assert scene.counts(app_ids=[scene.app.id]).plays == 3


def test_a_token_of_one_app_counts_for_no_other(scene: Scene, scenes: Any) -> None:
    other = scenes()
    scene.listener().hear(scene.beat, (0, 30))
    other.settle()
    assert other.counts(app_ids=[other.app.id]) == Counts()
    assert other.counts(app_ids=[scene.app.id]).plays == 1


def with_preview(scene: Scene, size: int) -> None:
    """The short beat's preview is a real file of so many bytes."""
    scene.services.objects.put_bytes("test/proof.mp3", bytes(size), content_type="audio/mpeg")
    with scene.services.database.writing() as session:
        track = session.get_one(Track, scene.short.id)
        track.preview_key, track.preview_bytes = "test/proof.mp3", size


def test_the_preview_that_is_served_proves_the_play(scene: Scene, client: FlaskClient) -> None:
    """Bytes that really went out through the media door, by ranges, the last of them first."""
    with_preview(scene, 640_000)  # 40 s at 128 kbit/s
    listener = scene.listener()
    listener.is_served = False
    play = listener.hear(scene.short, (0, 40))
    assert play
    scene.settle()
    assert scene.counts(app_ids=[scene.app.id]).plays == 0

    path = f"/media/{scene.short.id}.mp3?s={listener.token}"
    for start in (320_000, 160_000, 0):
        part = client.get(path, headers={"Range": f"bytes={start}-{start + 159_999}"})
        assert part.status_code == 206
        assert len(part.data) == 160_000
        part.close()
    scene.settle()
    assert scene.counts(app_ids=[scene.app.id]).plays == 0, "75 % of the bytes are not enough"
    client.head(path)
    for _ in range(4):
        assert len(client.get(path, headers={"Range": "bytes=0-159999"}).data) == 160_000
    scene.settle()
    assert scene.counts(app_ids=[scene.app.id]).plays == 0, "the same bytes again are no others"
    assert len(client.get(path, headers={"Range": "bytes=480000-607999"}).data) == 128_000
    scene.settle()
    assert scene.counts(app_ids=[scene.app.id]).plays == 1


def test_connections_that_are_cut_prove_only_what_surely_went_out(scene: Scene, client: FlaskClient) -> None:
    """Seven that are cut after the first slice prove nothing; one read well beyond what was heard does."""
    with_preview(scene, 1_280_000)  # 40 s at 256 kbit/s
    listener = scene.listener()
    listener.is_served = False
    listener.hear(scene.short, (0, 22))

    def read(start: int, *, slices: int) -> None:
        path = f"/media/{scene.short.id}.mp3?s={listener.token}"
        answer = client.get(path, headers={"Range": f"bytes={start}-"})
        assert answer.status_code == 206
        for _ in range(slices):
            assert len(next(answer.iter_encoded())) == 65_536
        answer.close()
        scene.settle()

    for start in range(0, 7 * 131_072, 131_072):
        read(start, slices=1)
    assert scene.counts(app_ids=[scene.app.id]).plays == 0
    read(0, slices=18)
    assert scene.counts(app_ids=[scene.app.id]).plays == 1


@pytest.mark.parametrize(("counts_all", "plays"), [(True, 1), (False, 0)])
def test_where_all_plays_count_an_automated_browser_does_too(
    scene: Scene, counts_all: bool, plays: int
) -> None:
    """The demo is looked at by its own tests; a token minted for a program and a program's report count."""
    from flexapp.app import create_app

    settings = scene.services.settings.model_copy(update={"count_all_plays": counts_all})
    services = replace(scene.services, settings=settings)
    with create_app(settings, services).test_client() as demo:
        listener = Listener(demo, services, app=scene.app, agent="HeadlessChrome/140", flags=["bot"])
        listener.hear(scene.beat, (0, 30))
    scene.settle()
    assert scene.counts(app_ids=[scene.app.id]).plays == plays
