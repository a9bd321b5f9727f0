"""An exclusive is sold while six players are open on three sites and two processes, and lineups are read."""

from __future__ import annotations

import contextlib
import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, select

from flexapp.catalog.models import LicenseType, Track
from flexapp.kernel import steps
from flexapp.kernel.clock import FixedClock
from flexapp.listening.models import ListenEvent
from flexapp.orders.models import OrderItem
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.services import Services
from tests.factories import orders as make
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_license_types, make_track
from tests.factories.listening import CHROME
from tests.factories.payments import pay_with_4242
from tests.factories.people import make_person
from tests.functional.listening.test_kill import Server

pytestmark = pytest.mark.slow
SITES = (
    "https://a.example/",
    "https://a.example/",
    "https://b.example/",
    "https://b.example/",
    "https://c.example/",
    "https://c.example/",
)
TOKEN = re.compile(r'id="session">"([^"]+)"')


@dataclass(frozen=True)
class Player:
    """One frame on a site, with the session it was opened with."""

    server: str
    path: str
    site: str
    token: str


@dataclass(frozen=True)
class Stand:
    """A beat with an exclusive, and the addresses of six players and three lineups that offer it."""

    track: Track
    exclusive: LicenseType
    key: str
    paths: tuple[str, ...]
    lineups: tuple[str, ...]


@pytest.fixture
def stand(services: Services, clock: FixedClock) -> Stand:
    clock.moment = datetime.now(UTC)  # the servers live now
    with services.database.writing() as session:
        producer, affiliate = make_person(session), make_person(session)
        *_, exclusive = make_license_types(session, producer)
        track = make_track(session, producer, title="Only Once", objects=services.objects)
        other = make_track(session, producer, title="Still Here", objects=services.objects)
        picked = make_app(session, affiliate, picks=(track, other))
        own = make_app(session, producer, own_catalog=True)
        keys = [make_placement(session, picked, services.signer, now=clock.now()).key for _ in range(2)]
    paths = (
        f"/embed/v1/{picked.id}?k={keys[0]}",
        f"/embed/v1/{picked.id}?k={keys[1]}&layout=card",
        f"/embed/v1/{own.id}",
        f"/embed/v1/{track.id}?theme=dark",
        f"/embed/v1/{track.id}?k={keys[0]}",
        f"/embed/v1/{producer.id}?via=oembed",
    )
    lineups = tuple(f"/embed/v1/lineups/{each.id}" for each in (picked, own, producer))
    return Stand(track, exclusive, keys[0], paths, lineups)


@pytest.fixture
def servers(services: Services, tmp_path: Path) -> Iterator[list[str]]:
    """Two real ``flexapp serve`` on one database."""
    with contextlib.ExitStack() as stack:
        addresses = []
        for name in ("one", "two"):
            home = tmp_path / name
            home.mkdir()
            server = Server(
                services.settings.database_url,
                home,
                dies_at="",
                FLEXAPP_OBJECTS_URL=services.settings.objects_url,
                FLEXAPP_STRIPE_API_BASE=services.settings.stripe_api_base,
            )
            addresses.append(f"http://127.0.0.1:{stack.enter_context(server).port}")
        yield addresses


def open_player(server: str, path: str, site: str) -> tuple[Player, str]:
    headers = {"Referer": site, "Sec-Fetch-Dest": "iframe", "User-Agent": CHROME}
    answer = requests.get(server + path, headers=headers, timeout=30)
    assert answer.status_code == 200
    found = TOKEN.search(answer.text)
    assert found is not None
    return Player(server, path, site, found[1]), answer.text


def read_lineup(server: str, path: str) -> set[str]:
    rows = requests.get(server + path, timeout=30).json()["data"]
    return {row["title"] for row in rows}


def listen(player: Player, track: Track, kind: str, number: int, play: str) -> int:
    event = {
        "p": play,
        "n": number,
        "k": kind,
        "b": track.id,
        "iv": [[0, number]],
        "d": 57.8,
        "at": number * 1000,
    }
    body = {"v": 1, "s": player.token, "e": [event]}
    return requests.post(
        f"{player.server}/api/v1/listens", json=body, headers={"User-Agent": CHROME}, timeout=30
    ).status_code


def hear(player: Player, track: Track, start: int) -> int:
    return requests.get(
        f"{player.server}/media/{track.id}.mp3",
        params={"s": player.token},
        headers={"Range": f"bytes={start}-{start + 9_999}", "User-Agent": CHROME},
        timeout=30,
    ).status_code


def form_of(server: str, browser: requests.Session, stand: Stand) -> dict[str, str]:
    """The filled-in form of a buyer who opened the page while the beat was for sale."""
    page = browser.get(f"{server}/buy/{stand.track.slug}?lic={stand.exclusive.id}&k={stand.key}", timeout=30)
    assert page.status_code == 200
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    typed = {"lic": stand.exclusive.id, "accept": "yes", "email": "late@mail.example", "name": "Too Late"}
    return {**hidden, **typed}


@pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
def test_within_a_second_no_player_and_no_process_sells_it_again(
    stand: Stand, servers: list[str], services: Services, clock: FixedClock
) -> None:
    players = []
    for server in servers:
        for path, site in zip(stand.paths, SITES, strict=True):
            open_player(server, path, site)
            player, html = open_player(server, path, site)  # from memory
            assert f"/buy/{stand.track.slug}" in html
            players.append(player)
        for path in stand.lineups:
            assert read_lineup(server, path) == {"Only Once", "Still Here"}
    plays = [str(uuid.uuid4()) for _ in players]
    for player, play in zip(players, plays, strict=True):
        assert listen(player, stand.track, "s", 0, play) == 204
        assert hear(player, stand.track, 0) == 206
    browsers = [requests.Session() for _ in servers]
    forms = [form_of(server, browser, stand) for server, browser in zip(servers, browsers, strict=True)]

    clock.moment = datetime.now(UTC)
    committed: list[float] = []
    before = steps.install(
        lambda name, _facts: committed.append(time.monotonic()) if name == "complete.committed" else None
    )
    order = make.order(services, stand.track, stand.exclusive, key=stand.key)
    pay_with_4242(order.checkout_url or "")
    complete_order(services, order.id)  # a process of its own would do the same: this one is neither server
    steps.install(before)
    time.sleep(max(0.0, committed[-1] + 1.0 - time.monotonic()))

    for player in players:
        _, html = open_player(player.server, player.path, player.site)
        assert f"/buy/{stand.track.slug}" not in html, player.path
        is_alone = f"/{stand.track.id}" in player.path
        assert (">Sold<" in html) if is_alone else ("Only Once" not in html), player.path
        assert is_alone or "Still Here" in html
    assert [read_lineup(server, path) for server in servers for path in stand.lineups] == [{"Still Here"}] * 6
    for server, browser, form in zip(servers, browsers, forms, strict=True):
        assert browser.get(f"{server}/buy/{stand.track.slug}", timeout=30).status_code == 409
        sent = browser.post(
            f"{server}/buy/{stand.track.slug}",
            data=form,
            headers={"Origin": server},
            allow_redirects=False,
            timeout=30,
        )
        assert sent.status_code == 409, sent.text[:2000]
    with services.database.reading() as session:
        sold = session.scalar(select(func.count()).where(OrderItem.track_id == stand.track.id))
    assert sold == 1

    for player, play in zip(players, plays, strict=True):
        assert hear(player, stand.track, 10_000) == 206, "who is listening goes on"
        assert listen(player, stand.track, "h", 10, play) == 204
    with services.database.reading() as session:
        beats = session.scalar(select(func.count()).where(ListenEvent.kind == "h"))
    assert beats == len(players)
    fresh, _ = open_player(servers[0], stand.paths[2], SITES[2])
    assert hear(fresh, stand.track, 0) == 404, "who comes later cannot begin"
