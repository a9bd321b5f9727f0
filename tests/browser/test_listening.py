"""A listen from a stranger's page to the dashboard, in a real browser with real sound."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from flexapp.listening.models import Decision, Play
from flexapp.listening.totals import hour_of
from flexapp.listening.upkeep import fold_listens
from flexapp.worker.runtime import Worker
from tests.browser.conftest import Site, audit, sideways
from tests.browser.stage import BEATS, Stage, add, player_of, stage, wait_until_it_plays
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_track
from tests.factories.listening import CHROME, make_total
from tests.factories.people import make_person

__all__ = ["stage"]
pytestmark = pytest.mark.browser
SECONDS = 8  #: of the beat: half of it is a play


@pytest.fixture
def listener(browser: Browser) -> Iterator[BrowserContext]:
    """A person's browser; the headless one calls itself a program, which counts nothing."""
    context = browser.new_context(viewport={"width": 900, "height": 900}, user_agent=CHROME)
    yield context
    context.close()


@pytest.fixture
def dashboard(browser: Browser) -> Iterator[BrowserContext]:
    """The owner's browser, on another machine by its name."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    yield context
    context.close()


def test_a_play_on_another_site_is_in_the_open_dashboard_within_five_seconds(
    stage: Stage, site: Site, listener: BrowserContext, dashboard: BrowserContext
) -> None:
    services = site.services
    sound = (BEATS / "midnight-trap.mp3").read_bytes()
    cut = sound[: SECONDS * 16_000]
    services.objects.put_bytes("listening/short.mp3", cut, content_type="audio/mpeg")
    with services.database.writing() as session:
        now = services.clock.now()
        owner = make_person(session, name="Only Ears", now=now)
        track = make_track(
            session,
            owner,
            title="Eight Seconds",
            duration_ms=SECONDS * 1000,
            preview_key="listening/short.mp3",
            preview_bytes=len(cut),
            created_at=now,
            published_at=now,
        )
        other = make_track(session, owner, created_at=now, published_at=now)
        app = make_app(session, owner, name="Ears only", picks=(track, other), now=now)
        placement = make_placement(session, app, services.signer, name="a blog", now=now)
    site.log_in(dashboard, owner.id)
    overview = dashboard.new_page()
    overview.goto(f"{site.url}/producer-dashboard")
    plays = overview.locator('[data-live="plays"]')
    expect(plays).to_have_text("0")
    insights = dashboard.new_page()
    insights.goto(f"{site.url}/producer-dashboard/apps/{app.id}/insights?period=today")
    heard = insights.locator('[data-live="plays"]')
    expect(heard).to_have_text("0")

    worker = Worker(services, threads=1)
    worker.start()
    try:
        page = listener.new_page()
        frame_url = f"{site.url}/embed/v1/{app.id}?k={placement.key}"
        page.goto(stage.put(f'<iframe src="{frame_url}" width="600" height="450" allow="autoplay"></iframe>'))
        frame = player_of(page)
        frame.click(".play")
        wait_until_it_plays(frame, beyond=SECONDS / 2 + 0.5)
        frame.click(".play")
        stopped = time.monotonic()
        expect(plays).to_have_text("1", timeout=8000)
        expect(heard).to_have_text("1", timeout=5000)
        assert time.monotonic() - stopped < 5
        add(frame, 1)
        frame.click(".play")  # what can wait goes along with the next report
        steps = insights.locator("[data-live-part=funnel]")
        for name, count in (("license-opened", "1"), ("added-to-cart", "1"), ("bought", "0")):
            expect(steps.locator(f'[data-live="stage-{name}"]')).to_have_text(count, timeout=10_000)
        expect(steps).to_contain_text("100\u202f% of license opened", timeout=10_000)
        expect(insights.locator("[data-live-part=devices]")).to_contain_text("Computer", timeout=10_000)
        expect(overview.locator(".chart-plot")).to_be_visible(timeout=10_000)
        expect(overview.locator("[data-live-part=tracks]")).to_contain_text("Eight Seconds")
        expect(overview.locator("[data-live-part=places]")).to_contain_text("a blog")
    finally:
        worker.stop()


def test_a_headless_browser_s_plays_are_not_counted(
    stage: Stage, site: Site, browser: Browser, dashboard: BrowserContext
) -> None:
    program = browser.new_context()
    page = program.new_page()
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    frame.click(".play")
    wait_until_it_plays(frame, beyond=1)
    frame.click(".play")
    page.wait_for_timeout(500)
    program.close()
    fold_listens(site.services)
    with site.services.database.reading() as session:
        rows = session.scalars(select(Play).where(Play.app_id == stage.app_id)).all()
        assert rows
        assert {row.decision for row in rows} == {Decision.REJECTED}


@pytest.fixture(scope="module")
def busy_ids(site: Site) -> dict[str, str]:
    """An owner whose app played on three channels for three months, and before."""
    services = site.services
    with services.database.writing() as session:
        now = services.clock.now()
        owner = make_person(session, name="Busy Ears", now=now)
        track = make_track(session, owner, title="Round And Round", created_at=now, published_at=now)
        app = make_app(session, owner, name="Always on", picks=(track,), now=now)
        placement = make_placement(session, app, services.signer, name="a blog", now=now)
        for day in range(90):
            for place, channel in enumerate(("own_site", "affiliate", "platform_page"), 1):
                make_total(
                    session,
                    hour=hour_of(now) - timedelta(days=day),
                    app_id=app.id,
                    placement_id=placement.id if place == 1 else "",
                    channel=channel,
                    track_id=track.id,
                    starts=40,
                    plays=20 + day % 7 * place,
                    completed=9,
                    listen_ms=900_000,
                )
        return {"owner": owner.id, "app": app.id, "track": track.id}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_overview_and_insights_are_accessible_and_fit(
    site: Site, browser: Browser, busy_ids: dict[str, str], width: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page: Page = context.new_page()
    home, busy, quiet = "/producer-dashboard", busy_ids, site.ids
    visits = {
        busy["owner"]: (
            home,
            f"{home}?period=today",
            f"{home}/insights",
            f"{home}/apps/{busy['app']}/insights?period=year",
            f"/backstage/tracks/{busy['track']}/insights",
        ),
        quiet["newcomer"]: (home, f"{home}/insights"),
    }
    for person_id, paths in visits.items():
        site.log_in(context, person_id)
        for path in paths:
            page.goto(site.url + path)
            for summary in page.locator(".chart-table > summary").all():
                summary.click()
            assert audit(page) == [], path
            assert sideways(page) == 0, path
    context.close()
