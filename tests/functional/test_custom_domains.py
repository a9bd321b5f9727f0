"""An app at a host name of its owner: its pages there, nobody else's anywhere, and no poisoned answers."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flexapp.app import create_app
from flexapp.apps import hosting, queries
from flexapp.apps.models import Channel, FlexApp
from flexapp.apps.operations import delete_app, set_domain
from flexapp.config import Env, Settings, StripeMode
from flexapp.web import hosts
from flexapp.workflows.services import Services
from tests.factories.apps import make_app
from tests.factories.catalog import make_track
from tests.factories.people import make_person, sign_in

DOMAIN = "beats.nina.example"
AT = {"base_url": f"http://{DOMAIN}:8000"}


@pytest.fixture(autouse=True)
def _look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed host name is seen with the next request, not after two seconds."""
    monkeypatch.setattr(hosts, "_KEPT_SECONDS", 0.0)


@pytest.fixture
def night(services: Services) -> FlexApp:
    """Nina's app of two of Kaito's beats, at her host name; Kaito has a third beat that is not in it."""
    now = services.clock.now()
    with services.database.writing() as session:
        nina = make_person(session, name="Nina Curates")
        kaito = make_person(session, name="Kaito Sounds")
        trap = make_track(session, kaito, slug="trap", title="Midnight Trap", cover_key="c/1.jpg")
        dusty = make_track(session, kaito, slug="dusty", title="Dusty Corner")
        make_track(session, kaito, slug="other", title="Somewhere Else")
        app = make_app(session, nina, name="Night drive", picks=(trap, dusty))
        set_domain(session, app, DOMAIN, own_hosts=["flexapp.example"], now=now)
        hosting.confirm_domain(session, app, DOMAIN, now=now)
        return app


def test_the_apps_page_is_the_front_page_of_its_host(client: FlaskClient, night: FlexApp) -> None:
    page = client.get("/", **AT)
    assert page.status_code == 200
    assert "<h1>Night drive</h1>" in page.text
    assert "Midnight Trap" in page.text
    assert f'<link rel="canonical" href="http://{DOMAIN}:8000/">' in page.text
    assert 'href="/t/trap"' in page.text
    assert 'href="/login"' not in page.text
    assert "Set-Cookie" not in page.headers


def test_beats_and_producers_of_the_app_have_pages_there(client: FlaskClient, night: FlexApp) -> None:
    beat = client.get("/t/trap", **AT)
    assert f'<link rel="canonical" href="http://{DOMAIN}:8000/t/trap">' in beat.text
    producer = client.get("/p/kaito-sounds", **AT)
    assert "Dusty Corner" in producer.text
    assert "Somewhere Else" not in producer.text
    for path in ("/t/other", "/p/nina-curates"):
        elsewhere = client.get(path, **AT)
        assert (elsewhere.status_code, elsewhere.location) == (302, f"http://127.0.0.1:8000{path}")
    for page in (beat, producer):
        assert "Set-Cookie" not in page.headers


def test_players_pictures_and_checkouts_stay_on_our_host(
    client: FlaskClient, services: Services, night: FlexApp
) -> None:
    base = services.settings.base_url
    with services.database.reading() as session:
        pages = "".join(client.get(path, **AT).text for path in ("/", "/t/trap"))
        placement = queries.page_placement_of(session, night.id)
        assert placement is not None
    assert placement.channel is Channel.PLATFORM_PAGE
    bought = re.findall(r'href="([^"]*/buy/[^"]*)"', pages)
    assert bought
    assert all(link.startswith(f"{base}/buy/trap?lic=lty_") for link in bought)
    assert all(link.endswith(f"&amp;k={placement.key}") for link in bought)
    assert f'src="{base}/embed/v1/trk_' in pages
    assert f'src="{base}/media/trk_' in pages
    assert not re.findall(r'(?:src|href)="/(?:media|embed|buy)/', pages)
    moved = client.get("/buy/trap?lic=x&k=%22y", **AT)
    assert moved.location == f"{base}/buy/trap?lic=x&k=%22y"


@pytest.mark.parametrize(
    "path",
    [
        "/login",
        "/signup",
        "/producer-dashboard",
        "/producer-dashboard/apps",
        "/dash",
        "/api/v1/me",
        "/api/v1/openapi.json",
        "/docs/api",
        "/oembed?url=x",
        "/sdk/v1/embed.js",
        "/hooks/stripe",
        "/demo/mails",
        "/nothing",
    ],
)
def test_nobody_logs_in_and_nothing_else_answers_there(
    client: FlaskClient, services: Services, night: FlexApp, path: str
) -> None:
    with services.database.reading() as session:
        owner = queries.app_by_id(session, night.id)
        assert owner is not None
    for method in (client.get, client.post):
        answer = method(path, **AT)
        assert answer.status_code in (404, 405), path
        assert "Set-Cookie" not in answer.headers


def test_a_session_of_ours_is_not_read_there(client: FlaskClient, services: Services, night: FlexApp) -> None:
    with services.database.writing() as session:
        person = make_person(session, name="Signed In")
    sign_in(client, services, person)
    assert "Dashboard" in client.get("/").text
    assert "Dashboard" not in client.get("/", **AT).text


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8000"},
        {"Host": f"{DOMAIN}.evil.example"},
        {"Host": f"www.{DOMAIN}"},
        {"Host": "beats.nina.example@evil.example"},
        {"Host": "x" * 300 + ".example"},
    ],
)
def test_a_host_that_is_nobodys_is_not_found(
    client: FlaskClient, night: FlexApp, headers: dict[str, str]
) -> None:
    for path in ("/", "/t/trap", "/login", f"/embed/v1/{night.id}", "/static/x.css"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 404, path
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Night drive" not in answer.text


def test_made_up_hosts_poison_no_kept_page(client: FlaskClient, services: Services, night: FlexApp) -> None:
    poison = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Server": "evil.example",
        "Forwarded": "host=evil.example",
    }
    for path in ("/", "/p/kaito-sounds", f"/a/{night.slug}", "/t/trap", f"/embed/v1/{night.id}"):
        client.get(path, headers={"Host": "evil.example", **poison})
        first = client.get(path, headers=poison)
        again = client.get(path)
        assert first.status_code == again.status_code == 200
        assert "evil.example" not in first.text + again.text
        assert "evil.example" not in str(again.headers)
        assert f'rel="canonical" href="{services.settings.base_url}' in again.text or path in (
            "/",
            f"/a/{night.slug}",
            f"/embed/v1/{night.id}",
        )


def test_a_page_kept_for_one_host_is_not_shown_at_another(client: FlaskClient, night: FlexApp) -> None:
    ours = client.get("/p/kaito-sounds").text
    theirs = client.get("/p/kaito-sounds", **AT).text
    assert client.get("/p/kaito-sounds").text == ours
    assert client.get("/p/kaito-sounds", **AT).text == theirs
    assert "Somewhere Else" in ours
    assert "Somewhere Else" not in theirs


def test_an_unproven_name_answers_nothing_and_blocks_nobody(
    client: FlaskClient, services: Services, night: FlexApp
) -> None:
    now = services.clock.now()
    with services.database.writing() as session:
        squatter = make_app(session, make_person(session), name="Squatted")
        named = set_domain(session, squatter, "new.nina.example", own_hosts=(), now=now)
        assert named is not None
        assert not named.is_live
        assert (named.record_name, named.record_value[:12]) == ("_flexapp.new.nina.example", "flexapp-app=")
    at = {"base_url": "http://new.nina.example"}
    assert client.get("/", **at).status_code == 404
    with services.database.writing() as session:
        app = session.get(FlexApp, night.id)
        assert app is not None
        set_domain(session, app, "new.nina.example", own_hosts=(), now=now)
        hosting.confirm_domain(session, app, "new.nina.example", now=now)
    assert "<h1>Night drive</h1>" in client.get("/", **at).text
    assert client.get("/", **AT).status_code == 404


def test_a_deleted_app_leaves_its_host(client: FlaskClient, services: Services, night: FlexApp) -> None:
    with services.database.writing() as session:
        app = session.get(FlexApp, night.id)
        assert app is not None
        delete_app(session, app, now=services.clock.now())
    assert client.get("/", **AT).status_code == 404


def test_an_app_that_only_some_sites_may_frame_plays_at_its_own_host(
    client: FlaskClient, services: Services, night: FlexApp
) -> None:
    with services.database.writing() as session:
        app = session.get(FlexApp, night.id)
        assert app is not None
        app.allowed_origins = ["https://blog.example"]
        app.revision += 1
    policy = client.get(f"/embed/v1/{night.id}?layout=card").headers["Content-Security-Policy"]
    assert f"https://blog.example https://{DOMAIN}" in policy


@pytest.fixture
def live(services: Services, settings: Settings) -> Flask:
    """The app as it runs for real: behind https, strict about its name."""
    real = settings.model_copy(
        update={"env": Env.PRODUCTION, "base_url": "https://flexapp.example", "stripe_mode": StripeMode.LIVE}
    )
    return create_app(real, Services(**{**services.__dict__, "settings": real}))


def test_in_production_only_our_name_and_proven_names_answer(live: Flask, night: FlexApp) -> None:
    client = live.test_client()
    assert client.get("/", base_url="https://flexapp.example").status_code == 200
    www = client.get("/t/trap?k=1", base_url="https://www.flexapp.example")
    assert (www.status_code, www.location) == (302, "https://flexapp.example/t/trap?k=1")
    for host in ("localhost", "127.0.0.1", "10.0.0.4", "intranet"):
        assert client.get("/", base_url=f"https://{host}").status_code == 404
        assert client.get("/healthz", base_url=f"https://{host}").status_code == 200
    theirs = client.get("/", base_url=f"https://{DOMAIN}")
    assert f'<link rel="canonical" href="https://{DOMAIN}/">' in theirs.text
    assert "Set-Cookie" not in theirs.headers
    policy = theirs.headers["Content-Security-Policy"]
    assert "frame-src 'self' https://flexapp.example" in policy
    assert "'unsafe" not in policy
