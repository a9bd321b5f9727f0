"""The embed's threat list, each threat with a test, here or where its noun is tested.

Elsewhere: hostile colors, ``lang`` and other parameters, and titles in the document's blocks
(``test_strangers``); shared and expired media links, ranges without end (``test_deliveries``); broken
ranges (``tests/unit/web/test_ranges``); edited, truncated and foreign tokens letter by letter
(``tests/unit/apps/test_tokens``, ``tests/unit/listening/test_sessions``); replayed, negative, NaN and huge
reports (``tests/unit/listening/test_batches``, ``tests/functional/listening``); ``next``
(``tests/unit/web/test_safe_next``); host names of apps (``tests/functional/test_custom_domains``); messages
between windows (``tests/browser``).
"""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from embed import refusals
from flexapp.apps import operations
from flexapp.apps.queries import app_by_id, refused_origins_of
from flexapp.apps.tokens import placement_token
from flexapp.catalog.models import Track
from flexapp.kernel.signing import Signer
from flexapp.listening.ingest import ingest_of
from flexapp.listening.models import ListenEvent
from flexapp.people.models import OldSlug, Person
from flexapp.workflows.services import Services
from tests.factories.apps import make_app, make_placement
from tests.factories.people import make_person, post_form, sign_in
from tests.functional.embed.conftest import Stage
from tests.functional.embed.reading import Blocks, ancestors, config, get, token

NASTY = "</script><script>alert(1)</script><!--\u2028\"'><img src=x onerror=alert(1)>"
EVIL = "evil.example"


def spoil(services: Services, stage: Stage) -> None:
    """Put markup wherever a person may write."""
    with services.database.writing() as session:
        for person_id in (stage.producer_id, stage.owner_id):
            person = session.get(Person, person_id)
            assert person is not None
            person.name = NASTY[:80]
        app, track = app_by_id(session, stage.app_id), session.get(Track, stage.track_ids[0])
        assert app is not None
        assert track is not None
        app.name = track.genre = NASTY[:60]
        track.title, track.tags = NASTY, [NASTY[:40]]


def pages_of(stage: Stage) -> list[str]:
    return [
        f"/embed/v1/{stage.app_id}?k={stage.key}",
        f"/embed/v1/{stage.track_ids[0]}",
        f"/a/{stage.slug}?k={stage.key}",
        f"/t/{stage.track_slugs[0]}",
        f"/buy/{stage.track_slugs[0]}?k={stage.key}",
    ]


def test_what_people_write_is_text_on_every_page(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    spoil(services, stage)
    with services.database.reading() as session:
        producer = session.get(Person, stage.producer_id)
        owner = session.get(Person, stage.owner_id)
        assert producer is not None
        assert owner is not None
    sign_in(client, services, owner)
    dashboard = f"/producer-dashboard/apps/{stage.app_id}"
    paths = [
        *pages_of(stage),
        f"/p/{producer.slug}",
        dashboard,
        f"{dashboard}/placements/{stage.placement_id}",
    ]
    for path in paths:
        response = get(client, path)
        assert response.status_code == 200, path
        assert "alert(1)" in response.text, f"{path} shows what was written"
        for tag, attrs, text in Blocks(response.text).found:
            assert "onerror" not in attrs, path
            assert attrs.get("src") != "x", path
            runs = tag == "script" and not (attrs.get("type") or "").endswith("json")
            assert not (runs and "alert(1)" in text), path


def test_data_in_a_page_cannot_end_its_block(client: FlaskClient, stage: Stage, services: Services) -> None:
    spoil(services, stage)
    for path in pages_of(stage):
        response = get(client, path)
        blocks = [
            (attrs, text)
            for tag, attrs, text in Blocks(response.text).found
            if tag == "script" and (attrs.get("type") or "").endswith("json")
        ]
        for _attrs, text in blocks:
            json.loads(text)
            assert not set("<>\u2028\u2029") & set(text), path
    assert config(get(client, pages_of(stage)[0]))["tracks"][0]["title"] == NASTY


def test_an_oembed_answer_is_one_frame_whatever_the_title_is(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    spoil(services, stage)
    url = quote(f"{services.settings.base_url}/t/{stage.track_slugs[0]}")
    answer = get(client, f"/oembed?url={url}").json
    assert answer is not None
    assert [tag for tag, _, _ in Blocks(answer["html"]).found] == ["iframe"]
    xml = get(client, f"/oembed?url={url}&format=xml").text
    assert "<img" not in xml
    assert xml.count("<title>") == 1


@pytest.mark.parametrize(
    "line",
    [
        "https://a.example; script-src *",
        "https://a.example\rX-Evil: 1",
        "https://a.example\u2028X-Evil: 1",
        "https://a.example, *",
        "https://a.example 'unsafe-inline'",
        "*",
        "https://*",
        "data:",
        "'self'",
    ],
)
def test_a_list_of_websites_never_writes_another_header(
    client: FlaskClient, stage: Stage, services: Services, line: str
) -> None:
    with services.database.reading() as session:
        owner = session.get(Person, stage.owner_id)
        assert owner is not None
    sign_in(client, services, owner)
    before = get(client, f"/embed/v1/{stage.app_id}").headers["Content-Security-Policy"]
    for path, fields in (
        (f"/producer-dashboard/apps/{stage.app_id}/settings", {"name": "Night drive"}),
        (f"/producer-dashboard/apps/{stage.app_id}/placements", {"name": "One"}),
    ):
        refused = post_form(client, path, {**fields, "allowed_origins": line})
        assert refused.status_code == 422, path
    after = get(client, f"/embed/v1/{stage.app_id}")
    assert after.headers["Content-Security-Policy"] == before
    assert "X-Evil" not in after.headers


@pytest.mark.parametrize("evil", [f"//{EVIL}", f"https://{EVIL}", f"/\\{EVIL}", f"%2F%2F{EVIL}", f"@{EVIL}"])
def test_no_redirect_leaves_our_host(
    client: FlaskClient, stage: Stage, services: Services, evil: str
) -> None:
    with services.database.writing() as session:
        now = services.clock.now()
        session.add(OldSlug(kind="track", slug="old", target_id=stage.track_ids[0], created_at=now))
        session.add(OldSlug(kind="app", slug="old", target_id=stage.app_id, created_at=now))
        session.add(OldSlug(kind="person", slug="old", target_id=stage.producer_id, created_at=now))
    own = urlsplit(services.settings.base_url).netloc
    query = "&".join(f"{name}={evil}" for name in ("next", "t", "k", "s", "lic", "o", "url", "return_to"))
    paths = ["/buy/old", "/t/old", "/a/old", "/p/old", f"/buy/{stage.track_slugs[0]}", "/producer-dashboard"]
    paths += [f"/{evil}", f"/t/{evil}", f"/a/{evil}/", "/dash", "/login"]
    followed = 0
    for path in paths:
        response = get(client, f"{path}?{query}")
        if response.status_code in (301, 302, 303, 307, 308):
            followed += 1
            target = urlsplit(response.location)
            assert target.scheme in ("", "http", "https")
            assert target.netloc in ("", own, "localhost"), (path, response.location)
            assert not response.location.startswith(("//", "/\\")), (path, response.location)
    assert followed >= 4


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost:5432/",
        f"http://{EVIL}/t/x",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "http://[::1]/t/x",
        "http://127.0.0.1@evil.example/t/x",
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "//evil.example/t/x",
    ],
)
def test_asking_for_a_player_of_another_host_asks_no_host(
    client: FlaskClient, stage: Stage, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    asked: list[Any] = []
    real_connect, real_lookup = socket.socket.connect, socket.getaddrinfo

    def connect(self: socket.socket, address: Any) -> None:
        asked.append(address)
        real_connect(self, address)

    def lookup(*args: Any, **options: Any) -> Any:
        asked.append(args[0])
        return real_lookup(*args, **options)

    get(client, f"/oembed?url={quote('http://warm.example/')}")  # connections of the database are open now
    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    response = get(client, f"/oembed?url={quote(url, safe='')}")
    assert response.status_code in (400, 404)
    assert asked == []


def test_a_key_that_is_not_quite_ours_credits_nobody(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    head, body, mac = stage.key.split(".")
    with services.database.writing() as session:
        other = make_app(session, make_person(session), name="Another")
        foreign = make_placement(session, other, services.signer).key
    forged = placement_token(
        Signer("another secret"),
        placement_id=stage.placement_id,
        app_id=stage.app_id,
        owner_id=stage.owner_id,
        issued_at=services.clock.now(),
    )
    session_token = token(get(client, f"/embed/v1/{stage.app_id}?k={stage.key}"))
    wrong = [
        stage.key[:-1],
        f"{head}.{body}.{mac[::-1]}",
        f"{head}.{body[:-2]}.{mac}",
        f"v2.{body}.{mac}",
        f"{head}..{mac}",
        stage.key + "=",
        foreign,
        forged,
        session_token,
        stage.key * 2,
    ]
    assert config(get(client, f"/embed/v1/{stage.app_id}?k={stage.key}"))["k"] == stage.key
    for key in wrong:
        response = get(client, f"/embed/v1/{stage.app_id}?k={quote(key)}")
        assert response.status_code == 200, key
        assert config(response)["k"] == "", key


def test_a_session_is_of_the_page_it_was_minted_for_wherever_it_is_used(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    minted = token(
        get(client, f"/embed/v1/{stage.app_id}?k={stage.key}", Referer="https://blog.example/page")
    )
    event = {"p": "0c9a8f6e-play", "n": 0, "k": "s", "b": stage.track_ids[0], "at": 10}
    elsewhere = {
        "Referer": f"https://{EVIL}/",
        "Origin": f"https://{EVIL}",
        "User-Agent": "Mozilla/5.0 Chrome/130",
    }
    for session_token in (minted, stage.key, minted[:-1]):
        body = json.dumps({"v": 1, "s": session_token, "e": [event]})
        answer = client.post("/api/v1/listens", data=body, content_type="text/plain", headers=elsewhere)
        assert answer.status_code == 204
    ingest_of(services.database).flush()
    with services.database.reading() as session:
        [stored] = session.scalars(select(ListenEvent).where(ListenEvent.kind == "s")).all()
    assert (stored.host, stored.app_id, stored.placement_id) == (
        "blog.example",
        stage.app_id,
        stage.placement_id,
    )


def test_buying_and_everything_of_a_person_stands_in_no_frame(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    with services.database.reading() as session:
        owner = session.get(Person, stage.owner_id)
        assert owner is not None
    sign_in(client, services, owner)
    for path in (
        f"/buy/{stage.track_slugs[0]}",
        f"/buy/{stage.track_slugs[0]}?k={stage.key}",
        "/cart",
        "/cart/nothing",
        "/orders/nothing",
        "/login",
        "/producer-dashboard",
        f"/producer-dashboard/apps/{stage.app_id}/placements/{stage.placement_id}",
    ):
        response = get(client, path)
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"], path
        assert response.headers["X-Frame-Options"] == "DENY", path
    player = get(client, f"/embed/v1/{stage.app_id}")
    assert ancestors(player) == "*"
    assert "X-Frame-Options" not in player.headers


def test_no_link_of_a_player_runs_text(client: FlaskClient, stage: Stage) -> None:
    bad = "javascript:alert(1)"
    query = "&".join(f"{name}={bad}" for name in ("k", "s", "t", "start_track", "lang", "bg", "url", "next"))
    for path in (f"/embed/v1/{stage.app_id}", f"/a/{stage.slug}", f"/t/{stage.track_slugs[0]}"):
        page = get(client, f"{path}?{query}", Referer=bad)
        for tag, attrs, _ in Blocks(page.text).found:
            for name in ("href", "src", "action", "formaction", "content", "data-src"):
                value = (attrs.get(name) or "").strip().lower()
                assert not value.startswith(("javascript:", "data:text", "vbscript:")), (path, tag, value)


@pytest.mark.parametrize(
    "site",
    [
        "https://www.blog.example",
        "https://blog.example:8443",
        "http://blog.example",
        "https://sub.blog.example",
        "https://blog.example.evil.example",
        "https://evilblog.example",
        "https://blog.example@evil.example",
        "https://shop.example",
        "https://a.shop.example:444",
        "http://a.shop.example",
        "https://xn--blog-.example",
    ],
)
def test_a_website_that_only_resembles_a_listed_one_is_refused(
    client: FlaskClient, stage: Stage, services: Services, site: str
) -> None:
    with services.database.writing() as session:
        app = app_by_id(session, stage.app_id)
        assert app is not None
        operations.set_allowed_origins(session, app, ["https://blog.example", "https://*.shop.example"])
    own = services.settings.base_url
    response = get(client, f"/embed/v1/{stage.app_id}", Referer=f"{site}/page")
    assert ancestors(response) == f"'self' {own} https://blog.example https://*.shop.example"
    assert site not in response.text
    for listed in ("https://blog.example/", "https://a.shop.example/"):
        get(client, f"/embed/v1/{stage.app_id}", Referer=listed)
    refusals.flush(services.database)
    with services.database.reading() as session:
        noted = [each.origin for each in refused_origins_of(session, stage.app_id)]
    host = urlsplit(site).netloc.rpartition("@")[2]
    assert [urlsplit(origin).netloc for origin in noted] in ([host], [])
    assert noted or "@" in site or "xn--" in site, "only what is no origin at all is left out"


POISON = {
    "Host": EVIL,
    "X_Forwarded_Host": EVIL,
    "X_Forwarded_Server": EVIL,
    "X_Forwarded_Proto": "javascript",
    "X_Forwarded_Port": "666",
    "X_Forwarded_Prefix": f"//{EVIL}",
    "X_Original_URL": f"//{EVIL}/",
    "Forwarded": f"host={EVIL};proto=http",
}


def test_what_a_caller_says_of_the_host_reaches_no_answer_and_no_cache(
    client: FlaskClient, stage: Stage, services: Services
) -> None:
    link = quote(f"{services.settings.base_url}/a/{stage.slug}")
    paths = [*pages_of(stage), "/", f"/oembed?url={link}", f"/media/{stage.track_ids[0]}/cover.webp"]
    paths += ["/sdk/v1/embed.js", f"/peaks/{stage.track_ids[0]}.json"]
    for name, value in POISON.items():
        for path in paths:
            poisoned = get(client, path, **{name: value})
            assert EVIL not in poisoned.text, (name, path)
            assert EVIL not in str(poisoned.headers), (name, path)
    for path in paths:
        clean = get(client, path)
        assert EVIL not in clean.text, path
        assert ":666" not in clean.text, path
        assert EVIL not in str(clean.headers), path
