"""The pages for visitors, through HTTP."""

import json
import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from flexapp.catalog.models import Visibility
from flexapp.people.models import OldSlug
from flexapp.workflows.services import Services
from tests.factories.apps import make_app
from tests.factories.catalog import make_track
from tests.factories.people import make_person


@pytest.fixture
def beat(services: Services) -> str:
    """A published beat; its slug."""
    now = services.clock.now()
    with services.database.writing() as session:
        kaito = make_person(session, name="Kaito Sounds", bio="Dark trap from Osaka.")
        track = make_track(
            session, kaito, slug="midnight-trap", title="Midnight “Trap”", objects=services.objects
        )
        track.cover_key = track.cover_small_key = "covers/1.jpg"
        make_track(session, kaito, slug="draft-one", title="Not yet", visibility=Visibility.DRAFT)
        make_track(session, kaito, slug="unlisted-one", title="Only by link", visibility=Visibility.UNLISTED)
        make_track(session, kaito, slug="sold-one", title="Gone", sold_exclusively_at=now)
        make_track(session, kaito, slug="cooking", title="No preview yet", preview_key=None)
        for kind, slug, target in (("track", "old-trap", track.id), ("person", "old-kaito", kaito.id)):
            session.add(OldSlug(kind=kind, slug=slug, target_id=target, created_at=now))
        make_app(session, kaito, name="Everything", own_catalog=True)
        closed = make_app(session, kaito, name="Closed", own_catalog=True)
        closed.allowed_origins = ["https://only.example"]
    return "midnight-trap"


def test_a_beats_page_offers_every_license_with_its_price_and_link(client: FlaskClient, beat: str) -> None:
    page = client.get(f"/t/{beat}").text
    assert "Midnight “Trap”" in page
    for price in ("$29.99", "$65.00", "$149.00", "$499.00"):
        assert price in page
    links = re.findall(rf'href="/buy/{beat}\?lic=lty_\w+"', page)
    assert len(links) == 4


def test_a_beats_page_is_discovered_by_oembed_in_head_and_header(
    client: FlaskClient, services: Services, beat: str
) -> None:
    answer = client.get(f"/t/{beat}")
    base = services.settings.base_url
    asked = f"{base}/oembed?url={quote(f'{base}/t/{beat}', safe='')}&amp;format="
    head = answer.text.partition("</head>")[0]
    assert head.count('type="application/json+oembed"') == 1
    assert f'type="application/json+oembed" href="{asked}json"' in head
    assert f'type="text/xml+oembed" href="{asked}xml"' in head
    assert answer.headers["Link"].count('rel="alternate"') == 2
    assert asked.replace("&amp;", "&") + "json" in answer.headers["Link"]
    answer.headers["Link"].encode("ascii")


def test_cards_name_cover_player_and_price(client: FlaskClient, beat: str) -> None:
    head = client.get(f"/t/{beat}").text.partition("</head>")[0]
    facts = dict(re.findall(r'<meta (?:property|name)="([\w:]+)" content="([^"]*)"', head))
    assert facts["og:type"] == "music.song"
    assert facts["og:image:width"] == facts["og:image:height"] == "1200"
    assert facts["og:image:alt"] == "Cover of Midnight “Trap”"
    assert facts["og:audio"].endswith(".mp3")
    assert facts["twitter:card"] == "player"
    assert facts["twitter:player"] == facts["og:video"]
    assert "/embed/v1/trk_" in facts["twitter:player"]
    assert len(facts["twitter:title"]) <= 70
    assert len(facts["twitter:description"]) <= 200


def test_structured_data_tells_artist_audio_and_offers(client: FlaskClient, beat: str) -> None:
    page = client.get(f"/t/{beat}").text
    [text] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
    data = json.loads(text)
    assert data["@type"] == "MusicRecording"
    assert data["byArtist"]["name"] == "Kaito Sounds"
    assert data["duration"] == "PT58S"
    assert [offer["price"] for offer in data["offers"]] == ["29.99", "65.00", "149.00", "499.00"]
    assert {offer["priceCurrency"] for offer in data["offers"]} == {"USD"}


def test_old_slugs_redirect_for_good(client: FlaskClient, beat: str) -> None:
    for old, new in (("/t/old-trap", f"/t/{beat}"), ("/p/old-kaito", "/p/kaito-sounds")):
        answer = client.get(old)
        assert (answer.status_code, answer.headers["Location"]) == (301, new)


@pytest.mark.parametrize("path", ["/t/draft-one", "/t/cooking", "/t/nothing", "/p/nobody"])
def test_what_visitors_may_not_see_is_not_there(client: FlaskClient, beat: str, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Not yet" not in answer.text
    assert "No preview yet" not in answer.text
    assert 'href="/"' in answer.text


def test_an_unlisted_beat_opens_by_link_and_asks_not_to_be_found(client: FlaskClient, beat: str) -> None:
    answer = client.get("/t/unlisted-one")
    assert answer.status_code == 200
    assert 'name="robots" content="noindex"' in answer.text
    assert "oembed" not in answer.text
    assert "Link" not in answer.headers
    assert "Only by link" not in client.get("/p/kaito-sounds").text


def test_a_sold_beat_says_so_and_cannot_be_played_or_bought(client: FlaskClient, beat: str) -> None:
    answer = client.get("/t/sold-one")
    assert answer.status_code == 200
    assert "Sold exclusively" in answer.text
    assert "/buy/" not in answer.text
    assert "<iframe" not in answer.text
    assert "ld+json" not in answer.text
    assert "Gone" not in client.get("/p/kaito-sounds").text
    assert "Gone" not in client.get("/").text


def test_a_producers_page_shows_published_beats_and_words(client: FlaskClient, beat: str) -> None:
    page = client.get("/p/kaito-sounds").text
    assert "Dark trap from Osaka." in page
    assert "1 beat ·" in page
    assert "from $29.99" in page


def test_a_producer_without_beats_has_a_page_too(client: FlaskClient, services: Services) -> None:
    with services.database.writing() as session:
        make_person(session, name="Nia Park")
    answer = client.get("/p/nia-park")
    assert answer.status_code == 200
    assert "has not published anything yet" in answer.text


def test_the_front_page_plays_an_app_that_everybody_may_frame(
    client: FlaskClient, services: Services, beat: str
) -> None:
    page = client.get("/").text
    [player] = re.findall(r'src="/embed/v1/(app_\w+)', page)
    with services.database.reading() as session:
        from flexapp.apps.queries import app_by_id

        app = app_by_id(session, player)
        assert app is not None
        assert app.name == "Everything"
    for part in ("$48.75", "$6.50", "$9.75"):
        assert part in page


def test_the_front_page_of_an_empty_server_says_what_to_do(client: FlaskClient) -> None:
    page = client.get("/").text
    assert "The first player goes here" in page
    assert "<iframe" not in page


def test_public_pages_carry_no_inline_script_or_style(client: FlaskClient, beat: str) -> None:
    for path in ("/", "/p/kaito-sounds", f"/t/{beat}", "/t/sold-one", "/t/nothing", "/login", "/signup"):
        page = client.get(path).text
        assert "<style" not in page, path
        assert not re.search(r"<[^>]+\sstyle=", page), path
        assert not re.search(r"<[^>]+\son\w+=", page), path
        scripts = re.findall(r"<script(?![^>]*(?:src=|ld\+json))[^>]*>", page)
        assert not scripts, path


def test_new_work_comes_first_on_the_front_page(client: FlaskClient, services: Services, beat: str) -> None:
    later = services.clock.now() + timedelta(hours=1)
    with services.database.writing() as session:
        mara = make_person(session, name="Mara Lindqvist")
        make_track(session, mara, slug="dusty", title="Dusty Corner", published_at=later)
    page = client.get("/").text
    assert page.index("Dusty Corner") < page.index("Midnight “Trap”")
