"""A producer's own player: all that they sell, credited to nobody else, and like any other player."""

from __future__ import annotations

import re
import uuid

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from flexapp.catalog import operations
from flexapp.catalog.models import Visibility
from flexapp.catalog.queries import tracks_of
from flexapp.listening import sessions
from flexapp.listening.models import ListenEvent
from flexapp.listening.sessions import SessionClaims
from flexapp.people.models import Person
from flexapp.people.operations import anonymize
from flexapp.workflows.services import Services
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_license_types, make_track
from tests.factories.listening import CHROME
from tests.factories.people import make_person
from tests.functional.embed.reading import config, get, token


@pytest.fixture
def kaito(services: Services) -> str:
    """A producer with two listed beats, one that is not, and a stranger's beat beside them."""
    with services.database.writing() as session:
        producer, other = make_person(session, name="Kaito"), make_person(session, name="Mara")
        make_license_types(session, producer)
        for title in ("First", "Second"):
            make_track(session, producer, title=title, slug=title.lower(), objects=services.objects)
        for visibility in (Visibility.UNLISTED, Visibility.DRAFT):
            make_track(session, producer, title=f"An {visibility.value} one", visibility=visibility)
        make_track(session, other, title="Elsewhere")
        return producer.id


def claims_of(services: Services, sealed: str) -> SessionClaims:
    claims = sessions.read(services.signer, sealed, services.clock.now())
    assert claims is not None
    return claims


def titles(client: FlaskClient, path: str) -> set[str]:
    return {track["title"] for track in config(get(client, path))["tracks"]}


@pytest.mark.parametrize(
    ("query", "site", "channel"),
    [
        ("", "https://blog.example/", "direct"),
        ("?via=oembed", "https://blog.example/", "oembed_consumer"),
        ("?via=card", "https://social.example/", "social_card"),
        ("?via=made-up", "", "direct"),
        ("?via=oembed", "{base}/p/kaito", "platform_page"),
    ],
)
def test_it_plays_what_is_listed_and_says_where_it_stood(
    client: FlaskClient, services: Services, kaito: str, query: str, site: str, channel: str
) -> None:
    path = f"/embed/v1/{kaito}{query}"
    answer = get(client, path, Referer=site.format(base=services.settings.base_url))
    assert answer.status_code == 200
    assert answer.text.count("<title>Kaito</title>") == 1
    assert titles(client, path) == {"First", "Second"}
    claims = claims_of(services, token(answer))
    assert (claims.app_id, claims.placement_id, claims.channel) == ("", "", channel)


def test_only_a_placement_of_an_own_app_is_credited(
    client: FlaskClient, services: Services, kaito: str
) -> None:
    with services.database.writing() as session:
        producer, other = session.get_one(Person, kaito), make_person(session)
        [first] = [each for each in tracks_of(session, producer) if each.title == "First"]
        own = make_app(session, producer, own_catalog=True)
        own.accent = "#00aa55"
        mine = make_placement(session, own, services.signer)
        others = make_placement(session, make_app(session, other, picks=(first,)), services.signer)
    page = get(client, f"/embed/v1/{kaito}?k={mine.key}")
    claims = claims_of(services, token(page))
    assert (claims.app_id, claims.placement_id, claims.channel) == (own.id, mine.id, "own_site")
    assert config(page)["k"] == mine.key
    page = get(client, f"/embed/v1/{kaito}?k={others.key}")
    assert claims_of(services, token(page)).placement_id == ""
    assert config(page)["k"] == ""
    assert others.key not in page.text.replace(token(page), "")


def test_it_streams_reports_and_sells(client: FlaskClient, services: Services, kaito: str) -> None:
    page = get(client, f"/embed/v1/{kaito}?via=oembed", Referer="https://blog.example/")
    beat = next(track for track in config(page)["tracks"] if track["title"] == "First")
    heard = client.get(
        f"/media/{beat['id']}.mp3?s={token(page)}", headers={"Range": "bytes=0-999", "User-Agent": CHROME}
    )
    assert heard.status_code == 206
    event = {"p": str(uuid.uuid4()), "n": 0, "k": "s", "b": beat["id"], "at": 10}
    sent = client.post("/api/v1/listens", json={"v": 1, "s": token(page), "e": [event]})
    assert sent.status_code == 204
    with services.database.reading() as session:
        [row] = session.scalars(select(ListenEvent).where(ListenEvent.kind == "s")).all()
    assert (row.track_id, row.channel, row.host) == (beat["id"], "oembed_consumer", "blog.example")
    assert re.search(r'href="/buy/second[^"]*"', page.text)
    bought = client.get(f"/buy/first?s={token(page)}")
    assert bought.status_code == 200
    assert token(page) in bought.text


def test_what_is_sold_published_or_deleted_changes_it_at_once(
    client: FlaskClient, services: Services, kaito: str
) -> None:
    path = f"/embed/v1/{kaito}"
    assert titles(client, path) == {"First", "Second"}
    now = services.clock.now()
    with services.database.writing() as session:
        by_title = {each.title: each for each in tracks_of(session, session.get_one(Person, kaito))}
        operations.mark_sold_exclusively(session, by_title["First"], now=now)
        operations.publish(session, by_title["An unlisted one"], now=now)
    assert titles(client, path) == {"Second", "An unlisted one"}
    with services.database.writing() as session:
        for each in tracks_of(session, session.get_one(Person, kaito)):
            operations.delete_track(session, each, now=now)
    empty = get(client, path)
    assert empty.status_code == 200
    assert config(empty)["tracks"] == []
    url = f"{services.settings.base_url}/p/kaito"
    assert client.get("/oembed", query_string={"url": url}).status_code == 404
    with services.database.writing() as session:
        anonymize(session, session.get_one(Person, kaito), now=now)
    assert get(client, path).status_code == 404
    assert get(client, "/embed/v1/per_00000000000000000000000000").status_code == 404
