"""What machines read in the heads of public pages, parsed as they parse it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from flask.testing import FlaskClient

from flexapp.apps.models import FlexApp
from flexapp.people.queries import person_by_slug
from flexapp.workflows.services import Services
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_track
from tests.factories.people import make_person

ODD = """</script><script>alert("1")</script> & 'so' \u2028 <b>"""


@dataclass
class Head(HTMLParser):
    """Metas by name, links by rel, and structured data of a page's head."""

    page: str
    metas: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=dict)
    scripts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._within = False
        self._data = ""
        self.feed(self.page.partition("</head>")[0])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "meta" and ("property" in given or "name" in given):
            name = given.get("property") or given["name"]
            self.metas.setdefault(name, []).append(given.get("content", ""))
        if tag == "link":
            self.links.setdefault(given.get("rel", ""), []).append(given.get("href", ""))
        if tag == "script":
            self._within = given.get("type") == "application/ld+json"
            assert self._within or given.get("src"), "an inline script"

    def handle_data(self, data: str) -> None:
        if self._within:
            self._data += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._within:
            self.scripts.append(self._data)
            self._within, self._data = False, ""

    def one(self, name: str) -> str:
        [value] = self.metas[name]
        return value

    @property
    def data(self) -> dict[str, Any]:
        [text] = self.scripts
        return dict(json.loads(text))


@pytest.fixture
def night(services: Services) -> FlexApp:
    """An app of two beats; every text that a person writes is as odd as can be."""
    with services.database.writing() as session:
        owner = make_person(session, name="Nina & <Curates>")
        kaito = make_person(session, name='Kaito "<i>" Sounds', bio=f"{ODD} {'bio ' * 100}")
        kaito.slug = "kaito"
        first = make_track(
            session,
            kaito,
            slug="odd",
            title=f"{ODD} {'long ' * 12}"[:119],
            description=f"{ODD}\n{'word ' * 90}",
            cover_key="c/1.jpg",
            cover_small_key="c/1.webp",
        )
        second = make_track(session, kaito, slug="plain", title="Plain", duration_ms=61_000)
        return make_app(session, owner, name=f"Drive {ODD}"[:80], picks=(first, second))


@pytest.fixture
def own_key(services: Services, night: FlexApp) -> tuple[str, str]:
    """Kaito's id, and the key of a placement of an app of their own."""
    with services.database.writing() as session:
        kaito = person_by_slug(session, "kaito")
        assert kaito is not None
        own = make_app(session, kaito, own_catalog=True)
        return kaito.id, make_placement(session, own, services.signer).key


def data_url(head: Head) -> str:
    """The player that structured data names."""
    return str(head.data["audio"]["embedUrl"])


def read(client: FlaskClient, path: str) -> Head:
    answer = client.get(path)
    assert answer.status_code == 200
    return Head(answer.text)


@pytest.mark.parametrize("path", ["/t/odd", "/t/plain", "/a/{app}", "/p/kaito"])
def test_every_card_is_whole_escaped_and_within_its_limits(
    client: FlaskClient, services: Services, night: FlexApp, path: str
) -> None:
    base = services.settings.base_url
    head = read(client, path.format(app=night.slug))
    [canonical] = head.links["canonical"]
    assert canonical == head.one("og:url") == base + path.format(app=night.slug)
    assert head.one("og:title") == head.one("twitter:title")
    assert 0 < len(head.one("twitter:title")) <= 70
    assert 0 < len(head.one("twitter:description")) <= 200
    assert head.one("og:site_name") == "Flexapp"
    assert "\n" not in head.one("description")
    for value in (value for values in head.metas.values() for value in values):
        assert "&lt;" not in value
        assert "&amp;" not in value
    if "og:image" in head.metas:
        assert head.one("og:image").startswith(f"{base}/media/trk_")
        assert head.one("og:image:width") == head.one("og:image:height") == "1200"
        assert 0 < len(head.one("twitter:image:alt")) <= 420
        assert head.one("twitter:image") == head.one("og:image")
    assert head.data["@context"] == "https://schema.org"


def test_a_beats_card_plays_and_sells(client: FlaskClient, services: Services, night: FlexApp) -> None:
    base = services.settings.base_url
    head = read(client, "/t/odd")
    assert head.one("og:type") == "music.song"
    assert head.one("og:audio").startswith(f"{base}/media/trk_")
    assert head.one("og:audio:type") == "audio/mpeg"
    assert head.one("og:video") == head.one("twitter:player") == f"{data_url(head)}?via=card"
    assert head.one("og:video:type") == "text/html"
    assert head.one("twitter:card") == "player"
    assert (head.one("twitter:player:width"), head.one("twitter:player:height")) == ("600", "166")
    assert client.get(head.one("twitter:player").removeprefix(base)).status_code == 200
    data = head.data
    assert data["@type"] == "MusicRecording"
    assert data["name"].startswith(ODD.split(" \u2028")[0])
    assert data["byArtist"] == {"@type": "MusicGroup", "name": 'Kaito "<i>" Sounds', "url": f"{base}/p/kaito"}
    assert data["audio"]["@type"] == "AudioObject"
    assert data["audio"]["contentUrl"] == head.one("og:audio")
    assert [(offer["@type"], offer["price"], offer["priceCurrency"]) for offer in data["offers"]] == [
        ("Offer", price, "USD") for price in ("29.99", "65.00", "149.00", "499.00")
    ]
    for offer in data["offers"]:
        assert client.get(offer["url"].removeprefix(base)).status_code == 200
    assert read(client, "/t/plain").data["duration"] == "PT1M1S"


def test_an_apps_card_plays_and_lists(client: FlaskClient, services: Services, night: FlexApp) -> None:
    head = read(client, f"/a/{night.slug}")
    assert head.one("og:type") == "music.playlist"
    assert head.one("twitter:card") == "player"
    assert head.one("og:video") == f"{services.settings.base_url}/embed/v1/{night.id}?via=card"
    data = head.data
    assert (data["@type"], data["numTracks"]) == ("MusicPlaylist", 2)
    assert data["creator"]["name"] == "Nina & <Curates>"
    assert [track["url"].rpartition("/")[2] for track in data["track"]] == ["odd", "plain"]
    assert data["track"][0]["offers"] == {
        "@type": "AggregateOffer",
        "lowPrice": "29.99",
        "highPrice": "499.00",
        "priceCurrency": "USD",
        "offerCount": 4,
    }


def test_a_producers_card_plays_and_lists(
    client: FlaskClient, services: Services, night: FlexApp, own_key: tuple[str, str]
) -> None:
    base, (producer_id, key) = services.settings.base_url, own_key
    head = read(client, "/p/kaito")
    assert head.one("og:type") == "profile"
    assert head.one("twitter:card") == "player"
    assert head.one("og:video") == f"{base}/embed/v1/{producer_id}?via=card"
    assert (head.one("og:video:width"), head.one("og:video:height")) == ("600", "352")
    assert client.get(head.one("og:video").removeprefix(base)).status_code == 200
    data = head.data
    assert (data["@type"], data["track"]["numberOfItems"]) == ("MusicGroup", 2)
    items = data["track"]["itemListElement"]
    assert [item["position"] for item in items] == [1, 2]
    assert {item["item"]["@type"] for item in items} == {"MusicRecording"}
    with services.database.writing() as session:
        others = make_placement(session, session.get_one(FlexApp, night.id), services.signer).key
    assert read(client, f"/p/kaito?k={key}").one("og:video") == f"{base}/embed/v1/{producer_id}?k={key}"
    assert read(client, f"/p/kaito?k={others}").one("og:video") == head.one("og:video")


def test_a_producers_page_plays_on_through_their_beats_unless_somebody_else_is_credited(
    client: FlaskClient, services: Services, night: FlexApp, own_key: tuple[str, str]
) -> None:
    producer_id, key = own_key
    with services.database.writing() as session:
        others = make_placement(session, session.get_one(FlexApp, night.id), services.signer).key
    for query, plays_on in (("", True), (f"?k={key}", True), (f"?k={others}", False)):
        page = client.get(f"/p/kaito{query}").text
        assert (f'data-dock-app="{producer_id}"' in page) is plays_on
        assert (">Play all<" in page) is plays_on
        assert page.count('data-dock="/embed/v1/"') == 1


def test_who_sells_nothing_announces_no_player(client: FlaskClient, night: FlexApp) -> None:
    answer = client.get("/p/nina-curates")
    head = Head(answer.text)
    assert head.one("twitter:card") == "summary"
    assert "alternate" not in head.links
    assert "Link" not in answer.headers


def test_similar_beats_are_near_in_genre_and_tempo(client: FlaskClient, services: Services) -> None:
    with services.database.writing() as session:
        kaito, mara = make_person(session, name="Kaito"), make_person(session, name="Mara")
        make_track(session, kaito, slug="one", title="The One", genre="House", bpm=124.0)
        for place in range(6):
            make_track(
                session, mara, title=f"Far {place}", genre="Ambient", mood="Calm", key="", tags=[], bpm=60.0
            )
        make_track(session, mara, title="Near", genre="House", bpm=126.0)
    page = client.get("/t/one").text
    similar = page.partition("<h2>Similar beats</h2>")[2]
    assert similar.index("Near") < similar.index("Far")
    assert similar.count('class="tile"') == 4
