"""A placement's page: options, the snippet for each kind of website, and who may show it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from flexapp.apps.hosting import make_page_placement
from flexapp.apps.models import Channel
from flexapp.apps.queries import app_by_id, placement_by_id
from flexapp.apps.snippets import snippets_for
from flexapp.dashboard.ways import WAYS
from flexapp.people.models import Person
from flexapp.workflows.services import Services
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_track
from tests.factories.people import make_person, post_form, sign_in


class Stage:
    """Nina's app with one beat, and its placement."""

    def __init__(self, services: Services) -> None:
        with services.database.writing() as session:
            self.nina: Person = make_person(session, name="Nina")
            self.track = make_track(session, self.nina, title="Mine <b>alone</b>")
            app = make_app(session, self.nina, own_catalog=True)
            placement = make_placement(session, app, services.signer)
            self.app_id, self.placement_id, self.key = app.id, placement.id, placement.key
        self.base = f"/producer-dashboard/apps/{self.app_id}/placements/{self.placement_id}"


@pytest.fixture
def stage(client: FlaskClient, services: Services) -> Stage:
    stage = Stage(services)
    sign_in(client, services, stage.nina)
    return stage


class Texts(HTMLParser):
    """What each text to copy says, by its id, and the preview's address."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self.frames: list[str] = []
        self._open = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "pre":
            self._open = given.get("id") or ""
            self.texts[self._open] = ""
        if tag == "iframe":
            self.frames.append(given.get("src") or "")

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "pre":
            self._open = ""


def test_each_kind_of_website_has_its_snippet_without_any_script(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    page = Texts(client.get(stage.base).text)
    with services.database.reading() as session:
        app, placement = app_by_id(session, stage.app_id), placement_by_id(session, stage.placement_id)
        assert app is not None
        assert placement is not None
        texts = snippets_for(app, placement, services.settings.base_url)
    assert page.texts["wordpress-link"] == texts["oembed"]
    assert page.texts["squarespace-iframe"] == texts["iframe"]
    assert page.texts["shopify-element"] == texts["element"]
    assert page.texts["html-script"] == texts["script"]
    assert 'width="100%"' in page.texts["wix-full_iframe"]
    assert page.texts["react-jsx"].startswith("export function BeatPlayer()")
    assert page.texts["google-sites-address"].startswith(f"{services.settings.base_url}/embed/v1/")
    assert page.texts["csp-frame"] == f"frame-src {services.settings.base_url}"
    assert page.texts["csp-script"] == f"script-src {services.settings.base_url}"
    assert {way.key for way in WAYS} == {
        "html",
        "wordpress",
        "squarespace",
        "wix",
        "shopify",
        "webflow",
        "notion",
        "google-sites",
        "react",
    }
    assert all(way.steps and way.limits and way.pieces for way in WAYS)
    assert all(stage.key in text for name, text in page.texts.items() if not name.startswith("csp"))
    assert page.frames == [f"/embed/v1/{stage.app_id}?preview=1"]


def test_the_pinned_snippet_names_bytes_that_have_that_hash(client: FlaskClient, stage: Stage) -> None:
    import base64
    import hashlib
    import re

    page = Texts(client.get(stage.base).text)
    found = re.search(r'src="([^"]+)" integrity="sha384-([^"]+)" crossorigin', page.texts["html-pinned"])
    assert found is not None
    path = "/sdk/" + found.group(1).split("/sdk/")[1]
    digest = hashlib.sha384(client.get(path).data).digest()
    assert base64.b64encode(digest).decode() == found.group(2)
    assert "integrity" not in page.texts["html-element"]


def test_options_in_the_address_reach_the_preview_and_every_text(client: FlaskClient, stage: Stage) -> None:
    query = "layout=bar&theme=dark&color=1A4FD6&art=0&lang=ja&autoplay=1&t=1:05&width=&height=90"
    page = Texts(client.get(f"{stage.base}?{query}").text)
    [preview] = page.frames
    assert (
        preview == f"/embed/v1/{stage.app_id}?preview=1&layout=bar&theme=dark&color=1a4fd6&art=0&t=65&lang=ja"
    )
    for name, text in page.texts.items():
        if name.startswith("csp"):
            continue
        assert "1a4fd6" in text, name
        assert "autoplay" in text, name
    now = client.get(f"{stage.base}/snippets?{query}").json
    assert now is not None
    assert now["texts"]["element"] == page.texts["html-element"]
    assert now["preview"] == preview
    assert (now["width"], now["height"], now["errors"]) == ("600", "90", {})


def test_a_size_is_one_tap_also_without_script(client: FlaskClient, stage: Stage) -> None:
    page = client.get(f"{stage.base}?layout=list&width=333&height=333&size=300x").text
    assert 'name="width" value="300"' in page
    assert 'width="300" height="352"' in Texts(page).texts["squarespace-iframe"]
    filled = client.get(f"{stage.base}?size=100%25x").text
    assert 'width="100%" height="352"' in Texts(filled).texts["squarespace-iframe"]


def test_wrong_options_are_said_at_their_field_and_stay_out_of_the_texts(
    client: FlaskClient, stage: Stage
) -> None:
    page = client.get(f"{stage.base}?color=red&width=5&start_track=trk_x&t=soon")
    assert page.status_code == 200
    assert page.text.count("error-text") == 4
    assert 'value="red"' in page.text
    asked = re.compile(r"color=\W*red|trk_x")
    assert not [text for text in Texts(page.text).texts.values() if asked.search(text)]
    now = client.get(f"{stage.base}/snippets?color=red").json
    assert now is not None
    assert now["errors"] == {"color": "Write the color as #rrggbb, such as #cf3a10."}
    nasty = client.get(f"{stage.base}?color=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert(1)" not in nasty.text


def test_a_placement_is_renamed_and_narrowed_and_its_key_stays(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    saved = post_form(
        client,
        stage.base,
        {"name": "Shop", "channel": "affiliate", "allowed_origins": "shop.example\nhttps://*.shop.example"},
    )
    assert saved.status_code == 303
    with services.database.reading() as session:
        placement = placement_by_id(session, stage.placement_id)
        assert placement is not None
        assert (placement.name, placement.channel, placement.key) == ("Shop", Channel.AFFILIATE, stage.key)
        assert placement.allowed_origins == ["https://shop.example", "https://*.shop.example"]
    page = client.get(stage.base).text
    assert "It does not show here now" in page
    wrong = post_form(
        client, stage.base, {"name": "Shop", "channel": "affiliate", "allowed_origins": "a b\nhttp://x/y"}
    )
    assert wrong.status_code in (400, 422)
    assert "is no website address" in wrong.text


def test_the_placement_of_the_apps_own_page_stays_what_it_is(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    with services.database.writing() as session:
        app = app_by_id(session, stage.app_id)
        assert app is not None
        own = make_page_placement(session, app, signer=services.signer, now=services.clock.now())
        assert own is not None
    path = stage.base.replace(stage.placement_id, own.id)
    assert 'name="channel"' not in client.get(path).text
    assert 'name="channel"' in client.get(stage.base).text
    assert post_form(client, path, {"name": "My page", "allowed_origins": ""}).status_code == 303
    with services.database.reading() as session:
        placement = placement_by_id(session, own.id)
        assert placement is not None
        assert (placement.name, placement.channel) == ("My page", Channel.PLATFORM_PAGE)


def test_it_is_the_owners_page_alone_and_ends_with_the_placement(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    stranger = client.application.test_client()
    assert stranger.get(stage.base).status_code == 303
    with services.database.writing() as session:
        other = make_person(session)
    sign_in(stranger, services, other)
    for path in (stage.base, f"{stage.base}/snippets"):
        assert stranger.get(path).status_code == 404
    assert post_form(stranger, stage.base, {"name": "Mine"}).status_code == 404
    assert client.get(stage.base.replace(stage.placement_id, "plc_nothing")).status_code == 404
    post_form(client, f"{stage.base}/revoke")
    assert client.get(stage.base).status_code == 404
