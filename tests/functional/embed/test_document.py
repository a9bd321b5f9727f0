"""The iframe document through HTTP: what is in it, what it weighs, and what its headers allow."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from datetime import timedelta

import brotli
import pytest
from flask.testing import FlaskClient

from embed.words import CORE
from flexapp.apps import operations
from flexapp.apps.queries import app_by_id, placement_by_id
from flexapp.catalog.models import Track, Visibility
from flexapp.listening.sessions import read
from flexapp.people.models import Person
from flexapp.workflows.services import Services
from tests.functional.embed.conftest import Stage
from tests.functional.embed.reading import BROWSER, Blocks, ancestors, config, get, token

NOWHERE = "app_00000000000000000000000000"


def test_titles_prices_buy_links_and_audio_are_there_without_script(
    client: FlaskClient, stage: Stage
) -> None:
    html = get(client, f"/embed/v1/{stage.app_id}?k={stage.key}").text
    assert html.count("Rooftop Rain") >= 2
    assert "from $29.99" in html
    assert "Ember &amp; Ash" in html
    links = [
        attrs for tag, attrs, _ in Blocks(html).found if tag == "a" and attrs.get("data-ask") == "license"
    ]
    assert len(links) == 11, "one beside the player, one in each row"
    for link in links:
        assert link["target"] == "_blank"
        assert link["rel"] == "noopener"
        assert re.fullmatch(rf"/buy/[\w-]+\?lic=lty_\w+&k={re.escape(stage.key)}", link["href"] or "")
    assert html.count('<noscript><audio controls preload="none"') == 10


def test_only_the_inline_blocks_and_the_late_files_may_run(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    response = get(client, f"/embed/v1/{stage.app_id}?color=00aa55")
    policy = response.headers["Content-Security-Policy"]
    blocks = Blocks(response.text)
    scripts = [text for tag, attrs, text in blocks.found if tag == "script" and "type" not in attrs]
    styles = blocks.texts("style")
    assert len(scripts) == 1
    assert len(styles) == 2
    for kind, texts in (("script-src", scripts), ("style-src", styles)):
        hashes = [
            f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in texts
        ]
        [allowed] = re.findall(rf"{kind} ([^;]+);", policy)
        assert allowed.split()[: len(hashes)] == hashes
        for address in allowed.split()[len(hashes) :]:
            path = address.removeprefix(services.settings.base_url)
            assert re.fullmatch(r"/static/player-\w+-[0-9a-f]{12}\.(js|css)", path), "one file, exactly"
            late = client.get(path)
            assert late.status_code == 200
            assert late.headers["Access-Control-Allow-Origin"] == "*"
            assert late.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
            assert "immutable" in late.headers["Cache-Control"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none';")
    inline = [
        attrs for _, attrs, _ in blocks.found if "style" in attrs or any(a.startswith("on") for a in attrs)
    ]
    assert inline == []


def test_headers_let_everybody_frame_it_and_nobody_set_a_cookie(client: FlaskClient, stage: Stage) -> None:
    response = get(client, f"/embed/v1/{stage.app_id}")
    headers = response.headers
    assert ancestors(response) == "*"
    assert "X-Frame-Options" not in headers
    assert "Set-Cookie" not in headers
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["Referrer-Policy"] == "strict-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Accept-Encoding" in headers["Vary"]
    assert "camera=()" in headers["Permissions-Policy"]


def test_a_signed_in_cookie_changes_nothing(client: FlaskClient, stage: Stage, services: Services) -> None:
    from tests.factories.people import sign_in

    plain = get(client, f"/embed/v1/{stage.app_id}").text
    with services.database.reading() as session:
        owner = session.get(Person, stage.owner_id)
        assert owner is not None
    sign_in(client, services, owner)
    signed = get(client, f"/embed/v1/{stage.app_id}")
    assert "Set-Cookie" not in signed.headers
    assert plain.split('id="session"')[0] == signed.text.split('id="session"')[0]


def test_it_stays_within_its_budgets(client: FlaskClient, stage: Stage) -> None:
    response = get(client, f"/embed/v1/{stage.app_id}?k={stage.key}", Accept_Encoding="br")
    assert response.headers["Content-Encoding"] == "br"
    assert len(response.data) <= 9 * 1024, "the document with ten tracks, brotli"
    html = brotli.decompress(response.data).decode()
    blocks = Blocks(html)
    [script] = [text for tag, attrs, text in blocks.found if tag == "script" and "type" not in attrs]
    assert len(brotli.compress(script.encode())) <= 5 * 1024
    assert len(brotli.compress("".join(blocks.texts("style")).encode())) <= 1.5 * 1024
    loaded = [
        attrs
        for tag, attrs, _ in blocks.found
        if tag in ("script", "img", "link", "iframe") and "src" in attrs
    ]
    assert len(loaded) == 1, "the artwork is the only further request before a tap"
    assert not re.search(r"<(?!a )[^>]*(src|href)=\"(https?:)?//", html), "nothing comes from a third party"
    assert 'cover.webp" width' not in get(client, f"/embed/v1/{stage.app_id}?layout=bar").text, (
        "it shows none"
    )


@pytest.mark.parametrize("coding", ["br", "gzip", "identity", "gzip;q=0, br;q=0"])
def test_every_coding_holds_the_same_document(client: FlaskClient, stage: Stage, coding: str) -> None:
    path = f"/embed/v1/{stage.app_id}?volume=0.5"
    bodies = []
    for _ in range(2):  # new, then from the kept bodies
        response = get(client, path, Accept_Encoding=coding)
        used = response.headers.get("Content-Encoding")
        assert used == (coding if coding in ("br", "gzip") else None)
        data = response.data
        plain = brotli.decompress(data) if used == "br" else gzip.decompress(data) if used == "gzip" else data
        bodies.append(plain.decode())
        assert int(response.headers["Content-Length"]) == len(data)
    first, second = (body.split('id="session">') for body in bodies)
    assert first[0] == second[0]
    assert first[1] != second[1], "each view has a session of its own"
    assert bodies[0].endswith('"</script>\n')


def test_a_session_says_where_it_is(client: FlaskClient, stage: Stage, services: Services) -> None:
    response = get(client, f"/embed/v1/{stage.app_id}?k={stage.key}", Referer="https://blog.example/post?x=1")
    claims = read(services.signer, token(response), services.clock.now())
    assert claims is not None
    assert (claims.app_id, claims.placement_id) == (stage.app_id, stage.placement_id)
    assert (claims.channel, claims.host) == ("affiliate", "blog.example")
    assert claims.flags == frozenset()


@pytest.mark.parametrize(
    ("query", "headers", "flags"),
    [
        ("", {"Sec-GPC": "1"}, {"gpc"}),
        ("", {"DNT": "1"}, {"gpc"}),
        ("dnt=1", {}, {"gpc"}),
        ("preview=1", {}, {"preview"}),
        ("", {"User-Agent": "curl/8.0"}, {"bot"}),
    ],
)
def test_a_session_notes_what_must_not_be_kept(
    client: FlaskClient,
    stage: Stage,
    services: Services,
    query: str,
    headers: dict[str, str],
    flags: set[str],
) -> None:
    response = client.get(f"/embed/v1/{stage.app_id}?{query}", headers={**BROWSER, **headers})
    claims = read(services.signer, token(response), services.clock.now())
    assert claims is not None
    assert claims.flags == flags


def test_without_a_placement_the_channel_is_direct_and_on_our_pages_the_platforms(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    for referer, channel in (
        ("https://blog.example/", "direct"),
        (services.settings.base_url + "/", "platform_page"),
    ):
        answer = get(client, f"/embed/v1/{stage.app_id}", Referer=referer)
        claims = read(services.signer, token(answer), services.clock.now())
        assert claims is not None
        assert claims.channel == channel


def test_an_edited_or_foreign_key_counts_as_none(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    with services.database.writing() as session:
        person = session.get(Person, stage.producer_id)
        assert person is not None
        other = operations.create_app(session, person, name="Other", now=services.clock.now())
        foreign = operations.create_placement(
            session, other, name="There", signer=services.signer, now=services.clock.now()
        ).key
    for key in (stage.key[:-4] + "AAAA", stage.key[:-1], foreign, "x" * 5000, "v1.a.b"):
        response = get(client, f"/embed/v1/{stage.app_id}?k={key}")
        assert response.status_code == 200
        assert config(response)["k"] == ""
        claims = read(services.signer, token(response), services.clock.now())
        assert claims is not None
        assert claims.placement_id == ""


def test_a_revoked_placement_and_a_deleted_app_say_that_they_are_gone(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    with services.database.writing() as session:
        placement = placement_by_id(session, stage.placement_id)
        assert placement is not None
        operations.revoke_placement(session, placement, now=services.clock.now())
    gone = get(client, f"/embed/v1/{stage.app_id}?k={stage.key}")
    assert gone.status_code == 404
    assert "taken down by its owner" in gone.text
    assert "<script" not in gone.text
    assert ancestors(gone) == "*"
    with services.database.writing() as session:
        app = app_by_id(session, stage.app_id)
        assert app is not None
        operations.delete_app(session, app, now=services.clock.now())
    assert get(client, f"/embed/v1/{stage.app_id}").status_code == 404


@pytest.mark.parametrize("target", [NOWHERE, "trk_00000000000000000000000000", "x", "app_1", "..%2f..%2fetc"])
def test_what_is_nothing_answers_404_in_the_players_look(
    client: FlaskClient, stage: Stage, target: str
) -> None:
    response = get(client, f"/embed/v1/{target}")
    assert response.status_code == 404
    assert "Set-Cookie" not in response.headers
    assert "X-Frame-Options" not in response.headers


def test_a_sold_beat_leaves_the_document_at_once(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    before = [track["id"] for track in config(get(client, f"/embed/v1/{stage.app_id}"))["tracks"]]
    with services.database.writing() as session:
        track = session.get(Track, stage.track_ids[3])
        assert track is not None
        track.sold_exclusively_at = services.clock.now()
    after = [track["id"] for track in config(get(client, f"/embed/v1/{stage.app_id}"))["tracks"]]
    assert before == list(stage.track_ids)
    assert after == [each for each in stage.track_ids if each != stage.track_ids[3]]
    alone = get(client, f"/embed/v1/{stage.track_ids[3]}")
    assert alone.status_code == 200
    assert ">Sold<" in alone.text
    assert 'href="/buy/' not in alone.text


def test_an_empty_lineup_says_so_and_shows_a_way_on(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    with services.database.writing() as session:
        person = session.get(Person, stage.producer_id)
        assert person is not None
        person.allows_affiliate_sales = False
    response = get(client, f"/embed/v1/{stage.app_id}")
    assert response.status_code == 200
    assert "Nothing to play right now" in response.text
    assert config(response)["tracks"] == []


def test_a_track_has_a_player_of_its_own_unless_it_is_a_draft(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    response = get(client, f"/embed/v1/{stage.track_ids[0]}?k={stage.key}")
    assert [track["title"] for track in config(response)["tracks"]] == ["Midnight Trap"]
    assert config(response)["k"] == stage.key, "the app that shows the track is credited"
    with services.database.writing() as session:
        track = session.get(Track, stage.track_ids[0])
        assert track is not None
        track.visibility = Visibility.UNLISTED
    assert get(client, f"/embed/v1/{stage.track_ids[0]}").status_code == 200
    with services.database.writing() as session:
        track = session.get(Track, stage.track_ids[0])
        assert track is not None
        track.visibility = Visibility.DRAFT
    assert get(client, f"/embed/v1/{stage.track_ids[0]}").status_code == 404


def test_a_load_is_counted_for_frames_of_browsers_only(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    from sqlalchemy import func, select

    from flexapp.listening.models import ListenEvent

    get(client, f"/embed/v1/{stage.app_id}?k={stage.key}")
    get(client, f"/embed/v1/{stage.app_id}?k={stage.key}", Sec_Fetch_Dest="empty")
    get(client, f"/embed/v1/{stage.app_id}?k={stage.key}", Sec_Fetch_Dest="iframe")
    client.application.extensions["flexapp.ingest"].flush()
    with services.database.reading() as session:
        rows = session.scalars(select(ListenEvent)).all()
        assert session.scalar(select(func.count()).select_from(ListenEvent)) == 1
        assert rows[0].placement_id == stage.placement_id


def test_a_session_ends_with_its_life(client: FlaskClient, stage: Stage, services: Services) -> None:
    given = token(get(client, f"/embed/v1/{stage.app_id}"))
    later = services.clock.now() + timedelta(hours=6, minutes=1)
    assert read(services.signer, given, services.clock.now()) is not None
    assert read(services.signer, given, later) is None


@pytest.mark.parametrize(
    ("lang", "language", "price", "sold"),
    [
        ("de", "de", "ab 29,99\u00a0$", "Verkauft"),
        ("pt-BR", "pt", "a partir de $\u00a029,99", "Vendido"),
        ("ja", "ja", "$29.99 から", "販売済み"),
        ("<b>", "en", "from $29.99", "Sold"),
        ("", "en", "from $29.99", "Sold"),
    ],
)
def test_the_language_is_the_addresss_else_english_and_never_the_visitors(
    client: FlaskClient, stage: Stage, lang: str, language: str, price: str, sold: str
) -> None:
    response = get(client, f"/embed/v1/{stage.app_id}", Accept_Language="fr")
    assert '<html lang="en" dir="ltr"' in response.text
    response = client.get(f"/embed/v1/{stage.app_id}", query_string={"lang": lang}, headers=BROWSER)
    assert f'<html lang="{language}" dir="ltr"' in response.text
    assert price in response.text
    assert config(response)["words"]["sold"] == sold
    assert set(config(response)["words"]) == set(CORE)
    assert f"/static/player-{language}-" in response.headers["Content-Security-Policy"]


def test_what_is_gone_says_so_in_the_language_that_was_asked_for(client: FlaskClient, stage: Stage) -> None:
    response = get(client, f"/embed/v1/{NOWHERE}?lang=es")
    assert response.status_code == 404
    assert '<html lang="es"' in response.text
    assert "Aquí no hay nada que escuchar" in response.text
