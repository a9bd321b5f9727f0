"""An app's page as a storefront: looking through it, its credited placement, its shell."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from flexapp.apps import queries
from flexapp.apps.models import Channel, FlexApp
from flexapp.apps.operations import revoke_placement
from flexapp.catalog.models import Track
from flexapp.public.shell import SHELL
from flexapp.workflows.services import Services
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_track
from tests.factories.people import make_person

GENRES = ("Trap", "House", "Lo-Fi")


@pytest.fixture
def night(services: Services) -> FlexApp:
    """An app of thirty beats: ten of each genre, from 80 BPM up in steps of two."""
    with services.database.writing() as session:
        nina = make_person(session, name="Nina Curates")
        kaito = make_person(session, name="Kaito Sounds")
        picks = tuple(
            make_track(
                session,
                kaito,
                title=f"Beat <{place:02}>",
                slug=f"beat-of-{place:02}",
                genre=GENRES[place % 3],
                bpm=80.0 + 2 * place,
            )
            for place in range(30)
        )
        cover = io.BytesIO()
        Image.new("RGB", (300, 300), "#1b7f4d").save(cover, "JPEG")
        picks[0].cover_key, picks[0].cover_small_key = "covers/0.jpg", "covers/0.webp"
        services.objects.put_bytes("covers/0.jpg", cover.getvalue(), content_type="image/jpeg")
        return make_app(session, nina, name="Night drive", picks=picks, accent="#1b7f4d", theme="dark")


def shown(page: str) -> list[str]:
    """The numbers of the beats in the list, in order."""
    return re.findall(r'class="row-title"[^>]*>Beat &lt;(\d\d)&gt;<', page)


def test_every_beat_can_be_reached_by_pages_without_a_script(client: FlaskClient, night: FlexApp) -> None:
    first = client.get(f"/a/{night.slug}").text
    assert shown(first) == [f"{place:02}" for place in range(24)]
    assert "Page 1 of 2" in first
    [following] = re.findall(r'href="([^"]+)" rel="next"', first)
    second = client.get(following.replace("&amp;", "&")).text
    assert shown(second) == [f"{place:02}" for place in range(24, 30)]
    assert 'rel="next"' not in second


@pytest.mark.parametrize(
    ("query", "count", "first"),
    [
        ("genre=House", "10 of 30 beats", "01"),
        ("genre=house&bpm_from=100&bpm_to=110", "2 of 30 beats", "10"),
        ("q=kaito+07", "1 of 30 beats", "07"),
        ("sort=bpm&genre=Trap", "10 of 30 beats", "00"),
        ("sort=newest&page=99", "30 beats", "05"),
        ("key=F+minor&mood=Dark&sort=title", "30 of 30 beats", "00"),
    ],
)
def test_the_form_is_an_address_that_finds(
    client: FlaskClient, night: FlexApp, query: str, count: str, first: str
) -> None:
    page = client.get(f"/a/{night.slug}?{query}").text
    assert f">{count}</p>" in page
    assert shown(page)[0] == first


def test_nothing_found_says_so_and_offers_the_way_back(client: FlaskClient, night: FlexApp) -> None:
    page = client.get(f"/a/{night.slug}?q=%3Cscript%3E&genre=Polka").text
    assert "0 of 30 beats" in page
    assert "No beat fits that" in page
    assert "<script>&" not in page
    assert "&lt;script&gt;" in page
    assert "Polka (0)" in page
    assert "Show all 30 beats" in page


def test_a_tempo_that_is_none_is_said_beside_its_field(client: FlaskClient, night: FlexApp) -> None:
    page = client.get(f"/a/{night.slug}?bpm_from=fast").text
    assert 'aria-invalid="true" aria-describedby="browse-bpm_from-error"' in page
    assert "A tempo is a number from 20 to 400." in page
    assert "30 beats" in page


def test_an_app_without_beats_says_so(client: FlaskClient, services: Services) -> None:
    with services.database.writing() as session:
        app = make_app(session, make_person(session, name="Nina"), name="Quiet")
    page = client.get(f"/a/{app.slug}")
    assert page.status_code == 200
    assert "Nothing to play right now" in page.text
    assert "data-browse" not in page.text


def test_the_page_sells_through_a_placement_of_its_own(
    client: FlaskClient, services: Services, night: FlexApp
) -> None:
    page = client.get(f"/a/{night.slug}")
    again = client.application.test_client().get(f"/a/{night.slug}")
    with services.database.reading() as session:
        [placement] = queries.placements_of(session, night.id)
    assert (placement.name, placement.channel) == ("Hosted page", Channel.PLATFORM_PAGE)
    for answer in (page, again):
        assert f'href="/t/beat-of-00?k={placement.key}"' in answer.text
        assert f'data-dock-key="{placement.key}"' in answer.text
        assert "aff=" in answer.headers["Set-Cookie"]


def test_the_app_stays_credited_on_the_pages_of_its_beats_and_producers(
    client: FlaskClient, services: Services, night: FlexApp
) -> None:
    with services.database.writing() as session:
        app = session.get(FlexApp, night.id)
        assert app is not None
        key = make_placement(session, app, services.signer, name="Newsletter").key
    for path in ("/t/beat-of-00", "/p/kaito-sounds"):
        visitor = client.application.test_client()
        page = visitor.get(f"{path}?k={key}")
        assert f'href="/a/{night.slug}?k={key}"' in page.text
        assert "aff=" in page.headers["Set-Cookie"]
        assert f'rel="canonical" href="{services.settings.base_url}{path}"' in page.text
        twice = client.application.test_client().get(f"{path}?k={key}")
        assert "aff=" in twice.headers["Set-Cookie"]
    beat = client.get(f"/t/beat-of-00?k={key}", headers={"DNT": "1"})
    assert "Set-Cookie" not in beat.headers
    bought = re.findall(r'href="(/buy/[^"]+)"', beat.text)
    assert bought
    assert all(link.endswith(f"&amp;k={key}") for link in bought)
    assert f"/embed/v1/{'trk_'}" in beat.text


def test_a_page_whose_placement_was_revoked_credits_nobody(
    client: FlaskClient, services: Services, night: FlexApp
) -> None:
    client.get(f"/a/{night.slug}")
    with services.database.writing() as session:
        [placement] = queries.placements_of(session, night.id)
        revoke_placement(session, placement, now=services.clock.now())
    page = client.application.test_client().get(f"/a/{night.slug}")
    assert "k=" not in re.findall(r'href="(/t/beat-of-00[^"]*)"', page.text)[0]
    assert "Set-Cookie" not in page.headers
    with services.database.reading() as session:
        assert queries.placements_of(session, night.id) == []


def test_a_sold_or_hidden_beat_leaves_with_the_next_request(
    client: FlaskClient, services: Services, night: FlexApp
) -> None:
    assert "Beat &lt;00&gt;" in client.get(f"/a/{night.slug}").text
    with services.database.writing() as session:
        for track in session.query(Track).filter(Track.slug == "beat-of-00"):
            track.sold_exclusively_at = services.clock.now()
    page = client.get(f"/a/{night.slug}").text
    assert shown(page)[0] == "01"
    assert "29 beats" in page


def test_the_manifest_makes_it_an_app_of_its_own(client: FlaskClient, night: FlexApp) -> None:
    page = client.get(f"/a/{night.slug}").text
    assert f'<link rel="manifest" href="/a/{night.slug}/manifest.webmanifest">' in page
    answer = client.get(f"/a/{night.slug}/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    manifest: dict[str, Any] = json.loads(answer.data)
    assert manifest["name"] == "Night drive"
    assert manifest["start_url"] == manifest["scope"] == manifest["id"] == f"/a/{night.slug}"
    assert manifest["display"] == "standalone"
    assert manifest["theme_color"] == "#141217"
    assert 'name="theme-color" content="#141217"' in page
    kinds = [(icon["sizes"], icon["type"], icon["purpose"]) for icon in manifest["icons"]]
    assert kinds == [
        ("192x192", "image/png", "any"),
        ("512x512", "image/png", "any"),
        ("512x512", "image/png", "maskable"),
        ("any", "image/svg+xml", "any"),
    ]
    for icon in manifest["icons"]:
        drawn = client.get(icon["src"])
        assert drawn.mimetype == icon["type"]
        assert "immutable" in drawn.headers["Cache-Control"]
        if icon["type"] == "image/png":
            with Image.open(io.BytesIO(drawn.data)) as image:
                side = int(icon["sizes"].split("x")[0])
                assert image.size == (side, side)
                corner = image.convert("RGB").getpixel((3, 3))
                assert abs(corner[1] - 0x7F) < 12  # type: ignore[index]  # the cover's green


def test_an_app_without_covers_has_an_icon_in_its_color(client: FlaskClient, services: Services) -> None:
    with services.database.writing() as session:
        app = make_app(session, make_person(session), name="Plain", accent="#5b54c9")
    with Image.open(io.BytesIO(client.get(f"/a/{app.slug}/icon-mask-512.png").data)) as image:
        assert image.getpixel((5, 5)) == (0x5B, 0x54, 0xC9)
    assert "#5b54c9" in client.get(f"/a/{app.slug}/icon.svg").text
    assert client.get(f"/a/{app.slug}/icon-4096.png").status_code == 404


def test_the_worker_keeps_the_shell_and_nothing_else(client: FlaskClient, night: FlexApp) -> None:
    answer = client.get(f"/a/{night.slug}/sw.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Service-Worker-Allowed"] == f"/a/{night.slug}"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; connect-src 'self'")
    shell = json.loads(answer.text.split("\n")[0].removeprefix("self.SHELL=").rstrip(";"))
    assert shell["scope"] == f"/a/{night.slug}"
    assert len(shell["files"]) == len(SHELL) + 1
    for path in [*shell["files"], shell["offline"]]:
        kept = client.get(path)
        assert kept.status_code == 200, path
        assert b"$2" not in kept.data or path.startswith("/static/")
        assert not path.startswith(("/media", "/buy", "/orders", "/embed"))
    offline = client.get(shell["offline"])
    assert "You are offline" in offline.text
    assert "Beat &lt;" not in offline.text


def test_the_colors_are_the_apps_and_the_policy_stays_strict(client: FlaskClient, night: FlexApp) -> None:
    page = client.get(f"/a/{night.slug}")
    [path] = re.findall(r'href="(/a/[^"]+/look\.css\?v=\w+)"', page.text)
    style = client.get(path)
    assert style.mimetype == "text/css"
    assert "--accent:light-dark(#1a7c4b,#3f9369)" in style.text
    assert ":root:not([data-theme]){color-scheme:dark}" in style.text
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "worker-src 'self'" in policy
    assert "manifest-src 'self'" in policy
    assert not re.search(r"<[^>]+\sstyle=", page.text)


def test_files_of_an_app_that_is_not_there_are_not_found(client: FlaskClient) -> None:
    for name in ("manifest.webmanifest", "sw.js", "offline", "look.css", "icon.svg", "icon-192.png"):
        assert client.get(f"/a/nothing/{name}").status_code == 404
