"""Every spelling of an address, in both formats and every box, becomes the same one player."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from flask.testing import FlaskClient

from flexapp.apps import hosting
from flexapp.apps.models import FlexApp
from flexapp.apps.operations import rename
from flexapp.catalog.models import Track, Upload, UploadKind
from flexapp.people.models import Person
from flexapp.people.operations import update_profile
from flexapp.workflows.services import Services
from tests.functional.embed.conftest import Stage

DOMAIN = "beats.nina.example"

OF_THE_APP = (
    "{base}/a/{app}",
    "{base}/a/{app}/",
    "{base}//a//{app}",
    "{base}/a/old-name",
    "{base}/a/{app}?utm_source=news&fbclid=1",
    "{base}/a/{app}#?secret=abcdefghij",
    "https://{netloc}/a/{app}",
    "HTTP://{netloc}/a/{app}",
    "http://www.{netloc}/a/{app}",
    "{base}/%61/{app}",
    "{base}/embed/v1/{app_id}",
    "{base}/embed/v1/{app_id}?unknown=1",
    "http://{domain}:{port}/",
    "https://{domain}:{port}",
    "http://BEATS.Nina.example:{port}/?utm_source=x",
)
OF_A_TRACK = (
    "{base}/t/{track}",
    "{base}/t/{track}/",
    "{base}/t/{track}?utm_medium=mail",
    "https://www.{netloc}/t/{track}",
    "{base}/embed/v1/{track_id}",
    "http://{domain}:{port}/t/{track}",
)
OF_A_PRODUCER = (
    "{base}/p/{producer}",
    "{base}/p/{producer}/",
    "{base}//p//{producer}",
    "{base}/p/old-producer",
    "{base}/%70/{producer}?q=night&page=2",
    "{base}/p/{producer}?k={key}",
    "https://www.{netloc}/p/{producer}#top",
    "HTTP://{netloc}/p/{producer}",
    "{base}/embed/v1/{producer_id}",
    "{base}/embed/v1/{producer_id}?k={key}&via=script",
)
BOXES: tuple[dict[str, Any], ...] = (
    {},
    {"maxwidth": 320},
    {"maxwidth": 199},
    {"maxheight": 352},
    {"maxheight": 351},
    {"maxheight": 100, "maxwidth": 250},
    {"maxheight": 79},
    {"maxwidth": 4000, "maxheight": 4000},
    {"maxwidth": "wide", "maxheight": "-1"},
)


class Frames(HTMLParser):
    """The elements of an oEmbed answer's html."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture
def places(services: Services, stage: Stage) -> dict[str, str]:
    """What the spellings are filled with; the app was renamed once and has a host name of its own."""
    now = services.clock.now()
    with services.database.writing() as session:
        app = session.get(FlexApp, stage.app_id)
        assert app is not None
        rename(session, app, name="Old name", now=now)
        rename(session, app, name="Night drive", now=now)
        hosting.set_domain(session, app, DOMAIN, own_hosts=(), now=now)
        hosting.confirm_domain(session, app, DOMAIN, now=now)
        slug = app.slug
        producer = session.get_one(Person, stage.producer_id)
        update_profile(session, producer, name="Old producer", now=now)
        update_profile(session, producer, name="Kaito Sounds", now=now)
    base = services.settings.base_url
    parts = urlsplit(base)
    return {
        "base": base,
        "netloc": parts.netloc,
        "port": str(parts.port),
        "domain": DOMAIN,
        "app": slug,
        "app_id": stage.app_id,
        "track": stage.track_slugs[0],
        "track_id": stage.track_ids[0],
        "producer": "kaito-sounds",
        "producer_id": stage.producer_id,
        "key": stage.key,
    }


def ask(client: FlaskClient, url: str, **query: Any) -> dict[str, str]:
    """The fields of an answer as text, whatever the format."""
    response = client.get("/oembed", query_string={"url": url, **query})
    assert response.status_code == 200, (url, response.text)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in response.headers
    if query.get("format") == "xml":
        assert response.mimetype == "text/xml"
        return {field.tag: field.text or "" for field in ET.fromstring(response.data)}
    assert response.mimetype == "application/json"
    fields = json.loads(response.data)
    assert all(type(fields[name]) is int for name in ("width", "height", "cache_age"))
    return {name: str(value) for name, value in fields.items()}


@pytest.mark.parametrize(
    "box", BOXES, ids=lambda box: "x".join(f"{k[3:]}{v}" for k, v in box.items()) or "any"
)
def test_every_spelling_in_both_formats_is_the_same_one_frame_within_the_box(
    client: FlaskClient, places: dict[str, str], box: dict[str, Any]
) -> None:
    for spellings in (OF_THE_APP, OF_A_TRACK, OF_A_PRODUCER):
        is_the_same_one_frame(client, places, spellings, box)


def is_the_same_one_frame(
    client: FlaskClient, places: dict[str, str], spellings: tuple[str, ...], box: dict[str, Any]
) -> None:
    asked = [
        ask(client, spelling.format(**places), format=kind, **box)
        for spelling in spellings
        for kind in ("json", "xml")
    ]
    first = asked[0]
    assert all(answer == first for answer in asked)
    [(tag, frame)] = Frames(first["html"]).found
    assert tag == "iframe"
    assert "\n" not in first["html"]
    assert (frame["width"], frame["height"]) == (first["width"], first["height"])
    assert (frame["frameborder"], frame["scrolling"]) == ("0", "no")
    assert frame["title"] == first["title"]
    limits = {name: value for name, value in box.items() if isinstance(value, int)}
    assert int(first["width"]) <= max(200, limits.get("maxwidth", 600))
    assert int(first["height"]) <= max(80, limits.get("maxheight", 352))
    thumbnail = [name for name in first if name.startswith("thumbnail_")]
    assert len(thumbnail) in (0, 3)
    assert int(first.get("thumbnail_width", 0)) <= min([1200, *limits.values()])
    source = frame["src"] or ""
    assert source.startswith(places["base"] + "/embed/v1/")
    assert client.get(source.removeprefix(places["base"])).status_code == 200


@pytest.mark.parametrize(
    ("box", "layout", "size"),
    [
        ({"maxwidth": 199}, "bar", ("200", "80")),
        ({"maxheight": 79}, "bar", ("600", "80")),
        ({"maxwidth": 199, "maxheight": 2000}, "bar", ("200", "80")),
        ({"maxheight": 165}, "bar", ("600", "80")),
        ({"maxheight": 166}, "compact", ("600", "166")),
        ({"maxheight": 352}, None, ("600", "352")),
    ],
)
def test_a_box_gets_the_largest_layout_that_fits_and_a_tiny_one_the_bar(
    client: FlaskClient,
    places: dict[str, str],
    box: dict[str, int],
    layout: str | None,
    size: tuple[str, str],
) -> None:
    answer = ask(client, "{base}/a/{app}".format(**places), **box)
    source = Frames(answer["html"]).found[0][1]["src"] or ""
    assert parse_qs(urlsplit(source).query).get("layout") == ([layout] if layout else None)
    assert (answer["width"], answer["height"]) == size


def test_options_of_the_address_travel_into_the_frame(client: FlaskClient, places: dict[str, str]) -> None:
    url = "{base}/embed/v1/{app_id}?layout=bar&theme=dark&color=%231b7f4d&start_track={track_id}&t=12&dnt=1"
    answer = ask(client, url.format(**places))
    source = urlsplit(Frames(answer["html"]).found[0][1]["src"] or "")
    asked = {name: values[0] for name, values in parse_qs(source.query).items()}
    assert asked == {
        "layout": "bar",
        "theme": "dark",
        "color": "1b7f4d",
        "start_track": places["track_id"],
        "t": "12",
        "dnt": "1",
        "via": "oembed",
    }


@pytest.mark.parametrize(
    "url",
    [
        "http://{domain}:{port}/p/{producer}",
        "http://{domain}:{port}/embed/v1/{app_id}",
        "http://other.nina.example:{port}/",
        "http://{domain}:9/",
        "http://user@{netloc}/a/{app}",
        "http://evil.example:{port}/a/{app}",
        "{base}/p/nina-curates",  # she has no beats of her own
        "{base}/p/nobody",
        "{base}/a/{app}/t/{track}",
        "{base}/embed/v2/{app_id}",
    ],
)
def test_addresses_that_are_no_players_are_not_found(
    client: FlaskClient, places: dict[str, str], url: str
) -> None:
    assert client.get("/oembed", query_string={"url": url.format(**places)}).status_code == 404


def test_only_get_is_answered(client: FlaskClient, places: dict[str, str]) -> None:
    for method in (client.post, client.put, client.delete):
        assert method("/oembed", query_string={"url": places["base"] + "/a/x"}).status_code == 405


def test_a_small_cover_is_announced_as_small_as_it_is(
    client: FlaskClient, services: Services, stage: Stage, places: dict[str, str]
) -> None:
    with services.database.writing() as session:
        track = session.get(Track, stage.track_ids[0])
        assert track is not None
        session.add(
            Upload(
                person_id=track.producer_id,
                track_id=track.id,
                kind=UploadKind.COVER,
                filename="cover.png",
                object_key=track.cover_key or "",
                bytes=1,
                sha256="0" * 64,
                facts={"width": 700, "height": 640},
                created_at=services.clock.now(),
            )
        )
    url = "{base}/t/{track}".format(**places)
    answer = ask(client, url)
    assert (answer["thumbnail_width"], answer["thumbnail_height"]) == ("640", "640")
    assert "cover.jpg" in answer["thumbnail_url"]
    assert ask(client, url, maxwidth=639)["thumbnail_width"] == "192"
    head = client.get(f"/t/{places['track']}").text.split("</head>")[0]
    assert 'property="og:image:width" content="640"' in head


def test_a_beat_tells_its_length_words_and_lowest_price(
    client: FlaskClient, services: Services, stage: Stage, places: dict[str, str]
) -> None:
    with services.database.writing() as session:
        track = session.get(Track, stage.track_ids[0])
        assert track is not None
        track.description = "Late & wide.\nWith an 808."
    answer = ask(client, "{base}/t/{track}".format(**places), format="xml")
    assert answer["duration"] == "58"
    assert answer["description"] == "Late & wide. With an 808."
    assert answer["license_from"] == "$29.99"


@pytest.mark.parametrize("path", ["/a/{app}", "/t/{track}", "/p/{producer}", "/p/{producer}?k={key}&q=night"])
def test_a_page_announces_its_player_once_a_format_in_head_and_header(
    client: FlaskClient, places: dict[str, str], path: str
) -> None:
    response = client.get(path.format(**places))
    head = response.text.split("</head>")[0]
    for kind, name in (("application/json+oembed", "json"), ("text/xml+oembed", "xml")):
        assert head.count(f'type="{kind}"') == 1
        [link] = [line for line in head.splitlines() if f'type="{kind}"' in line]
        address = unescape(link.split('href="')[1].split('"')[0])
        asked = parse_qs(urlsplit(address).query)
        assert set(asked) == {"url", "format"}
        assert asked["format"] == [name]
        assert f"<{address}>" in response.headers["Link"]
        again = client.get(address.removeprefix(places["base"]))
        assert again.status_code == 200
        assert again.data.count(b"iframe src" if name == "json" else b"&lt;iframe src") == 1
    assert head.index("oembed") < head.index("stylesheet")
    assert len(head.encode()) < 150_000
    assert quote(places["base"], safe="") in response.headers["Link"] or DOMAIN in response.headers["Link"]
