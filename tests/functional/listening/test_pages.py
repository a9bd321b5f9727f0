"""Overview and insights: every figure on the page is the figure of the listens and the books."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from flexapp.people.models import Person
from tests.factories.listening import CHROME
from tests.factories.people import make_person, sign_in
from tests.functional.listening.conftest import Scene

HOME = "/producer-dashboard"


def shown(html: str, name: str) -> str:
    """What the page shows as a live figure."""
    found = re.search(rf'data-live="{name}"[^>]*>([^<]*)<', html)
    assert found, name
    return found[1]


def listen(scene: Scene) -> None:
    """4 plays, 2 of them completed, 1 replay; 410 s in 5 starts."""
    scene.listener(address="203.0.113.1").hear(scene.beat, (0, 120))
    scene.listener(address="203.0.113.2").hear(scene.beat, (0, 120))
    scene.listener(address="203.0.113.3").hear(scene.beat, (0, 40))
    again = scene.listener(address="203.0.113.4")
    again.hear(scene.other, (0, 90))
    again.hear(scene.other, (0, 40))
    scene.settle()


@pytest.fixture
def signed_in(scene: Scene, client: FlaskClient) -> FlaskClient:
    sign_in(client, scene.services, scene.affiliate)
    return client


def test_the_overview_shows_what_was_heard(scene: Scene, signed_in: FlaskClient) -> None:
    listen(scene)
    html = signed_in.get(HOME).text
    assert shown(html, "plays") == "4"
    assert shown(html, "completion") == "50\u202f%"
    assert shown(html, "completion-note") == "average listen 1:22"
    assert "Plays over time" in html
    assert "<svg" in html
    assert "As a table" in html
    assert scene.beat.title in html
    assert scene.placement.name in html


def test_producer_and_affiliate_both_see_their_side(scene: Scene, client: FlaskClient) -> None:
    listen(scene)
    for person in (scene.producer, scene.affiliate):
        sign_in(client, scene.services, person)
        assert shown(client.get(HOME).text, "plays") == "4"
        assert shown(client.get(f"{HOME}/insights").text, "plays") == "4"


def test_a_stranger_sees_nothing_of_it(scene: Scene, client: FlaskClient) -> None:
    listen(scene)
    with scene.services.database.writing() as session:
        stranger = make_person(session)
    sign_in(client, scene.services, stranger)
    html = client.get(HOME).text
    assert shown(html, "plays") == "0"
    assert "No flex app yet" in html
    for path in (
        f"{HOME}/apps/{scene.app.id}/insights",
        f"/backstage/tracks/{scene.beat.id}/insights",
        f"{HOME}/insights/live?kind=app&id={scene.app.id}",
        f"{HOME}/insights/live?kind=track&id={scene.beat.id}",
        f"{HOME}/apps/app_{'0' * 26}/insights",
        f"/backstage/tracks/trk_{'0' * 26}/insights",
    ):
        assert client.get(path).status_code == 404, path
    # An affiliate sees the track in the own app, not everywhere.
    sign_in(client, scene.services, scene.affiliate)
    assert client.get(f"/backstage/tracks/{scene.beat.id}/insights").status_code == 404


def test_an_app_and_a_track_have_their_own_figures(scene: Scene, client: FlaskClient) -> None:
    listen(scene)
    scene.listener(app=None, address="203.0.113.9").hear(scene.beat, (0, 30))
    scene.settle()
    sign_in(client, scene.services, scene.affiliate)
    app_page = client.get(f"{HOME}/apps/{scene.app.id}/insights").text
    assert shown(app_page, "plays") == "4"
    assert shown(app_page, "replays") == "1"
    assert shown(app_page, "starts") == "5"
    assert shown(app_page, "loads") == "4"
    sign_in(client, scene.services, scene.producer)
    track_page = client.get(f"/backstage/tracks/{scene.beat.id}/insights").text
    assert shown(track_page, "plays") == "4"
    assert shown(track_page, "completion") == "50\u202f%"


def test_what_does_not_count_is_told_with_its_reason(scene: Scene, signed_in: FlaskClient) -> None:
    listener = scene.listener()
    listener.is_served = False
    listener.hear(scene.beat, (0, 60))
    scene.settle()
    html = signed_in.get(f"{HOME}/apps/{scene.app.id}/insights").text
    assert shown(html, "plays") == "0"
    assert "1 listen (the preview was not, or not yet, sent that far)" in html


@pytest.mark.parametrize("period", ["today", "7d", "28d", "year", "nonsense"])
def test_every_period_has_a_chart_with_a_table_or_an_empty_state(
    scene: Scene, signed_in: FlaskClient, period: str
) -> None:
    empty = signed_in.get(f"{HOME}?period={period}").text
    assert "No plays in this time" in empty
    listen(scene)
    html = signed_in.get(f"{HOME}?period={period}").text
    assert 'class="chart-plot"' in html
    assert "<table" in html
    assert 'aria-current="true"' in html
    assert "style=" not in html


def test_live_figures_are_those_of_the_page_and_never_cached(scene: Scene, signed_in: FlaskClient) -> None:
    listen(scene)
    html = signed_in.get(HOME).text
    answer = signed_in.get(f"{HOME}/overview.json?period=28d")
    assert "no-store" in answer.headers["Cache-Control"]
    figures: dict[str, Any] = answer.get_json()["figures"]
    for name, figure in figures.items():
        if f'data-live="{name}"' in html:
            assert shown(html, name) == figure["text"]
    assert f'data-live-from="{HOME}/overview.json?period=28d&amp;by=day"' in html


def test_a_counted_play_is_in_the_live_figures_within_five_seconds_of_real_time(
    scene: Scene, signed_in: FlaskClient
) -> None:
    """With the real worker: its fold runs every second, the page asks every two."""
    from flexapp.worker.runtime import Worker

    def plays() -> str:
        figures = signed_in.get(f"{HOME}/overview.json").get_json()["figures"]
        return str(figures["plays"]["text"])

    worker = Worker(scene.services, threads=1)
    worker.start()
    try:
        assert plays() == "0"
        scene.listener().hear(scene.beat, (0, 30))
        reported = time.monotonic()
        while plays() != "1" and time.monotonic() - reported < 10:
            time.sleep(0.1)
        assert time.monotonic() - reported < 5
    finally:
        worker.stop()


@pytest.mark.parametrize("path", [HOME, f"{HOME}/insights", f"{HOME}/apps"])
def test_own_plays_disappear_once_the_owner_opens_any_page_of_the_dashboard(
    scene: Scene, client: FlaskClient, path: str
) -> None:
    mine = {"address": "198.51.100.5", "agent": CHROME, "host": "mine.example"}
    scene.listener(**mine).hear(scene.beat, (0, 60))
    scene.listener(address="203.0.113.1").hear(scene.beat, (0, 60))
    scene.settle()
    assert scene.counts(app_ids=[scene.app.id]).plays == 2
    sign_in(client, scene.services, scene.affiliate)
    person: Person = scene.affiliate
    here = {"headers": {"User-Agent": CHROME}, "environ_base": {"REMOTE_ADDR": "198.51.100.5"}}
    page = client.get(path, **here)
    assert page.status_code == 200, person.id
    scene.settle()
    assert scene.counts(app_ids=[scene.app.id]).plays == 1
    scene.listener(**mine).hear(scene.other, (0, 60))
    scene.settle()
    assert scene.counts(app_ids=[scene.app.id]).plays == 1
    scene.listener(**{**mine, "host": "new.example"}).hear(scene.other, (0, 60))
    scene.settle()
    scene.wait(61)
    client.get(path, **here)  # an open page asks by itself
    scene.settle()
    assert scene.counts(app_ids=[scene.app.id]).plays == 1


def test_the_short_way_leads_home(signed_in: FlaskClient) -> None:
    answer = signed_in.get("/dash")
    assert answer.status_code == 308
    assert answer.headers["Location"] == HOME
