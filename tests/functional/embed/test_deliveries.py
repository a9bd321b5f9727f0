"""Previews against those who want many bytes: shared links, old links, ranges without end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flexapp.kernel.clock import FixedClock
from flexapp.listening import sessions
from flexapp.listening.deliveries import delivered
from flexapp.listening.folding import fold_all
from flexapp.listening.ingest import ingest_of
from flexapp.listening.quota import TIMES
from flexapp.workflows.services import Services
from tests.factories.catalog import make_track
from tests.factories.people import make_person

SIZE = 40_000


class Listener:
    """A page with a session, and the track that it plays."""

    def __init__(self, client: FlaskClient, services: Services) -> None:
        self.client, self.services = client, services
        with services.database.writing() as session:
            self.track_id = make_track(session, make_person(session), objects=services.objects).id
        self.renew()

    def renew(self) -> None:
        now = self.services.clock.now()
        self.token = sessions.mint(
            self.services.signer, app_id="", placement_id="", channel="direct", host="a.example", now=now
        )

    def get(self, asked: str = "") -> TestResponse:
        headers = {"Range": asked} if asked else {}
        answer = self.client.get(f"/media/{self.track_id}.mp3?s={self.token}", headers=headers)
        answer.close()
        return answer

    def delivered(self) -> int:
        services = self.services
        ingest_of(services.database).flush()
        fold_all(services.database, now=services.clock.now())
        claims = sessions.read(services.signer, self.token, services.clock.now(), late=timedelta(days=1))
        assert claims is not None
        with services.database.reading() as session:
            return delivered(session, claims.session_id, self.track_id)


@pytest.fixture
def listener(client: FlaskClient, services: Services) -> Listener:
    return Listener(client, services)


def test_a_link_that_is_shared_is_good_for_five_times_the_file(listener: Listener) -> None:
    answers = [listener.get() for _ in range(TIMES + 2)]
    assert [answer.status_code for answer in answers] == [200] * TIMES + [429] * 2
    assert answers[-1].json is not None
    assert answers[-1].json["code"] == "delivered_enough"
    assert answers[-1].headers["Retry-After"] == "3600"
    assert listener.delivered() == TIMES * SIZE
    assert listener.get("bytes=0-0").status_code == 429
    listener.renew()
    assert listener.get().status_code == 200, "a new view has a session of its own"


def test_ranges_of_any_shape_add_up_to_no_more(listener: Listener) -> None:
    sent, refused = 0, 0
    for number in range(400):
        answer = listener.get(("bytes=0-999", "bytes=-1000", f"bytes={number}-{number + 999}")[number % 3])
        sent += len(answer.data) if answer.status_code == 206 else 0
        refused += answer.status_code == 429
    assert sent == TIMES * SIZE
    assert refused == 400 - sent // 1000


@pytest.mark.parametrize("asked", ["bytes=0-0,0-0,0-0", "bytes=" + ",".join(["0-"] * 500), "bytes=-1,5-9"])
def test_several_ranges_in_one_request_cost_one_file(listener: Listener, asked: str) -> None:
    answer = listener.get(asked)
    assert (answer.status_code, len(answer.data)) == (200, SIZE)
    assert listener.delivered() == SIZE


def test_a_suffix_longer_than_the_file_is_the_file(listener: Listener) -> None:
    answer = listener.get("bytes=-999999999999999999999")
    assert (answer.status_code, len(answer.data)) == (206, SIZE)


def test_a_question_whether_it_changed_costs_nothing(listener: Listener) -> None:
    tag = listener.get().headers["ETag"]
    for _ in range(20):
        path = f"/media/{listener.track_id}.mp3?s={listener.token}"
        assert listener.client.get(path, headers={"If-None-Match": tag}).status_code == 304
        assert listener.client.head(path).status_code == 200
    assert listener.get().status_code == 200


def test_another_process_that_knows_only_the_fold_refuses_too(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    from embed import media
    from flexapp.listening.quota import Quota

    for _ in range(TIMES):
        listener.get()
    assert listener.delivered() == TIMES * SIZE
    monkeypatch.setattr(media, "_quota", Quota())
    assert listener.get().status_code == 429


def test_an_old_link_plays_and_proves_nothing(listener: Listener, clock: FixedClock) -> None:
    clock.advance(sessions.LIFE + timedelta(seconds=1))
    assert listener.get().status_code == 200
    assert listener.delivered() == 0
