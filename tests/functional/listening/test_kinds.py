"""What the log knows beside listening: pages that were viewed, licenses that were shown, and who looked."""

from __future__ import annotations

import uuid

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from flexapp.gateways.geo import SHIPPED, MmdbCountries
from flexapp.listening.ingest import ingest_of
from flexapp.listening.models import Kind, ListenEvent
from tests.factories.listening import CHROME, IPHONE
from tests.functional.listening.conftest import Scene

GERMAN = "87.128.0.9"


def events(scene: Scene, *kinds: Kind) -> list[ListenEvent]:
    ingest_of(scene.services.database).flush()
    with scene.services.database.reading() as session:
        query = select(ListenEvent).where(ListenEvent.kind.in_(kinds)).order_by(ListenEvent.id)
        return list(session.scalars(query))


@pytest.fixture
def with_countries(scene: Scene) -> None:
    object.__setattr__(scene.services, "countries", MmdbCountries(SHIPPED))


@pytest.mark.usefixtures("with_countries")
def test_pages_that_are_handed_out_are_views_of_their_app_track_or_producer(
    scene: Scene, client: FlaskClient
) -> None:
    def look(path: str, **headers: str) -> int:
        told = {"User-Agent": CHROME, **headers}
        return client.get(path, headers=told, environ_base={"REMOTE_ADDR": GERMAN}).status_code

    app, beat, producer = f"/a/{scene.app.slug}", f"/t/{scene.beat.slug}", f"/p/{scene.producer.slug}"
    for path in (app, beat, beat, producer, f"{beat}?k={scene.placement.key}"):  # the second from the cache
        assert look(path) == 200
    assert look(beat, **{"Sec-GPC": "1"}) == 200
    assert look(beat, **{"Sec-Purpose": "prefetch"}) == 200
    client.head(beat)
    assert look("/t/no-such-beat") == 404

    views = events(scene, Kind.VIEW)
    about = [(view.app_id, view.track_id, view.facts.get("producer_id", "")) for view in views]
    seen = ("", scene.beat.id, "")
    assert about == [
        (scene.app.id, "", ""),
        seen,
        seen,
        ("", "", scene.producer.id),
        (scene.app.id, scene.beat.id, ""),
        seen,
        seen,
    ]
    assert [view.facts.get("flags", []) for view in views[-2:]] == [["gpc"], ["bot"]]
    assert len({view.visitor_key for view in views[:5]}) == 1
    assert [view.visitor_key for view in views[-2:]] == [None, None]
    assert {(view.country, view.device, view.os, view.browser) for view in views} == {
        ("DE", "desktop", "Linux", "Chrome")
    }
    assert views[4].placement_id == scene.placement.id
    assert {view.channel for view in views[:4]} == {"platform_page"}
    assert len({view.session_id for view in views}) == len(views)


@pytest.mark.usefixtures("with_countries")
def test_reports_carry_country_device_system_browser_and_the_layout_of_their_token(scene: Scene) -> None:
    listener = scene.listener(agent=IPHONE, address=GERMAN, layout="card")
    for kind in ("o", "o", "a", "i"):
        assert listener.send([listener.event(str(uuid.uuid4()), scene.beat, kind)]).status_code == 204
    found = events(scene, Kind.OPEN, Kind.ADD, Kind.IMPRESSION)
    assert [(event.kind, event.play_id) for event in found] == [
        (Kind.OPEN, f"o:{scene.beat.id}"),
        (Kind.ADD, f"a:{scene.beat.id}"),
        (Kind.IMPRESSION, "impression"),
    ], "each once for a session"
    for event in found:
        assert (event.country, event.device, event.os, event.browser, event.layout) == (
            "DE",
            "phone",
            "iOS",
            "Safari",
            "card",
        )
        assert event.network_key is not None


def test_an_iframe_that_was_loaded_says_its_layout_and_browser(scene: Scene, client: FlaskClient) -> None:
    headers = {"User-Agent": IPHONE, "Sec-Fetch-Dest": "iframe"}
    assert client.get(f"/embed/v1/{scene.app.id}?layout=compact", headers=headers).status_code == 200
    [load] = events(scene, Kind.LOAD)
    assert (load.device, load.browser, load.layout) == ("phone", "Safari", "compact")
