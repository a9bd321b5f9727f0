"""The loader on a stranger's page: facade, element, containers, the global, and its port."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stage import (
    LateParts,
    Stage,
    is_playing,
    page,
    paths_of,
    player_of,
    requests_of,
    stage,
    visitor,
    wait_until_it_plays,
)

__all__ = ["page", "stage", "visitor"]
pytestmark = pytest.mark.browser
FAR = '<div style="height:6000px"></div>'


def loader(stage: Stage) -> str:
    return f'<script async src="{stage.site.url}/sdk/v1/embed.js"></script>'


def element(stage: Stage, extra: str = "") -> str:
    return (
        f'<beat-player app="{stage.app_id}" key="{stage.key}" height="352" {extra}>'
        f'<a href="{stage.site.url}/a/last-bus-home">Last bus home</a></beat-player>'
    )


def test_a_player_below_the_fold_costs_one_script_until_it_comes_near(page: Page, stage: Stage) -> None:
    seen = requests_of(page)
    page.goto(stage.put(loader(stage) + FAR + element(stage)))
    page.wait_for_function("window.BeatPlayer?.version")
    page.wait_for_timeout(500)
    assert paths_of(seen, stage.site.url) == ["/sdk/v1/embed.js"]
    link = page.locator("beat-player a")
    assert link.get_attribute("href") == f"{stage.site.url}/a/last-bus-home"
    height = page.evaluate("document.documentElement.scrollHeight")
    page.evaluate("scrollTo(0, 5800)")
    frame = player_of(page)
    assert "Last bus home" in frame.title()
    assert page.evaluate("document.documentElement.scrollHeight") - height <= 450 - 352


def test_a_tap_on_the_facade_plays(page: Page, stage: Stage) -> None:
    # an observer that never fires, so that only the tap can open the frame
    page.add_init_script("window.IntersectionObserver = class { observe() {} disconnect() {} }")
    page.goto(stage.put(element(stage) + loader(stage)))
    page.wait_for_function("window.BeatPlayer?.version")
    page.locator("beat-player a").click()
    frame = player_of(page)
    wait_until_it_plays(frame)
    assert page.url.startswith(stage.url), "the link inside was not followed"


def test_the_element_is_a_player_for_the_pages_script(page: Page, stage: Stage) -> None:
    page.goto(stage.put(loader(stage) + element(stage)))
    player_of(page)
    page.evaluate(
        """() => {
          window.heard = [];
          const player = document.querySelector("beat-player");
          for (const type of ["ready", "play", "pause", "timeupdate", "trackchange", "seeked", "height"]) {
            document.addEventListener(`beat:${type}`, ({ detail }) => heard.push([type, detail]));
          }
        }"""
    )
    page.evaluate("document.querySelector('beat-player').play()")
    frame = player_of(page)
    wait_until_it_plays(frame)
    state = page.evaluate("document.querySelector('beat-player').getState()")
    assert state["paused"] is False
    assert state["track"] == {
        "id": stage.track_ids[0],
        "title": "Midnight Trap",
        "producer": "Mara Lindqvist",
    }
    page.evaluate("document.querySelector('beat-player').next()")
    page.wait_for_function("document.querySelector('beat-player').currentTrack.title === 'Dusty Corner'")
    page.evaluate("document.querySelector('beat-player').load('" + stage.track_ids[2] + "')")
    page.wait_for_function("document.querySelector('beat-player').currentTrack.title === 'Lagos Sunrise'")
    page.evaluate("document.querySelector('beat-player').currentTime = 20")
    wait_until_it_plays(frame, beyond=20)
    page.evaluate("document.querySelector('beat-player').volume = 0.25")
    page.evaluate("document.querySelector('beat-player').pause()")
    page.wait_for_function("document.querySelector('beat-player').paused")
    assert frame.evaluate("document.querySelector('.volume input').value") == "0.25"
    heard = page.evaluate("heard")
    assert {"play", "pause", "timeupdate", "trackchange", "seeked"} <= {kind for kind, _ in heard}
    text = str(heard)
    assert not re.search(r"v\d\.", text), "no token reaches the page"


def test_the_theme_follows_the_attribute_without_a_reload(page: Page, stage: Stage) -> None:
    page.goto(stage.put(loader(stage) + element(stage, 'theme="light"')))
    frame = player_of(page)
    expect(frame.locator("html")).to_have_attribute("data-theme", "light")
    frame.evaluate("window.isTheSame = true")
    page.evaluate("document.querySelector('beat-player').theme = 'dark'")
    expect(frame.locator("html")).to_have_attribute("data-theme", "dark")
    assert frame.evaluate("window.isTheSame")


def test_containers_are_found_also_when_they_come_later(page: Page, stage: Stage) -> None:
    facts = f'data-beat-player="{stage.app_id}" data-key="{stage.key}" data-layout="bar"'
    container = f'<div {facts}><a href="#">x</a></div>'
    page.goto(stage.put(loader(stage) + container))
    player_of(page)
    page.evaluate(
        "html => document.body.insertAdjacentHTML('beforeend', html)", f"<section>{container}</section>"
    )
    second = player_of(page, 1)
    assert "layout=bar" in second.url
    assert f"k={stage.key}" in second.url
    assert page.evaluate("BeatPlayer.all().length") == 2
    page.evaluate("document.querySelector('section').remove()")
    page.wait_for_function("BeatPlayer.all().length === 1")
    expect(page.locator("iframe")).to_have_count(1)


def test_loading_it_twice_changes_nothing_and_there_is_one_global(page: Page, stage: Stage) -> None:
    queued = (
        "<script>window.before = new Set(Object.getOwnPropertyNames(window));"
        "window.BeatPlayer = {q: [api => { window.told = api.version }]}</script>"
    )
    page.goto(stage.put(queued + loader(stage) + element(stage) + loader(stage)))
    player_of(page)
    assert page.evaluate("window.told") == page.evaluate("BeatPlayer.version")
    added = page.evaluate("Object.getOwnPropertyNames(window).filter(name => !before.has(name))")
    assert set(added) <= {"BeatPlayer", "before", "told", "0"}
    assert page.locator("iframe").count() == 1
    page.evaluate("BeatPlayer.q.push(api => { window.later = api.all().length })")
    assert page.evaluate("window.later") == 1


def test_the_page_pauses_siblings_that_cannot_hear_each_other(page: Page, stage: Stage) -> None:
    page.add_init_script("delete window.BroadcastChannel")
    page.goto(stage.put(loader(stage) + element(stage) + element(stage)))
    first, second = player_of(page), player_of(page, 1)
    first.click(".play")
    wait_until_it_plays(first)
    second.click(".play")
    wait_until_it_plays(second)
    expect(first.locator(".play")).to_have_attribute("aria-label", "Play Midnight Trap", timeout=15_000)
    assert not is_playing(first)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "the other way round"])
def test_the_player_that_was_started_last_goes_on_whenever_the_late_parts_come(
    page: Page, stage: Stage, order: tuple[int, int]
) -> None:
    page.add_init_script("delete window.BroadcastChannel")
    late = LateParts(page)
    page.goto(stage.put(loader(stage) + element(stage) + element(stage)))
    page.evaluate(
        """() => {
          window.heard = [];
          for (const type of ["play", "pause"]) {
            BeatPlayer.on(type, ({ player }) => heard.push([BeatPlayer.all().indexOf(player), type]));
          }
        }"""
    )
    frames = [player_of(page), player_of(page, 1)]
    for frame in frames:
        frame.click(".play")
        wait_until_it_plays(frame)
    for place in order:
        late.let_in(frames[place])
        page.wait_for_function(f"heard.some(([from, type]) => from === {place} && type === 'play')")
    page.wait_for_function("heard.some(([, type]) => type === 'pause')")
    played = frames[1].evaluate("document.querySelector('.seek').valueAsNumber")
    wait_until_it_plays(frames[1], beyond=played + 0.3)
    assert not is_playing(frames[0])
    assert sorted(page.evaluate("heard")) == [[0, "pause"], [0, "play"], [1, "play"]]


def test_nobody_but_the_parent_gets_a_port(page: Page, stage: Stage) -> None:
    page.goto(stage.put(stage.frame() + '<iframe id="rival" srcdoc="<p>rival"></iframe>'))
    frame = player_of(page)
    page.evaluate(
        """() => {
          window.answers = [];
          const rival = document.getElementById("rival").contentWindow;
          rival.eval(`
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = ({ data }) => parent.answers.push(data);
            parent.frames[0].postMessage(JSON.stringify({ ns: "beat/1", type: "hello" }), "*", [port2]);
            port1.postMessage(JSON.stringify({ type: "play" }));
          `);
        }"""
    )
    page.wait_for_timeout(500)
    assert page.evaluate("answers") == []
    assert not is_playing(frame)


def test_odd_messages_change_nothing_and_floods_are_cut(page: Page, stage: Stage) -> None:
    page.goto(stage.put(stage.frame()))
    frame = player_of(page)
    page.evaluate(
        """() => {
          window.answers = [];
          const { port1, port2 } = new MessageChannel();
          window.port = port1;
          port1.onmessage = ({ data }) => answers.push(JSON.parse(data));
          const target = frames[0];
          const goodbye = JSON.stringify({ ns: "beat/1", type: "goodbye" });
          for (const junk of ["{", "null", "[]", '"x"', "1", goodbye]) target.postMessage(junk, "*");
          target.postMessage({ ns: "beat/1", type: "hello" }, "*", [new MessageChannel().port2]);
          target.postMessage(JSON.stringify({ ns: "beat/1", type: "hello" }), "*", [port2]);
        }"""
    )
    page.wait_for_function("answers.some(answer => answer.type === 'ready')")
    page.wait_for_timeout(1100)
    page.evaluate(
        """() => {
          const say = (message) => port.postMessage(JSON.stringify(message));
          for (const type of ["__proto__", "constructor", "toString", "unknown", ""]) say({ type });
          say({ type: "seek", value: "12" });
          say({ type: "seek", value: null });
          say({ type: "load", value: "../../x" });
          say({ type: "setVolume", value: "loud" });
          say({ type: "play", padding: "x".repeat(5000) });
          port.postMessage("{".repeat(3000));
          port.postMessage({ type: "play" });
        }"""
    )
    page.wait_for_timeout(300)
    assert not is_playing(frame)
    assert frame.evaluate("document.querySelector('.seek').value") == "0"
    page.wait_for_timeout(1100)
    page.evaluate(
        "for (let id = 0; id < 200; id += 1) port.postMessage(JSON.stringify({ type: 'getState', id }))"
    )
    page.wait_for_timeout(500)
    answered = page.evaluate("answers.filter(answer => answer.type === 'state').length")
    assert 0 < answered <= 100, "at most fifty in each second"


def test_a_page_with_strict_styles_still_gets_its_player(page: Page, stage: Stage) -> None:
    policy = f"default-src 'none'; script-src {stage.site.url}; frame-src {stage.site.url}; style-src 'none'"
    head = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    page.goto(stage.put(loader(stage) + element(stage), head=head))
    frame = player_of(page)
    frame.click(".play")
    wait_until_it_plays(frame)
    box = page.locator("beat-player").bounding_box()
    assert box is not None
    assert box["height"] >= 352


def test_the_rest_of_the_host_api_does_what_it_says(page: Page, stage: Stage) -> None:
    seen = requests_of(page)
    page.goto(stage.put(loader(stage) + element(stage)))
    frame = player_of(page)
    page.evaluate(
        """() => {
          window.player = document.querySelector("beat-player");
          window.heard = [];
          window.listener = (event) => heard.push([event.type, event.target === player]);
          player.on("play", listener);
          window.back = BeatPlayer.on("play", (event) => heard.push(["all", event.player === player]));
          BeatPlayer.on("play", () => { throw new Error("the page's own mistake"); });
          BeatPlayer.consent(true);
          player.setVolume("0.5");
          player.toggle();
        }"""
    )
    wait_until_it_plays(frame)
    assert page.evaluate("heard") == [["beat:play", True], ["all", True]]
    page.evaluate(
        "player.off('play', listener); back(); player.pause(); player.mute(); player.setTheme('dark')"
    )
    page.wait_for_function("player.paused")
    page.evaluate("player.play()")
    wait_until_it_plays(frame)
    assert page.evaluate("heard.length") == 2
    state = page.evaluate("player.getState()")
    assert (state["volume"], state["muted"]) == (0.5, True)
    assert frame.locator("html").get_attribute("data-theme") == "dark"
    bodies = [one.post_data or "" for one in seen if one.url.endswith("/api/v1/listens")]
    assert any('"c":true' in body for body in bodies), "what the visitor agreed to reaches the reports"
    page.evaluate("player.destroy()")
    assert page.locator("beat-player").count() == 0
    assert page.locator("a", has_text="Last bus home").is_visible()
    assert page.evaluate("BeatPlayer.all().length") == 0
    page.evaluate("player.play(); player.next(); player.seek({}); player.load(Symbol.iterator.toString())")


def test_properties_from_before_the_script_count_and_a_change_makes_one_new_frame(
    page: Page, stage: Stage
) -> None:
    early = (
        "<script>const player = document.querySelector('beat-player');"
        f"player.app = '{stage.app_id}'; player.key = '{stage.key}';"
        f"player.startTrack = '{stage.track_ids[1]}'"
        "</script>"
    )
    page.goto(stage.put("<beat-player><a href='#'>x</a></beat-player>" + early + loader(stage)))
    frame = player_of(page)
    assert f"start_track={stage.track_ids[1]}" in frame.url
    assert page.locator("beat-player").get_attribute("start-track") == stage.track_ids[1]
    seen = requests_of(page)
    page.evaluate("player.layout = 'bar'; player.art = false; player.loop = true; player.color = null")
    page.wait_for_timeout(1000)
    again = player_of(page)
    assert "layout=bar" in again.url
    assert "loop=1" in again.url
    assert paths_of(seen, stage.site.url).count(f"/embed/v1/{stage.app_id}") == 1


def test_a_player_that_is_moved_with_its_state_goes_on_playing(page: Page, stage: Stage) -> None:
    page.goto(stage.put("<aside></aside>" + loader(stage) + element(stage)))
    frame = player_of(page)
    frame.click(".play")
    wait_until_it_plays(frame)
    page.evaluate("document.querySelector('aside').moveBefore(document.querySelector('beat-player'), null)")
    wait_until_it_plays(frame, beyond=1)
