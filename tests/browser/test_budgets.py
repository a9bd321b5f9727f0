"""What a player may cost the page around it (embed-spec 13.3): bytes, memory, reports, and no movement.

Requests, audio, cookies and third parties before a tap are in `test_player.py`, shifts inside the frame in
`test_player_controls.py`, bytes of the document's parts in `tests/functional/embed`. Nothing here is timed.
"""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route

from flexapp.apps.models import FlexApp, Layout, Placement
from flexapp.apps.options import Options
from flexapp.apps.queries import app_by_id, placement_by_id
from flexapp.apps.sizes import SIZES
from flexapp.apps.snippets import FORMS, snippets_for
from flexapp.audio.covers import SMALL, SMALL_BYTES
from tests.browser.stage import (
    BEATS,
    Stage,
    page,
    player_of,
    requests_of,
    stage,
    visitor,
    wait_until_it_plays,
)
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_track
from tests.factories.people import make_person

__all__ = ["page", "stage", "visitor"]
pytestmark = pytest.mark.browser
KB = 1024
TRACKS = 10
SHIFTS = """window.moved = [];
new PerformanceObserver((list) => window.moved.push(...list.getEntries().map(
  ({ value, sources }) => [value, ...sources.map(({ node }) => node?.outerHTML?.slice(0, 60))])))
  .observe({ type: "layout-shift", buffered: true });"""


@pytest.fixture(scope="module")
def ten(stage: Stage) -> Stage:
    """An app of ten real beats with the heaviest artwork that there can be."""
    services = stage.site.services
    services.objects.put_bytes("budgets/heavy.webp", _heaviest_artwork(), content_type="image/webp")
    sound = (BEATS / "midnight-trap.mp3").read_bytes()
    services.objects.put_bytes("budgets/beat.mp3", sound, content_type="audio/mpeg")
    with services.database.writing() as session:
        now = services.clock.now()
        producer = make_person(session, now=now)
        tracks = [
            make_track(
                session,
                producer,
                title=f"Beat number {number}",
                preview_key="budgets/beat.mp3",
                preview_bytes=len(sound),
                cover_key="budgets/heavy.webp",
                cover_small_key="budgets/heavy.webp",
                created_at=now,
                published_at=now,
            )
            for number in range(TRACKS)
        ]
        app = make_app(session, make_person(session, now=now), picks=tuple(tracks), now=now)
        placement = make_placement(session, app, services.signer, now=now)
        return replace(stage, app_id=app.id, placement_id=placement.id, key=placement.key)


def test_ten_beats_with_the_heaviest_artwork_weigh_25_kilobytes_before_a_tap(page: Page, ten: Stage) -> None:
    seen = requests_of(page)
    page.goto(ten.put(ten.frame()))
    player_of(page)
    page.wait_for_load_state("networkidle")
    sizes = [request.sizes() for request in seen if request.url.startswith(ten.site.url)]
    assert len(sizes) == 2, "the document and its artwork"
    received = sum(size["responseHeadersSize"] + size["responseBodySize"] for size in sizes)
    assert SMALL_BYTES + 4 * KB < received <= 25 * KB, "with headers, as they came over the wire"


def test_no_snippet_moves_what_stands_below_it(browser: Browser, ten: Stage) -> None:
    context = browser.new_context(viewport={"width": 700, "height": 2400})
    page = context.new_page()
    page.add_init_script(SHIFTS)

    def late(route: Route) -> None:
        page.wait_for_timeout(300)  # the page was painted without it
        route.continue_()

    page.route("**/sdk/v1/embed.js", late)
    for layout in Layout:
        link, *others = _snippets(ten, Options(layout=layout))
        unfolded = page.request.get(f"{ten.site.url}/oembed", params={"url": link}).json()["html"]
        page.goto(ten.put("".join(f"<div>{each}</div><p>Below</p>" for each in (unfolded, *others))))
        for place in range(len(FORMS)):
            player_of(page, place)
        page.wait_for_function(
            "[...document.querySelectorAll('beat-player')].every((each) => each.duration > 0)"
        )
        page.wait_for_timeout(100)
        assert page.evaluate("window.moved") == [], layout
        tall = page.evaluate(
            "[...document.querySelectorAll('div > :is(iframe, beat-player)')].map((e) => e.offsetHeight)"
        )
        assert set(tall) == {SIZES[layout].height}, layout
    context.close()


def test_a_frame_that_plays_holds_8_megabytes_of_script_memory_at_most(page: Page, ten: Stage) -> None:
    page.goto(ten.put(ten.frame()))
    frame = player_of(page)
    frame.click(".play")
    wait_until_it_plays(frame)
    shown = frame.evaluate("navigator.mediaSession.metadata.artwork.map(({ sizes }) => sizes)")
    assert shown == ["192x192", "512x512"], "the system's own controls have their pictures"
    frame.click(".buy >> visible=true")
    frame.locator("dialog[open]").wait_for()
    memory = page.context.new_cdp_session(frame)
    memory.send("HeapProfiler.collectGarbage")
    assert memory.send("Runtime.getHeapUsage")["usedSize"] <= 8 * KB * KB


def test_half_a_minute_of_listening_is_told_in_few_small_reports(page: Page, ten: Stage) -> None:
    page.clock.install()
    page.goto(ten.put(ten.frame()))
    frame = player_of(page)
    frame.click(".play")
    wait_until_it_plays(frame)
    seen = requests_of(page)
    for _ in range(6):
        page.clock.run_for(5000)
        wait_until_it_plays(frame, beyond=frame.evaluate("document.querySelector('.seek').valueAsNumber"))
    bodies = [request.post_data or "" for request in seen if request.url.endswith("/api/v1/listens")]
    assert 3 <= len(bodies) <= 6, "one in five seconds at most"
    assert all("h" in {event["k"] for event in json.loads(body)["e"]} for body in bodies)
    assert max(map(len, bodies)) <= 1 * KB


def _snippets(stage: Stage, options: Options) -> list[str]:
    with stage.site.services.database.reading() as session:
        app, placement = app_by_id(session, stage.app_id), placement_by_id(session, stage.placement_id)
        assert isinstance(app, FlexApp)
        assert isinstance(placement, Placement)
        return list(snippets_for(app, placement, stage.site.url, options).values())


def _heaviest_artwork() -> bytes:
    """A picture as near to the budget as its quality allows."""
    noise = np.random.default_rng(3).integers(0, 255, (SMALL, SMALL, 3), dtype=np.uint8)
    heaviest = b""
    for quality in range(100):
        file = io.BytesIO()
        Image.fromarray(noise).save(file, "WEBP", quality=quality)
        if len(file.getvalue()) > SMALL_BYTES:
            break
        heaviest = file.getvalue()
    return heaviest
