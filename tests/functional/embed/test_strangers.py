"""The iframe document against the world: who may frame it, and what hostile input becomes."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from embed import refusals
from flexapp.apps import operations
from flexapp.apps.queries import app_by_id, refused_origins_of
from flexapp.apps.refused import allow_refused_origin
from flexapp.catalog.models import Track
from flexapp.people.models import Person
from flexapp.workflows.services import Services
from tests.functional.embed.conftest import Stage
from tests.functional.embed.reading import Blocks, ancestors, config, get


def test_allowed_websites_are_told_to_the_browser_exactly(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    own = services.settings.base_url
    with services.database.writing() as session:
        app = app_by_id(session, stage.app_id)
        assert app is not None
        operations.set_allowed_origins(session, app, ["https://blog.example", "*.shop.example"])
        placement = operations.create_placement(
            session,
            app,
            name="One",
            allowed_origins=["https://a.shop.example"],
            signer=services.signer,
            now=services.clock.now(),
        )
        narrow = placement.key
    response = get(client, f"/embed/v1/{stage.app_id}")
    assert ancestors(response) == f"'self' {own} https://blog.example https://*.shop.example"
    response = get(client, f"/embed/v1/{stage.app_id}?k={narrow}")
    assert ancestors(response) == f"'self' {own} https://a.shop.example"
    with services.database.writing() as session:
        app = app_by_id(session, stage.app_id)
        assert app is not None
        operations.set_allowed_origins(session, app, ["https://blog.example"])
    response = get(client, f"/embed/v1/{stage.app_id}?k={narrow}")
    assert ancestors(response) == f"'self' {own}", "what the app withdrew, a placement cannot keep"


def test_a_refused_website_is_counted_and_allowed_with_one_tap(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    with services.database.writing() as session:
        app = app_by_id(session, stage.app_id)
        assert app is not None
        operations.set_allowed_origins(session, app, ["https://blog.example"])

    def refused() -> list[tuple[str, int]]:
        refusals.flush(services.database)
        with services.database.reading() as session:
            return [(each.origin, each.times) for each in refused_origins_of(session, stage.app_id)]

    for referer in (
        "https://blog.example/",
        "https://new.example/a",
        "https://new.example/b",
        "nonsense",
        "",
    ):
        get(client, f"/embed/v1/{stage.app_id}", Referer=referer)
    get(client, f"/embed/v1/{stage.app_id}", Referer=services.settings.base_url + "/a/x")
    assert refused() == [("https://new.example", 2)]
    get(client, f"/embed/v1/{stage.app_id}", Referer="https://new.example/c")
    assert refused() == [("https://new.example", 3)]
    with services.database.writing() as session:
        app = app_by_id(session, stage.app_id)
        assert app is not None
        allow_refused_origin(session, app, "https://new.example")
    assert refused() == []
    assert "https://new.example" in ancestors(get(client, f"/embed/v1/{stage.app_id}"))


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1:9999"])
def test_the_callers_host_header_is_not_believed(client: FlaskClient, stage: Stage, host: str) -> None:
    response = get(client, f"/embed/v1/{stage.app_id}", Host=host, X_Forwarded_Host="evil.example")
    assert "evil.example" not in response.text
    assert "evil.example" not in str(response.headers)


NASTY = "</script><script>alert(1)</script><!--\u2028\"'><img src=x onerror=alert(1)>"


def test_titles_and_names_are_text_wherever_they_stand(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    with services.database.writing() as session:
        track, person = session.get(Track, stage.track_ids[0]), session.get(Person, stage.producer_id)
        app = app_by_id(session, stage.app_id)
        assert track is not None
        assert person is not None
        assert app is not None
        track.genre = person.name = app.name = NASTY[:60]
        track.key = NASTY[:30]
        track.title = NASTY
    response = get(client, f"/embed/v1/{stage.app_id}")
    blocks = Blocks(response.text)
    assert [tag for tag, _, _ in blocks.found].count("script") == 3
    assert not [attrs for tag, attrs, _ in blocks.found if "onerror" in attrs]
    assert config(response)["tracks"][0]["title"] == NASTY
    assert "\u2028" not in response.text.split('id="config"')[1].split("</script>")[0]


@pytest.mark.parametrize(
    "query",
    [
        "color=red;}body{display:none",
        "bg=%23fff%3Burl(x)",
        "lang=%22%3E%3Cscript%3E",
        "theme=%3C%2Fstyle%3E",
        "layout=javascript:",
        "t=NaN&volume=Infinity&start_track=%3Cscript%3E",
        "t=-5&volume=9&unknown=1",
    ],
)
def test_parameters_are_read_or_ignored_but_never_repeated(
    client: FlaskClient, stage: Stage, query: str
) -> None:
    response = get(client, f"/embed/v1/{stage.app_id}?{query}")
    plain = get(client, f"/embed/v1/{stage.app_id}")
    assert response.status_code == 200
    if query.startswith("t=-5"):
        assert ("t" in config(response), config(response)["volume"]) == (False, 1.0)
    else:
        assert config(response) == config(plain)
        assert Blocks(response.text).texts("style") == Blocks(plain.text).texts("style")


def test_every_parameter_does_what_it_says(client: FlaskClient, stage: Stage) -> None:
    def html(query: str) -> str:
        return get(client, f"/embed/v1/{stage.app_id}?{query}").text

    assert '<main class="player bar' in html("layout=bar")
    assert 'data-theme="dark"' in html("theme=dark")
    assert '<div class="art' not in html("art=0")
    assert '<ol class="rows"' not in html("list=0")
    assert 'href="/buy/' not in html("buy=0")
    start = stage.track_ids[4]
    asked = config(
        get(client, f"/embed/v1/{stage.app_id}?start_track={start}&t=12.5&autoplay=1&loop=1&keys=0&single=0")
    )
    assert (asked["start"], asked["t"], asked["autoplay"], asked["loop"]) == (start, 12.5, True, True)
    assert asked.keys().isdisjoint({"keys", "single"}), "what is off is left out"
    plain = config(get(client, f"/embed/v1/{stage.app_id}?volume=0"))
    assert (plain["keys"], plain["single"], plain["buy"], plain["volume"]) == (True, True, True, 0)
    assert '<h1 dir="auto">Rollers Only</h1>' in html(f"start_track={start}")
    assert "--paper:#101820" in html("bg=101820")
    assert "--scheme:dark" in html("bg=101820")
