"""“Test on my site”: what the placement's players report, and what it means when nothing comes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from embed import refusals
from flexapp.apps import operations
from flexapp.apps.queries import app_by_id
from flexapp.kernel.clock import FixedClock
from flexapp.listening.ingest import ingest_of
from flexapp.people.models import Person
from flexapp.workflows.services import Services
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_track
from tests.factories.people import make_person, sign_in
from tests.functional.embed.reading import get, token

SITE = "https://blog.example"


class Stage:
    """Nina's placement, the page about it, and a visitor's browser."""

    def __init__(self, client: FlaskClient, services: Services) -> None:
        self.services, self.client, self.visitor = services, client, client.application.test_client()
        with services.database.writing() as session:
            nina: Person = make_person(session, name="Nina")
            self.track_id = make_track(session, nina).id
            app = make_app(session, nina, own_catalog=True)
            placement = make_placement(session, app, services.signer)
            self.app_id, self.key = app.id, placement.key
        self.path = f"/producer-dashboard/apps/{app.id}/placements/{placement.id}"
        sign_in(client, services, nina)
        self.since = str(int(services.clock.now().timestamp()))

    def arrived(self, site: str = SITE) -> Any:
        ingest_of(self.services.database).flush()
        refusals.flush(self.services.database)
        query = {"after": "0", "since": self.since, "site": site}
        answer = self.client.get(f"{self.path}/arrivals", query_string=query)
        assert answer.status_code == 200
        return answer.json

    def load(self, referer: str = f"{SITE}/beats", query: str = "") -> str:
        headers = {"Sec_Fetch_Dest": "iframe", **({"Referer": referer} if referer else {})}
        response = get(self.visitor, f"/embed/v1/{self.app_id}?k={self.key}{query}", **headers)
        return token(response)

    def report(self, session_token: str, kind: str, *, origin: str = "http://localhost") -> None:
        event = {"p": "0c9a8f6e-play", "n": 0, "k": kind, "b": self.track_id, "at": 10}
        body = json.dumps({"v": 1, "s": session_token, "e": [event]})
        headers = {
            "Origin": origin,
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0 Safari/537.36",
        }
        answer = self.visitor.post("/api/v1/listens", data=body, content_type="text/plain", headers=headers)
        assert answer.status_code == 204


@pytest.fixture
def stage(client: FlaskClient, services: Services) -> Stage:
    return Stage(client, services)


def texts(found: Any, kind: str) -> list[str]:
    return [line["text"] for line in found["lines"] if line["kind"] == kind]


def test_it_waits_then_shows_the_load_the_look_and_the_first_play(stage: Stage) -> None:
    assert stage.arrived()["state"] == "waiting"
    session = stage.load(query="&via=script")
    found = stage.arrived()
    assert found["state"] == "arrived"
    assert texts(found, "done") == ["Loaded 1 time on blog.example"]
    assert texts(found, "open") == [
        "Whether it was seen comes with the first play, or when the page is left",
        "Press play there to see the first play arrive",
    ]
    assert texts(found, "hint")[0].startswith("By the script")
    stage.report(session, "i")
    stage.report(session, "s")
    done = texts(stage.arrived(), "done")
    assert done[1:] == ["Seen: it stood in the visible part of the page", "Played"]


def test_a_plain_frame_a_sandbox_and_a_silent_page_are_told_apart(stage: Stage) -> None:
    stage.report(stage.load(), "s", origin="null")
    [frame, sandbox] = texts(stage.arrived(), "hint")
    assert frame.startswith("As a plain frame")
    assert sandbox.startswith("In a sandbox")
    stage.load(referer="")
    found = stage.arrived()
    assert "Loaded 1 time on a page that does not say its address" in texts(found, "done")


def test_another_website_and_the_owners_own_looks_are_no_arrival(stage: Stage) -> None:
    stage.load(referer="https://other.example/")
    stage.load(query="&preview=1")
    found = stage.arrived()
    assert (found["state"], found["elsewhere"]) == ("waiting", ["other.example"])
    assert stage.arrived(site="")["state"] == "arrived"


def test_a_refused_website_is_named_at_once(stage: Stage) -> None:
    with stage.services.database.writing() as session:
        app = app_by_id(session, stage.app_id)
        assert app is not None
        operations.set_allowed_origins(session, app, ["https://else.example"])
    stage.load()
    found = stage.arrived()
    assert (found["state"], found["refused"]) == ("refused", [SITE])


def test_after_two_minutes_of_nothing_it_says_why_that_may_be(stage: Stage, clock: FixedClock) -> None:
    clock.advance(timedelta(minutes=2))
    found = stage.arrived()
    assert found["state"] == "nothing"
    assert len(found["reasons"]) == 5
    with stage.services.database.writing() as session:
        app = app_by_id(session, stage.app_id)
        assert app is not None
        operations.set_allowed_origins(session, app, ["https://else.example"])
    assert stage.arrived()["reasons"][0].startswith(f"{SITE} is not on the list")
    stage.load(referer="https://else.example/")
    assert stage.arrived(site="https://else.example")["state"] == "arrived"


@pytest.mark.parametrize(
    "site", ["javascript:alert(1)", "data:text/html,x", "https://", "ftp://x.example", "a b"]
)
def test_an_address_that_is_none_gets_a_sentence(stage: Stage, site: str) -> None:
    assert stage.arrived(site=site)["problem"].startswith("Write the address of the page")


def test_what_came_before_the_page_was_opened_is_not_shown_and_nobody_else_may_look(stage: Stage) -> None:
    stage.load()
    ingest_of(stage.services.database).flush()
    page = stage.client.get(stage.path).text
    after = page.split('data-after="')[1].split('"')[0]
    query = {"after": after, "since": stage.since, "site": SITE}
    assert stage.client.get(f"{stage.path}/arrivals", query_string=query).json["state"] == "waiting"  # type: ignore[index]
    broken = {"after": "-1", "since": "9" * 40, "site": SITE}
    assert stage.client.get(f"{stage.path}/arrivals", query_string=broken).status_code == 200
    with stage.services.database.writing() as session:
        other = make_person(session)
    stranger = stage.client.application.test_client()
    sign_in(stranger, stage.services, other)
    assert stranger.get(f"{stage.path}/arrivals").status_code == 404
