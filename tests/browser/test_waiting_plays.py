"""The review of plays that wait, and the public rules: accessible, and no wider than the screen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from flexapp.listening.ingest import ingest_of
from flexapp.listening.judging import judge_days
from flexapp.listening.upkeep import fold_listens
from tests.browser.conftest import Site, audit, sideways
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_license_type, make_track
from tests.factories.people import make_person
from tests.factories.plays import hear

PAGE = "/producer-dashboard/activity/suspects"
RULES = "/help/how-plays-count"


@pytest.fixture(scope="module")
def people(site: Site) -> dict[str, str]:
    """An owner whose app is played by a machine, somebody of the platform, and somebody without plays."""
    services, now = site.services, site.services.clock.now()
    with services.database.writing() as session:
        owner, admin, nobody = make_person(session), make_person(session, is_admin=True), make_person(session)
        beat = make_track(
            session,
            owner,
            license_types=[make_license_type(session, owner)],
            files=(),
            duration_ms=120_000,
        )
        app = make_app(session, owner, picks=(beat,), name="Played by a machine, and by nobody else at all")
        placement = make_placement(session, app, services.signer)
    for number in range(24):
        hear(
            services,
            beat,
            at=now - timedelta(minutes=2),
            seconds=30,
            app_id=app.id,
            placement_id=placement.id,
            host="a-rather-long-name-of-a-website.example",
            network=f"{number % 3:016}",
        )
    hear(services, beat, at=now - timedelta(minutes=2), app_id=app.id, is_loaded=False)
    ingest_of(services.database).flush()
    fold_listens(services)
    judge_days(
        services.database, limits=services.settings.play_limits, own_host="", now=services.clock.now(), days=2
    )
    return {"owner": owner.id, "admin": admin.id, "nobody": nobody.id}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit(
    site: Site, browser: Browser, people: dict[str, str], scheme: str
) -> None:
    problems = []
    for who, path in (("admin", PAGE), ("owner", PAGE), ("nobody", PAGE), ("nobody", RULES)):
        context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
        site.log_in(context, people[who])
        page = context.new_page()
        page.goto(site.url + path)
        for summary in page.locator("main details > summary").all():
            summary.click()
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            problems += [f"{path} of {who} at {width}: {problem}" for problem in audit(page)]
            if sideways(page):
                problems.append(f"{path} of {who} scrolls sideways by {sideways(page)} at {width}")
        context.close()
    assert problems == []


def test_a_group_is_decided_and_taken_back_by_keyboard(
    site: Site, browser: Browser, people: dict[str, str]
) -> None:
    context = browser.new_context()
    site.log_in(context, people["admin"])
    page = context.new_page()
    page.goto(site.url + PAGE)
    card = page.get_by_role("region", name="Most plays stop as soon as they count")
    card.get_by_role("button", name="Refuse").press("Enter")
    expect(page.get_by_text("24 plays will not count.")).to_be_visible()
    page.get_by_role("button", name="Take back").first.press("Enter")
    expect(page.get_by_text("The decision is taken back")).to_be_visible()
    expect(card).to_be_visible()
    context.close()
