"""Two origins for the player's tests: the site with real beats, and a stranger's on localhost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, Request, Route, expect

from flexapp.apps.models import FlexApp, Placement
from flexapp.apps.queries import app_by_id, placement_by_id
from flexapp.apps.snippets import Form, snippets_for
from tests.browser.conftest import Site
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_track
from tests.factories.people import make_person

BEATS = Path(__file__).resolve().parents[2] / "flexapp/demo/beats"
TITLES = {"midnight-trap": "Midnight Trap", "dusty-corner": "Dusty Corner", "lagos-sunrise": "Lagos Sunrise"}


@dataclass
class Stage:
    """The stranger's website: what it serves by path, and what the site has to show there."""

    url: str
    site: Site
    app_id: str
    placement_id: str
    key: str
    track_ids: list[str]
    track_slugs: list[str]
    pages: dict[str, str] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)

    def put(
        self, body: str, *, path: str = "/", head: str = "", headers: dict[str, str] | None = None
    ) -> str:
        """Publish a page; returns its address."""
        self.headers[path] = headers or {}
        self.pages[path] = (
            f"<!doctype html><html lang=en><title>A blog</title>{head}<body>{body}</body></html>"
        )
        return self.url + path

    def embed(self, query: str = "", *, target: str = "") -> str:
        """The address of the player's document."""
        return f"{self.site.url}/embed/v1/{target or self.app_id}?k={self.key}&{query}"

    def frame(
        self, query: str = "", *, extra: str = 'allow="autoplay"', height: int = 450, target: str = ""
    ) -> str:
        """An iframe of the player."""
        source = self.embed(query, target=target)
        return f'<iframe src="{source}" width="600" height="{height}" title="Player" {extra}></iframe>'

    def snippet(self, form: Form) -> str:
        """What the dashboard offers to paste."""
        with self.site.services.database.reading() as session:
            app, placement = app_by_id(session, self.app_id), placement_by_id(session, self.placement_id)
            assert isinstance(app, FlexApp)
            assert isinstance(placement, Placement)
            return snippets_for(app, placement, self.site.url)[form]


@pytest.fixture(scope="session")
def stage(site: Site) -> Iterator[Stage]:
    """An app of three real beats, and the stranger's server."""
    services = site.services
    with services.database.writing() as session:
        now = services.clock.now()
        nina = make_person(session, name="Nina Curates", now=now)
        mara = make_person(session, name="Mara Lindqvist", now=now)
        tracks = []
        for slug, title in TITLES.items():
            audio = (BEATS / f"{slug}.mp3").read_bytes()
            services.objects.put_bytes(f"stage/{slug}.mp3", audio, content_type="audio/mpeg")
            tracks.append(
                make_track(
                    session,
                    mara,
                    title=title,
                    preview_key=f"stage/{slug}.mp3",
                    preview_bytes=len(audio),
                    created_at=now,
                    published_at=now,
                )
            )
        app = make_app(session, nina, name="Last bus home", picks=tuple(tracks), now=now)
        placement = make_placement(session, app, services.signer, channel="affiliate", now=now)
        ids = (app.id, placement.id, placement.key, [track.id for track in tracks])
        slugs = [track.slug for track in tracks]
    pages: dict[str, str] = {}
    headers: dict[str, dict[str, str]] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(pages, headers))
    thread = threading.Thread(target=server.serve_forever, name="stranger", daemon=True)
    thread.start()
    yield Stage(f"http://localhost:{server.server_port}", site, *ids, slugs, pages, headers)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has been nowhere."""
    context = browser.new_context(viewport={"width": 900, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    """A page that must not throw."""
    opened = visitor.new_page()
    thrown: list[str] = []
    opened.on("pageerror", lambda error: thrown.append(str(error)))
    yield opened
    assert thrown == []


def requests_of(page: Page) -> list[Request]:
    """Every request of the page and its frames from now on."""
    seen: list[Request] = []
    page.on("request", lambda request: seen.append(request))
    return seen


def paths_of(requests: list[Request], host: str) -> list[str]:
    """Paths without queries of the requests to a host."""
    return [
        request.url.removeprefix(host).split("?")[0] for request in requests if request.url.startswith(host)
    ]


def player_of(page: Page, index: int = 0) -> Frame:
    """The frame of the page's player, once its script has run and the page shows it."""
    for _ in range(200):
        # A frame that is on its way has its place too, else a quicker sibling would be taken for it.
        frames = [
            frame for frame in page.frames if "/embed/v1/" in frame.url or frame.url in ("", "about:blank")
        ]
        if len(frames) > 1:
            frames.sort(key=_place)  # the browser lists them as they came
        if len(frames) > index and "/embed/v1/" in frames[index].url:
            wait_for(frames[index], "document.querySelector('.player')?.hasAttribute('data-live')")
            frames[index].frame_element().wait_for_element_state("visible")
            return frames[index]
        page.wait_for_timeout(50)
    raise AssertionError(f"the page has {len(frames)} players, not {index + 1}")


def _place(frame: Frame) -> int:
    """Where in its page the frame's element is, or the element that shows it."""
    place = "it => [...document.querySelectorAll('*')].indexOf(it.getRootNode().host ?? it)"
    return int(frame.frame_element().evaluate(place))


def wait_for(frame: Frame, truth: str, *, seconds: float = 15) -> None:
    """Wait until the expression holds; Playwright's own waiting evaluates text, which our policy refuses."""
    for _ in range(int(seconds * 20)):
        if frame.evaluate(f"Boolean({truth})"):
            return
        frame.page.wait_for_timeout(50)
    raise AssertionError(f"it never held: {truth}")


def wait_until_it_plays(frame: Frame, beyond: float = 0.2) -> None:
    """Real audio runs: the clock of the player moves."""
    going = "document.querySelector('.player').hasAttribute('data-playing')"
    wait_for(frame, f"{going} && document.querySelector('.seek').valueAsNumber > {beyond}")


def add(frame: Frame, row: int, license_name: str = "") -> None:
    """Open the licenses of a row, choose one, put it into the cart."""
    frame.click(f".rows li:nth-child({row}) .buy")
    dialog = frame.locator("dialog[open]")
    expect(dialog).to_be_visible()
    if license_name:
        dialog.locator("label", has_text=license_name).click()
    dialog.locator(".cart-add").click()
    expect(dialog).to_be_hidden()


class LateParts:
    """The late scripts and styles of a page's players: each frame's come when they are let in."""

    def __init__(self, page: Page) -> None:
        self._waiting: list[Route] = []
        page.route("**/static/player-*", lambda route: self._waiting.append(route))

    def let_in(self, frame: Frame) -> None:
        """Answer what the frame asked for, and wait until it can do everything."""
        for route in [each for each in self._waiting if each.request.frame == frame]:
            self._waiting.remove(route)
            route.continue_()
        wait_for(frame, "document.querySelector('.more')")


def is_playing(frame: Frame) -> bool:
    """Whether the player shows that it plays."""
    return bool(frame.evaluate("document.querySelector('.player').hasAttribute('data-playing')"))


def _handler(pages: dict[str, str], headers: dict[str, dict[str, str]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            page = pages.get(path)
            body = (page or "nothing here").encode()
            self.send_response(200 if page else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.get(path, {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    return Handler
