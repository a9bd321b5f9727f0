"""What changed is published again before anybody asks for it, and never older than the newest revision."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client

from embed import publishing
from embed.parameters import Parameters
from embed.press import Press, Wish
from embed.renewing import LINGER_SECONDS, MOST_WISHES, Renewer
from flexapp.app import create_app, start_renewing
from flexapp.apps import operations
from flexapp.apps.models import FlexApp, Placement
from flexapp.apps.operations import revoke_placement
from flexapp.catalog.models import Track
from flexapp.catalog.operations import update_track
from flexapp.config import Settings
from flexapp.people.models import Person
from flexapp.storage.session import Database
from flexapp.workflows.services import Services
from tests.factories.apps import make_app, make_placement
from tests.functional.embed.conftest import Stage
from tests.functional.web.test_lane import flask, lane, lane_alone, lane_of, plain

__all__ = ["flask", "lane"]
BR = {"Accept-Encoding": "br"}
PATIENCE = 30.0


def presses(app: Flask) -> list[Press[Any]]:
    return [app.extensions["flexapp.publisher"], app.extensions["flexapp.lineups"]]


@pytest.fixture
def renewer(app: Flask) -> Renewer:
    """One that does nothing by itself."""
    return Renewer(app, presses(app))


def work(renewer: Renewer) -> int:
    """Everything that is wanted; returns how many things that were."""
    done = 0
    while renewer.renew_one():
        done += 1
    return done


def retitle(services: Services, stage: Stage, title: str) -> None:
    with services.database.writing() as session:
        track = session.get_one(Track, stage.track_ids[0])
        update_track(session, track, now=services.clock.now(), title=title)


def rendered(monkeypatch: pytest.MonkeyPatch, before: Callable[[], object] = lambda: None) -> list[str]:
    """Whose documents are rendered from now on, in order; ``before`` runs after each was read."""
    render, seen = publishing.player_document, []

    def counted(session: Any, subject: Any, asked: Parameters, **named: Any) -> Any:
        seen.append(f"{subject.id}{asked.layout or ''}")
        made = render(session, subject, asked, **named)
        before()
        return made

    monkeypatch.setattr(publishing, "player_document", counted)
    return seen


def test_what_was_being_served_is_there_again_the_most_wanted_first(
    lane: Client,
    flask: Client,
    stage: Stage,
    services: Services,
    renewer: Renewer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app_id, track_id = stage.app_id, stage.track_ids[0]
    asked = {f"/embed/v1/{track_id}?layout=bar": 5, f"/embed/v1/{app_id}?k={stage.key}": 3}
    asked |= {f"/embed/v1/{app_id}?layout=card": 2, f"/embed/v1/lineups/{app_id}": 1}
    for path, times in asked.items():
        for way in (flask, *[lane] * times):
            assert way.get(path, headers=BR).status_code == 200
    flask.get(f"/embed/v1/{app_id}?color=123456")
    seen = rendered(monkeypatch)
    retitle(services, stage, "Another title")
    assert [lane.get(path).status_code for path in asked] == [599] * 4
    assert work(renewer) == 4
    assert seen == [f"{track_id}bar", app_id, f"{app_id}card"]
    for path in asked:
        answer = lane.get(path, headers=BR)
        assert answer.status_code == 200
        assert answer.headers["Content-Encoding"] == "br"
        assert "Another title" in plain(answer)
    assert lane.get(f"/embed/v1/{app_id}?color=123456").status_code == 599, "made-up addresses wait"
    assert work(renewer) == 0


def test_what_is_gone_is_left_out_and_does_not_stop_the_rest(
    lane: Client, flask: Client, stage: Stage, services: Services, renewer: Renewer
) -> None:
    paths = [f"/embed/v1/{stage.app_id}?k={stage.key}", f"/embed/v1/{stage.app_id}"]
    alone = f"/embed/v1/{stage.track_ids[0]}?k={stage.key}"
    for path in (*paths, alone):
        flask.get(path)
    with services.database.writing() as session:
        revoke_placement(session, session.get_one(Placement, stage.placement_id), now=services.clock.now())
    assert work(renewer) > 0
    assert [lane.get(path).status_code for path in (*paths, alone)] == [599, 200, 599]
    assert flask.get(paths[0]).status_code == 404


def test_a_change_while_it_is_rendered_makes_it_render_again_and_nothing_old_is_kept(
    lane: Client,
    flask: Client,
    stage: Stage,
    services: Services,
    renewer: Renewer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = f"/embed/v1/{stage.track_ids[0]}"
    flask.get(path)
    titles = ["Third title", "Fourth title"]
    seen = rendered(monkeypatch, lambda: titles and retitle(services, stage, titles.pop(0)))
    retitle(services, stage, "Second title")
    assert renewer.renew_one()
    assert lane.get(path).status_code == 599, "it showed the second title"
    work(renewer)
    assert len(seen) == 3
    assert "Fourth title" in plain(lane.get(path))


def test_a_new_app_has_its_documents_before_its_first_visitor(
    lane: Client, stage: Stage, services: Services, renewer: Renewer
) -> None:
    with services.database.writing() as session:
        owner, track = session.get_one(Person, stage.owner_id), session.get_one(Track, stage.track_ids[1])
        app = make_app(session, owner, name="Fresh", picks=(track,))
        key = make_placement(session, app, services.signer).key
    work(renewer)
    for path in ("{id}", "{id}?k={key}", "{id}?via=script&k={key}", "lineups/{id}"):
        answer = lane.get(f"/embed/v1/{path}".format(id=app.id, key=key), headers=BR)
        assert answer.status_code == 200, path
        assert "Dusty Corner" in plain(answer)
    with services.database.writing() as session:
        operations.remove_source(
            session, session.get_one(FlexApp, app.id), operations.queries.sources_of(session, app.id)[0]
        )
    work(renewer)
    assert "Dusty Corner" not in plain(lane.get(f"/embed/v1/{app.id}?k={key}"))


def test_wishes_are_bounded_and_the_least_wanted_is_left_to_its_next_visitor(
    app: Flask, renewer: Renewer
) -> None:
    press = presses(app)[0]
    wishes = [Wish((f"app_{number}", Parameters()), ["/"], times=number) for number in range(1000)]
    renewer.want(press, wishes)
    renewer.want(press, wishes[-10:])
    assert len(renewer._wishes) == MOST_WISHES
    assert min(wish.times for wish in renewer._wishes.values()) == 1000 - MOST_WISHES


def test_of_a_change_elsewhere_the_lane_goes_on_until_the_new_is_there_and_never_longer_than_its_time(
    settings: Settings, stage: Stage, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(services.database.url, pool_size=4)
    app = create_app(settings, replace(services, database=database))
    renewer, visitor, alone = Renewer(app, presses(app)), Client(app), lane_alone(app)
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    path = f"/embed/v1/{stage.track_ids[0]}"

    def title() -> str:
        answer = alone.get(path)
        return answer.text.split("<title>")[1].split("<")[0] if answer.status_code == 200 else "none"

    assert renewer.hear()
    visitor.get(path)
    retitle(services, stage, "Second")
    now = 1000.2
    assert renewer.hear()
    assert title() == "Midnight Trap", "nobody waits"
    work(renewer)
    assert title() == "Second"
    retitle(services, stage, "Third")
    now = 1000.45
    assert renewer.hear()
    now = 1000.99
    assert title() == "Second"
    now = 1000.2 + LINGER_SECONDS
    assert title() == "none", "its time is over, though nobody came to publish it again"
    work(renewer)
    assert title() == "Third"
    retitle(services, stage, "Fourth")
    now = 1002.0
    assert title() == "none", "a request heard of it first"
    work(renewer)
    retitle(replace(services, database=database), stage, "Fifth")
    assert title() == "none", "this process changed it itself"
    work(renewer)
    assert title() == "Fifth"
    database.close()


@pytest.fixture
def elsewhere(settings: Settings, services: Services) -> Iterator[Flask]:
    """Another serving process on the same database, with its renewer at work."""
    database = Database(services.database.url, pool_size=4)
    app = create_app(settings, replace(services, database=database))
    renewer = start_renewing(app)
    yield app
    renewer.stop()
    database.close()


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


def test_a_process_that_nobody_asks_hears_of_changes_and_publishes_again(
    elsewhere: Flask, stage: Stage, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = elsewhere.extensions["flexapp.publisher"]._shelf
    visitor = Client(elsewhere)
    address = f"/embed/v1/{stage.app_id}?layout=list"
    assert visitor.get(address).status_code == 200
    before = shelf.find(address)
    assert before is not None

    def is_new() -> bool:
        found = shelf.find(address)
        return found is not None and found is not before

    retitle(services, stage, "Heard of")
    until(is_new)
    assert b"Heard of" in shelf.find(address).body
    held, entered = threading.Event(), threading.Event()

    def wait() -> None:
        if threading.current_thread().name == "renewer":
            entered.set()
            assert held.wait(PATIENCE)

    rendered(monkeypatch, wait)
    retitle(services, stage, "Being rendered")
    assert entered.wait(PATIENCE)
    retitle(services, stage, "The last one")
    lineups = Client(lane_of(elsewhere))
    until(lambda: b"The last one" in lineups.get(f"/embed/v1/lineups/{stage.app_id}").data)
    held.set()
    until(lambda: (found := shelf.find(address)) is not None and b"The last one" in found.body)
