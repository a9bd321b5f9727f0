"""Chromium, and a whole site with people and beats behind it."""

from __future__ import annotations

import io
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page
from sqlalchemy.orm import Session
from werkzeug.serving import WSGIRequestHandler, make_server

from flexapp.app import create_app
from flexapp.catalog.models import Processing, Track, Visibility
from flexapp.config import Env, Settings
from flexapp.gateways.mail import mailer_from
from flexapp.gateways.objects import objects_from
from flexapp.gateways.stripe import payments_from
from flexapp.kernel.clock import SystemClock
from flexapp.kernel.signing import Signer
from flexapp.localstripe import server as localstripe_server
from flexapp.people.operations import begin_session
from flexapp.storage.session import Database
from flexapp.web.identity import cookie_name
from flexapp.workflows.services import Services
from tests.browser.chromium import launch_arguments
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_track
from tests.factories.people import make_person

AXE = Path(__file__).resolve().parents[2] / "widgets/node_modules/axe-core/axe.min.js"


@dataclass
class Site:
    """A running server and what is in it."""

    url: str
    services: Services
    ids: dict[str, str] = field(default_factory=dict)

    def log_in(self, context: BrowserContext, person_id: str) -> None:
        """Give the browser a session of the person, without the form."""
        services = self.services
        with services.database.writing() as session:
            from flexapp.people.queries import person_by_id

            person = person_by_id(session, person_id)
            assert person is not None
            _, secret = begin_session(session, person, user_agent="Chromium", now=services.clock.now())
        context.add_cookies(
            [{"name": cookie_name(services.settings), "value": secret, "url": self.url, "httpOnly": True}]
        )


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The Chromium that there is."""
    return {**browser_type_launch_args, **launch_arguments()}


@pytest.fixture(scope="session")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    sqlite_template: Path,
    localstripe_process: localstripe_server.Server,
) -> Iterator[Site]:
    """One site for all browser tests: a producer with beats in every state, an affiliate with an app."""
    home = tmp_path_factory.mktemp("site")
    shutil.copy(sqlite_template, home / "flexapp.sqlite3")
    server = make_server("127.0.0.1", 0, _not_yet, threaded=True, request_handler=_Quiet)
    settings = Settings(
        env=Env.DEMO,
        home=home,
        port=server.server_port,
        base_url=f"http://127.0.0.1:{server.server_port}",
        stripe_api_base=localstripe_process.url,
        argon2_fast=True,
        embedded_worker=False,
        rate_limits=False,
    )
    database = Database(settings.database_url, pool_size=20)
    services = Services(
        settings=settings,
        database=database,
        clock=SystemClock(),
        signer=Signer(settings.secret_key),
        payments=payments_from(settings),
        objects=objects_from(settings),
        mailer=mailer_from(settings, database),
    )
    server.app = create_app(settings, services)
    thread = threading.Thread(target=server.serve_forever, name="site", daemon=True)
    thread.start()
    running = Site(settings.base_url, services)
    with database.writing() as session:
        _fill(session, running)
    yield running
    server.shutdown()
    thread.join()
    server.server_close()
    database.close()


def audit(page: Page) -> list[str]:
    """What axe-core finds wrong on the page by WCAG 2.2 AA and its best practices; empty is good."""
    # Through the protocol, because the page's own policy refuses scripts that are not its own.
    console = page.context.new_cdp_session(page)
    console.send("Runtime.evaluate", {"expression": AXE.read_text()})
    found: list[str] = page.evaluate(
        """async () => {
          const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
          const { violations } = await axe.run(document, { runOnly: tags, iframes: false });
          return violations.flatMap(({ id, nodes }) =>
            nodes.map(({ target, any }) => `${id}: ${target.join(" ")} ${any[0]?.message ?? ""}`));
        }"""
    )
    console.detach()
    return found


def sideways(page: Page) -> int:
    """How many pixels the page scrolls sideways."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


class _Quiet(WSGIRequestHandler):
    """Says nothing on the console."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        pass


def _not_yet(_environ: Any, start_response: Any) -> list[bytes]:
    start_response("503 Service Unavailable", [])
    return []


def _fill(session: Session, site: Site) -> None:
    services = site.services
    now, objects = services.clock.now(), services.objects
    kaito = make_person(session, name="Kaito Sounds", email="kaito@example.com", now=now)
    nia = make_person(session, name="Nia Park", email="nia@example.com", now=now)
    newcomer = make_person(session, name="New Comer", email="new@example.com", now=now)

    def beat(slug: str, title: str, **fields: Any) -> Track:
        values = {"created_at": now, "published_at": now, "slug": slug, "title": title, **fields}
        return make_track(session, kaito, objects=objects, **values)

    trap = beat("midnight-trap", "Midnight Trap")
    corner = beat("dusty-corner", "Dusty Corner", genre="Boom Bap", bpm=90.0, key="D minor")
    art = io.BytesIO()
    Image.new("RGB", (64, 64), "#4d8b3a").save(art, "JPEG")
    small = io.BytesIO()
    Image.new("RGB", (64, 64), "#4d8b3a").save(small, "WEBP")
    corner.cover_key, corner.cover_small_key = "covers/1.jpg", "covers/1.webp"
    objects.put_bytes(corner.cover_key, art.getvalue(), content_type="image/jpeg")
    objects.put_bytes(corner.cover_small_key, small.getvalue(), content_type="image/webp")
    draft = beat("draft", "Unfinished Business", visibility=Visibility.DRAFT)
    beat("sold", "Taken Already", sold_exclusively_at=now)
    beat(
        "cooking",
        "Still Cooking",
        visibility=Visibility.DRAFT,
        processing=Processing.RUNNING,
        processing_step="preview",
        processing_percent=60,
        preview_key=None,
        peaks=None,
    )
    beat(
        "broken",
        "Broken Bounce",
        visibility=Visibility.DRAFT,
        processing=Processing.FAILED,
        processing_error="The file ends in the middle of the audio. Export it again and send the new file.",
        preview_key=None,
        peaks=None,
    )
    app = make_app(session, nia, name="Night drive", picks=(trap, corner), now=now)
    placement = make_placement(session, app, services.signer, name="beatblog.fm", now=now)
    own = make_app(session, kaito, name="Everything", own_catalog=True, now=now)
    studio = make_placement(session, own, services.signer, name="kaito.studio", now=now)
    site.ids.update(
        kaito=kaito.id,
        nia=nia.id,
        newcomer=newcomer.id,
        trap=trap.id,
        corner=corner.id,
        draft=draft.id,
        app=app.id,
        own_app=own.id,
        placement=placement.id,
        own_placement=studio.id,
    )
