"""The player on a stranger's page: what it does, and which requests each action sends."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import func, select

from flexapp.apps.snippets import FORMS
from flexapp.demo.stranger import build_server
from flexapp.listening.models import Kind, ListenEvent
from tests.browser.stage import (
    Stage,
    is_playing,
    page,
    paths_of,
    player_of,
    requests_of,
    stage,
    visitor,
    wait_for,
    wait_until_it_plays,
)

__all__ = ["page", "stage", "visitor"]
pytestmark = pytest.mark.browser


@pytest.mark.parametrize("form", FORMS)
def test_every_snippet_plays_real_audio_on_another_site(page: Page, stage: Stage, form: str) -> None:
    import threading

    texts = [{"form": each, "text": stage.snippet(each)} for each in FORMS]
    server = build_server(0, lambda: texts, stage.site.url)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page.goto(f"http://localhost:{server.server_port}/{form}")
    frame = player_of(page)
    frame.click(".play")
    wait_until_it_plays(frame)
    assert frame.locator(".what h1").inner_text() == "Midnight Trap"
    server.shutdown()
    server.server_close()


def test_before_a_tap_there_are_two_requests_and_no_audio_cookie_or_third_party(
    page: Page, visitor: BrowserContext, stage: Stage
) -> None:
    seen = requests_of(page)
    page.goto(stage.put(stage.frame(target=stage.site.ids["corner"])))
    player_of(page)
    page.wait_for_timeout(2000)  # half of the player was in view for more than a second
    corner = stage.site.ids["corner"]
    assert paths_of(seen, stage.site.url) == [f"/embed/v1/{corner}", f"/media/{corner}/cover.webp"]
    others = [request.url for request in seen if not request.url.startswith((stage.site.url, stage.url))]
    assert others == []
    assert visitor.cookies() == []


def test_that_it_was_seen_is_told_when_the_page_is_left(page: Page, stage: Stage) -> None:
    database = stage.site.services.database

    def impressions() -> int:
        with database.reading() as session:
            seen = select(func.count()).select_from(ListenEvent).where(ListenEvent.kind == Kind.IMPRESSION)
            return session.scalar(seen) or 0

    page.goto(stage.put(stage.frame()))
    player_of(page)
    page.wait_for_timeout(1500)
    before = impressions()
    page.goto(stage.put("Elsewhere", path="/elsewhere"))
    for _ in range(100):
        if impressions() == before + 1:
            return
        page.wait_for_timeout(50)
    raise AssertionError("it was seen, and nobody was told")


def test_play_asks_for_this_sessions_preview_by_range_and_reports_to_its_own_host(
    page: Page, stage: Stage
) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    page.wait_for_timeout(1200)
    seen = requests_of(page)
    frame.click(".play")
    wait_until_it_plays(frame)
    media = [request for request in seen if ".mp3" in request.url]
    token = frame.evaluate("JSON.parse(document.getElementById('session').textContent)")
    assert parse_qs(urlsplit(media[0].url).query) == {"s": [token]}
    assert media[0].headers["range"] == "bytes=0-"
    reports = [request for request in seen if request.url == f"{stage.site.url}/api/v1/listens"]
    body = json.loads(reports[0].post_data or "")
    assert (body["v"], body["s"]) == (1, token)
    assert [event["k"] for event in body["e"]] == ["i"], "that it was seen rides with the first report"
    assert [event["k"] for event in json.loads(reports[1].post_data or "")["e"]] == ["s"]
    assert "cookie" not in reports[0].headers
    late = [path for path in paths_of(seen, stage.site.url) if path.startswith("/static/")]
    assert sorted(re.sub(r"-[0-9a-f]{12}", "", path) for path in late) == [
        "/static/player-en.js",
        "/static/player-late.css",
    ]
    played = {urlsplit(media[0].url).path, "/api/v1/listens"}
    assert set(paths_of(seen, stage.site.url)) - set(late) == played


def test_pausing_and_changing_the_beat_are_seen_and_reported(page: Page, stage: Stage) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    frame.click(".play")
    wait_until_it_plays(frame)
    expect(frame.locator(".play")).to_have_attribute("aria-label", "Pause Midnight Trap")
    seen = requests_of(page)
    frame.click(".rows li:nth-child(2) .cue")
    wait_until_it_plays(frame)
    assert frame.locator(".what h1").inner_text() == "Dusty Corner"
    assert frame.locator(".rows li[aria-current=true] b").inner_text() == "Dusty Corner"
    frame.click(".play")
    expect(frame.locator(".play")).to_have_attribute("aria-label", "Play Dusty Corner")
    page.wait_for_timeout(300)
    bodies = [json.loads(each.post_data or "{}") for each in seen if each.url.endswith("/api/v1/listens")]
    events = [event for body in bodies for event in body["e"]]
    ends = [event for event in events if event["k"] == "e"]
    assert [event["b"] for event in ends] == [stage.track_ids[0]]
    heard = [event for event in events if event.get("b") == stage.track_ids[1] and event.get("iv")]
    assert heard
    assert heard[-1]["iv"][-1][1] > 0


def test_the_slider_seeks_in_words_and_by_keys(page: Page, stage: Stage) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    slider = frame.locator(".seek")
    assert slider.evaluate("element => element.ariaValueText").startswith("0:00 of ")
    slider.focus()
    wait_for(frame, "document.querySelector('.seek').ariaValueText.startsWith('0 seconds of ')")
    for key, seconds in (("ArrowRight", 5), ("PageUp", 20), ("ArrowLeft", 15), ("Home", 0)):
        slider.press(key)
        assert slider.evaluate("element => element.valueAsNumber") == pytest.approx(seconds, abs=0.2)
    slider.press("PageUp")
    frame.click(".play")
    wait_until_it_plays(frame, beyond=15.1)
    assert slider.evaluate("element => element.ariaValueText").startswith("15 seconds of ")
    box = slider.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    length = slider.evaluate("element => Number(element.max)")
    wait_until_it_plays(frame, beyond=length / 2 - 1)


def test_keys_work_in_the_frame_and_can_be_switched_off(page: Page, stage: Stage) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    frame.locator(".what h1").click()
    page.keyboard.press("k")
    wait_until_it_plays(frame)
    page.keyboard.press("l")
    wait_until_it_plays(frame, beyond=10)
    page.keyboard.press("m")
    expect(frame.locator("[data-ask=mute]")).to_have_attribute("aria-label", "Unmute")
    page.keyboard.press(" ")
    expect(frame.locator(".play")).to_have_attribute("aria-label", "Play Midnight Trap")
    page.goto(stage.put(stage.frame("keys=0")))
    frame = player_of(page)
    frame.locator(".what h1").click()
    page.keyboard.press("k")
    page.wait_for_timeout(200)
    assert not is_playing(frame)


def test_a_license_is_picked_and_bought_on_a_page_of_its_own(
    page: Page, visitor: BrowserContext, stage: Stage
) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    frame.click(".rows li:nth-child(2) .buy")
    dialog = frame.locator("dialog.licenses")
    expect(dialog).to_be_visible()
    assert dialog.locator("h2").inner_text() == "License “Dusty Corner”"
    labels = dialog.locator("label")
    assert labels.count() == 4
    labels.filter(has_text="Premium lease").click()
    cta = dialog.locator(".cta")
    assert cta.inner_text() == "Buy · $65.00"
    assert (cta.get_attribute("target"), cta.get_attribute("rel")) == ("_blank", "noopener")
    with visitor.expect_page() as opened:
        cta.click()
    shop = opened.value
    shop.wait_for_load_state()
    address = urlsplit(shop.url)
    query = parse_qs(address.query)
    assert address.path == f"/buy/{stage.track_slugs[1]}"
    assert query["k"] == [stage.key]
    assert query["s"] == [frame.evaluate("JSON.parse(document.getElementById('session').textContent)")]
    assert re.fullmatch(r"[0-9a-f-]{36}", query["o"][0])
    assert shop.evaluate("window.opener") is None
    assert shop.evaluate("window.top === window")
    assert "$65.00" in shop.inner_text("body")


def test_escape_closes_the_licenses_and_gives_the_focus_back(page: Page, stage: Stage) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    link = frame.locator(".rows li:nth-child(3) .buy")
    link.focus()
    page.keyboard.press("Enter")
    expect(frame.locator("dialog.licenses")).to_be_visible()
    page.keyboard.press("Escape")
    expect(frame.locator("dialog.licenses")).to_be_hidden()
    assert link.evaluate("element => element === document.activeElement")


def test_a_low_frame_chooses_from_a_native_select(page: Page, stage: Stage) -> None:
    page.goto(stage.put(stage.frame("layout=bar", height=80)))
    frame = player_of(page)
    frame.click(".now .buy")
    select = frame.locator("dialog.licenses select")
    expect(select).to_be_visible()
    expect(frame.locator("dialog.licenses fieldset")).to_be_hidden()
    select.select_option(label="Exclusive · $499.00")
    assert frame.locator("dialog.licenses .cta").inner_text() == "Buy · $499.00"
    box = frame.locator("dialog.licenses").bounding_box()
    assert box is not None
    assert box["height"] <= 80


def test_a_paid_order_thanks_in_the_player(page: Page, visitor: BrowserContext, stage: Stage) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    states = iter([{"state": "open", "is_settled": False}, {"state": "paid", "is_settled": True}])
    visitor.route(
        "**/embed/v1/orders/*",
        lambda route: route.fulfill(json=next(states), headers={"Access-Control-Allow-Origin": "*"}),
    )
    frame.click(".rows li:nth-child(1) .buy")
    with visitor.expect_page() as opened:
        frame.locator("dialog.licenses .cta").click()
    opened.value.close()
    expect(frame.locator(".notice")).to_contain_text("Thank you", timeout=15_000)


def test_a_sandboxed_frame_without_an_origin_plays_and_reports(page: Page, stage: Stage) -> None:
    seen = requests_of(page)
    page.goto(stage.put(stage.frame(extra='sandbox="allow-scripts"')))
    frame = player_of(page)
    assert frame.evaluate("window.origin") == "null"
    frame.click(".play")
    wait_until_it_plays(frame)
    frame.click("[data-ask=mute]")
    answers = [request.response() for request in seen if request.url.endswith("/api/v1/listens")]
    assert {answer.status for answer in answers if answer} == {204}


def test_a_sandbox_that_opens_nothing_gets_wordpress_to_do_it_and_shows_the_address(
    page: Page, stage: Stage
) -> None:
    frame_html = stage.frame(extra='sandbox="allow-scripts"').replace(
        '" width', '#?secret=aB3dE5fG7h" width', 1
    )
    page.goto(stage.put(frame_html))
    page.evaluate("addEventListener('message', ({data}) => data?.message && (window.told = data))")
    frame = player_of(page)
    frame.locator("ol.rows .buy").first.click()
    frame.get_by_role("link", name="Buy ·").click()
    page.wait_for_function("window.told")
    told = page.evaluate("window.told")
    assert (told["message"], told["secret"]) == ("link", "aB3dE5fG7h")
    assert told["value"].startswith(f"{stage.site.url}/buy/")
    shown = frame.locator(".notice a").inner_text()
    assert told["value"].startswith(shown.partition("?")[0])
    assert "&s=" in told["value"]
    assert "&s=" not in shown, "the address to copy is short"


def test_autoplay_that_the_browser_refuses_leaves_a_player_ready_to_play(
    browser: Browser, stage: Stage
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(stage.put(stage.frame("autoplay=1", extra="")))
    frame = player_of(page)
    page.wait_for_timeout(700)
    assert not is_playing(frame)
    assert frame.locator(".notice").inner_text() == ""
    frame.click(".play")
    wait_until_it_plays(frame)
    context.close()


def test_a_beat_that_does_not_load_says_so_and_can_be_tried_again(
    page: Page, visitor: BrowserContext, stage: Stage
) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    visitor.route("**/media/*.mp3*", lambda route: route.fulfill(status=503, body="no"))
    frame.click(".play")
    expect(frame.locator(".notice")).to_contain_text("does not play right now")
    assert not is_playing(frame)
    visitor.unroute("**/media/*.mp3*")
    frame.click(".notice button")
    wait_until_it_plays(frame)
    assert frame.locator(".notice").inner_text() == ""


def test_a_session_that_ran_out_is_renewed_by_itself(
    page: Page, visitor: BrowserContext, stage: Stage
) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    old = frame.evaluate("JSON.parse(document.getElementById('session').textContent)")
    used: list[str] = []

    def answer(route: object) -> None:
        url = route.request.url  # type: ignore[attr-defined]
        used.append(parse_qs(urlsplit(url).query)["s"][0])
        if used[-1] == old:
            route.fulfill(status=403, body="expired")  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    visitor.route("**/media/*.mp3*", answer)
    frame.click(".play")
    wait_until_it_plays(frame)
    assert used[0] == old
    assert used[-1] != old


def test_a_beat_sold_meanwhile_shows_it_when_the_listener_returns(
    page: Page, visitor: BrowserContext, stage: Stage
) -> None:
    from flexapp.catalog.models import Track

    services = stage.site.services
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    frame.click(".rows li:nth-child(2) .buy")
    with visitor.expect_page() as opened:
        frame.locator("dialog.licenses .cta").click()
    page.keyboard.press("Escape")
    with services.database.writing() as session:
        track = session.get(Track, stage.track_ids[2])
        assert track is not None
        track.sold_exclusively_at = services.clock.now()
    try:
        opened.value.close()
        frame.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(frame.locator(".rows li:nth-child(3) .buy")).to_have_text("Sold")
        expect(frame.locator(".rows li:nth-child(3) .cue")).to_be_disabled()
    finally:
        with services.database.writing() as session:
            track = session.get(Track, stage.track_ids[2])
            assert track is not None
            track.sold_exclusively_at = None


def test_without_script_titles_prices_links_and_native_audio_remain(browser: Browser, stage: Stage) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 600, "height": 450})
    page = context.new_page()
    page.goto(stage.embed())
    assert page.locator("audio[controls]").count() == 3
    expect(page.locator("audio").first).to_be_visible()
    expect(page.locator(".play")).to_be_hidden()
    expect(page.locator(".rows .buy").first).to_have_text("from $29.99")
    expect(page.locator("dialog.licenses")).to_be_hidden()
    context.close()
