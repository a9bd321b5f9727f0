"""oEmbed through HTTP, as WordPress and others ask for it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from flask.testing import FlaskClient

from flexapp.catalog.models import Track, Visibility
from flexapp.workflows.services import Services
from tests.functional.embed.conftest import Stage


def ask(client: FlaskClient, url: str, **query: Any) -> Any:
    return client.get("/oembed", query_string={"url": url, **query})


def test_a_link_to_an_app_becomes_its_player(client: FlaskClient, stage: Stage, services: Services) -> None:
    base = services.settings.base_url
    response = ask(client, f"{base}/a/{stage.slug}?k={stage.key}")
    answer = response.get_json()
    assert response.mimetype == "application/json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cache-Control"] == "public, max-age=3600"
    assert "Set-Cookie" not in response.headers
    assert (answer["type"], answer["version"]) == ("rich", "1.0")
    assert (answer["title"], answer["author_name"]) == ("Night drive", "Nina Curates")
    assert (answer["width"], answer["height"], answer["cache_age"]) == (600, 352, 3600)
    assert (answer["thumbnail_width"], answer["thumbnail_height"]) == (1200, 1200)
    frame = re.fullmatch(
        r'<iframe src="([^"]+)" width="600" height="352" title="Night drive" frameborder="0" scrolling="no" '
        r'allow="[^"]+"></iframe>',
        answer["html"],
    )
    assert frame is not None
    assert frame.group(1) == f"{base}/embed/v1/{stage.app_id}?k={stage.key}"


@pytest.mark.parametrize(
    ("change", "target"),
    [
        ("http://{host}/t/{track}", "track"),
        ("https://{host}/t/{track}/", "track"),
        ("https://www.{host}/t/{track}?utm_source=x", "track"),
        ("http://{host}/embed/v1/{track_id}?layout=bar", "track"),
        ("http://{host}/a/{app}#top", "app"),
        ("http://{host}/embed/v1/{app_id}", "app"),
    ],
)
def test_every_spelling_of_our_addresses_is_known(
    client: FlaskClient, stage: Stage, services: Services, change: str, target: str
) -> None:
    url = change.format(
        host=urlsplit(services.settings.base_url).netloc,
        track=stage.track_slugs[0],
        track_id=stage.track_ids[0],
        app=stage.slug,
        app_id=stage.app_id,
    )
    answer = ask(client, url).get_json()
    wanted = stage.track_ids[0] if target == "track" else stage.app_id
    assert f"/embed/v1/{wanted}" in answer["html"]


@pytest.mark.parametrize(
    ("box", "size", "layout"),
    [
        ({}, (600, 352), None),
        ({"maxwidth": 320}, (320, 352), None),
        ({"maxheight": 352}, (600, 352), None),
        ({"maxheight": 351}, (600, 166), "compact"),
        ({"maxheight": 165, "maxwidth": 400}, (400, 80), "bar"),
        ({"maxheight": 40, "maxwidth": 100}, (200, 80), "bar"),
        ({"maxwidth": "wide", "maxheight": "-1"}, (600, 352), None),
        ({"maxwidth": 4000, "maxheight": 4000}, (600, 352), None),
    ],
)
def test_the_largest_layout_that_fits_the_box_is_given(
    client: FlaskClient,
    stage: Stage,
    services: Services,
    box: dict[str, Any],
    size: tuple[int, int],
    layout: str | None,
) -> None:
    answer = ask(client, f"{services.settings.base_url}/a/{stage.slug}", **box).get_json()
    assert (answer["width"], answer["height"]) == size
    assert (f"layout={layout}" in answer["html"]) if layout else ("layout=" not in answer["html"])
    thumbnail = answer.get("thumbnail_width")
    smallest = min(int(value) for value in [*box.values(), 5000] if str(value).isdigit() and int(value))
    assert thumbnail is None or thumbnail <= smallest
    trio = [name for name in answer if name.startswith("thumbnail_")]
    assert len(trio) in (0, 3)


def test_xml_says_the_same_and_survives_odd_titles(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    with services.database.writing() as session:
        track = session.get(Track, stage.track_ids[0])
        assert track is not None
        track.title = 'A <b> & "c" \x07 end'
    url = f"{services.settings.base_url}/t/{stage.track_slugs[0]}"
    response = ask(client, url, format="xml")
    assert response.mimetype == "text/xml"
    root = ET.fromstring(response.data)
    assert root.tag == "oembed"
    as_json = ask(client, url).get_json()
    assert {field.tag for field in root} == set(as_json)
    assert root.findtext("title") == 'A <b> & "c"  end'
    assert 'title="A &lt;b&gt; &amp; &quot;c&quot;' in as_json["html"]
    assert as_json["html"].count("<iframe") == 1
    assert "\n" not in as_json["html"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"url": "not an address"}, 400),
        ({"url": "javascript:alert(1)"}, 400),
        ({"url": "file:///etc/passwd"}, 400),
        ({"url": "http://[::1"}, 400),
        ({"url": "https://elsewhere.example/t/x"}, 404),
        ({"url": "http://169.254.169.254/latest/meta-data"}, 404),
        ({"url": "{base}/login"}, 404),
        ({"url": "{base}/t/no-such-beat"}, 404),
        ({"url": "{base}@evil.example/t/x"}, 404),
        ({"url": "{base}/a/{slug}", "format": "yaml"}, 501),
        ({"url": "", "format": "yaml"}, 501),
    ],
)
def test_what_cannot_be_unfolded_is_refused_by_status(
    client: FlaskClient, stage: Stage, services: Services, query: dict[str, str], status: int
) -> None:
    given = {
        name: value.format(base=services.settings.base_url, slug=stage.slug) if "{" in value else value
        for name, value in query.items()
    }
    response = client.get("/oembed", query_string=given)
    assert response.status_code == status
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_an_unlisted_beat_is_private_and_a_draft_is_nothing(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    url = f"{services.settings.base_url}/t/{stage.track_slugs[0]}"
    for visibility, status in ((Visibility.UNLISTED, 401), (Visibility.DRAFT, 404)):
        with services.database.writing() as session:
            track = session.get(Track, stage.track_ids[0])
            assert track is not None
            track.visibility = visibility
        assert ask(client, url).status_code == status


def test_the_wish_not_to_be_followed_goes_on_into_the_frame(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    answer = ask(client, f"{services.settings.base_url}/a/{stage.slug}", dnt="1").get_json()
    assert "dnt=1" in answer["html"]


def test_a_key_that_is_not_ours_does_not_travel(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    answer = ask(client, f"{services.settings.base_url}/a/{stage.slug}?k=v1.x.y").get_json()
    assert "k=" not in answer["html"]


def test_an_apps_page_announces_itself_once_in_each_format(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    response = client.get(f"/a/{stage.slug}?k={stage.key}")
    head = response.text.split("</head>")[0]
    found = re.findall(r'<link rel="alternate" type="([^"]+)" href="([^"]+)"', head)
    assert [kind for kind, _ in found] == ["application/json+oembed", "text/xml+oembed"]
    address = found[0][1].replace("&amp;", "&").removeprefix(services.settings.base_url)
    assert client.get(address).get_json()["html"].count(stage.key) == 1
    assert "application/json+oembed" in response.headers["Link"]
    assert quote(stage.slug) in response.headers["Link"]
