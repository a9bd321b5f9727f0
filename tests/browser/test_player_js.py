"""Player.js from a stranger's page: each method and event, two frames at once, and hostile messages."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.stage import (
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

#: A client as the specification describes it: JSON both ways, a listener for each wish.
CLIENT = """<script>
  window.heard = [];
  addEventListener("message", ({ data, source, origin }) => {
    const frame = [...document.querySelectorAll("iframe")].findIndex((one) => one.contentWindow === source);
    heard.push({ frame, origin, ...JSON.parse(data) });
  });
  window.say = (method, value, listener, frame = 0) => frames[frame].postMessage(
    JSON.stringify({ context: "player.js", version: "0.0.11", method, value, listener }), "*");
  window.ask = async (method, frame = 0) => {
    const listener = `${method}-${Math.random()}`;
    say(method, undefined, listener, frame);
    for (;;) {
      const answer = heard.find((one) => one.listener === listener);
      if (answer) return answer.event === method ? answer.value : answer;
      await new Promise((resume) => setTimeout(resume, 20));
    }
  };
</script>"""


def of(page: Page, event: str, frame: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(
        "([event, frame]) => heard.filter((one) => one.event === event && one.frame === frame)",
        [event, frame],
    )
    return found


def test_ready_says_what_the_frames_address_is_and_what_is_understood(page: Page, stage: Stage) -> None:
    seen = requests_of(page)
    page.goto(stage.put(CLIENT + stage.frame("#a-fragment")))
    player_of(page)
    page.evaluate("frames[0].postMessage('noise of the page', '*')")
    page.evaluate("frames[0].postMessage({ type: 'webpackOk' }, '*')")
    page.wait_for_timeout(500)
    [ready] = page.evaluate("heard")
    assert (ready["context"], ready["version"], ready["event"]) == ("player.js", "0.0.11", "ready")
    assert ready["value"]["src"] == page.evaluate("document.querySelector('iframe').src")
    assert ready["origin"] == stage.site.url
    assert set(ready["value"]["events"]) == {
        *("ready", "play", "pause", "ended", "timeupdate", "progress", "seeked", "error")
    }
    assert len(ready["value"]["methods"]) == 15
    assert not [path for path in paths_of(seen, stage.site.url) if path.startswith("/static/")]
    page.evaluate("say('addEventListener', 'ready', 'late')")
    page.wait_for_function("heard.length === 2")
    assert page.evaluate("heard[1].listener") == "late"
    assert page.evaluate("heard[1].value") == ready["value"]


def test_each_getter_answers_with_its_method_and_listener(page: Page, stage: Stage) -> None:
    page.goto(stage.put(CLIENT + stage.frame()))
    player_of(page)
    assert page.evaluate("ask('getPaused')") is True
    assert page.evaluate("ask('getMuted')") is False
    assert page.evaluate("ask('getDuration')") == pytest.approx(58, abs=2)
    assert page.evaluate("ask('getCurrentTime')") == 0
    assert page.evaluate("ask('getLoop')") is False
    page.evaluate("say('setLoop', true)")
    assert page.evaluate("ask('getLoop')") is True
    page.evaluate("say('setVolume', 87)")
    assert page.evaluate("ask('getVolume')") == 87
    page.evaluate("say('mute')")
    assert page.evaluate("ask('getMuted')") is True
    page.evaluate("say('unmute')")
    assert page.evaluate("ask('getMuted')") is False
    page.evaluate("say('setCurrentTime', 12)")
    assert page.evaluate("ask('getCurrentTime')") == 12


def test_events_go_once_to_each_listener_and_to_nobody_else(page: Page, stage: Stage) -> None:
    page.goto(stage.put(CLIENT + stage.frame()))
    frame = player_of(page)
    page.evaluate(
        """() => {
          for (const event of ["play", "pause", "timeupdate", "progress", "seeked", "ended"])
            say("addEventListener", event, `${event}-1`);
          say("addEventListener", "play", "play-2");
          say("addEventListener", "play", "play-2");
          say("play");
        }"""
    )
    wait_until_it_plays(frame)
    assert [one["listener"] for one in of(page, "play")] == ["play-1", "play-2"]
    assert page.evaluate("ask('getPaused')") is False
    page.evaluate("say('setCurrentTime', 30)")
    page.wait_for_function("heard.some((one) => one.event === 'timeupdate' && one.value.seconds > 30)")
    [update] = of(page, "timeupdate")[-1:]
    assert set(update["value"]) == {"seconds", "duration"}
    assert of(page, "seeked")
    assert set(of(page, "progress")[-1]["value"]) == {"percent", "seconds", "duration"}
    page.evaluate("say('removeEventListener', 'play', 'play-2')")
    page.evaluate("say('pause')")
    page.wait_for_function("heard.some((one) => one.event === 'pause')")
    page.evaluate("say('play')")
    page.wait_for_function("heard.filter((one) => one.event === 'play').length > 2")
    assert [one["listener"] for one in of(page, "play")] == ["play-1", "play-2", "play-1"]
    page.evaluate("say('setCurrentTime', 9999)")
    page.wait_for_function("heard.some((one) => one.event === 'ended')")


def test_two_frames_are_steered_apart(page: Page, stage: Stage) -> None:
    page.goto(stage.put(CLIENT + stage.frame("single=0") + stage.frame("layout=compact&single=0")))
    first, second = player_of(page), player_of(page, 1)
    page.evaluate("say('addEventListener', 'play', 'p', 1)")
    page.evaluate("say('setVolume', 40, undefined, 1)")
    page.evaluate("say('play', undefined, undefined, 1)")
    wait_until_it_plays(second)
    assert page.evaluate("ask('getVolume', 1)") == 40
    assert page.evaluate("ask('getVolume', 0)") == 100
    assert not is_playing(first)
    assert [one["frame"] for one in page.evaluate("heard") if one["event"] == "play"] == [1]


def test_what_cannot_be_done_is_said_to_those_who_listen_for_errors(page: Page, stage: Stage) -> None:
    page.goto(stage.put(CLIENT + stage.frame()))
    player_of(page)
    page.evaluate("say('addEventListener', 'error', 'e')")
    for method, value in (
        ("explode", None),
        ("__proto__", None),
        ("constructor", None),
        ("setVolume", "loud"),
    ):
        page.evaluate("([method, value]) => say(method, value)", [method, value])
    page.evaluate("say('addEventListener', 'nonsense', 'n')")
    page.wait_for_function("heard.filter((one) => one.event === 'error').length === 5")
    assert [one["value"]["code"] for one in of(page, "error")] == [2, 2, 2, 1, 1]
    assert all(one["value"]["msg"] for one in of(page, "error"))


def test_objects_are_taken_as_well_as_texts(page: Page, stage: Stage) -> None:
    page.goto(stage.put(CLIENT + stage.frame()))
    player_of(page)
    page.evaluate("frames[0].postMessage({ context: 'player.js', method: 'getVolume', listener: 'o' }, '*')")
    page.wait_for_function("heard.some((one) => one.listener === 'o' && one.value === 100)")


def test_another_window_of_the_page_steers_nothing(page: Page, stage: Stage) -> None:
    page.goto(stage.put(CLIENT + stage.frame() + '<iframe id="rival" srcdoc="<p>rival"></iframe>'))
    frame = player_of(page)
    page.evaluate("say('addEventListener', 'play', 'mine')")
    page.evaluate(
        """() => document.getElementById("rival").contentWindow.eval(`
          for (const method of ["play", "setVolume", "getDuration"])
            parent.frames[0].postMessage(
              JSON.stringify({ context: "player.js", method, value: 10, listener: "x" }), "*");
          parent.frames[0].postMessage({ message: "ready", secret: "abc" }, "*");
        `)"""
    )
    page.wait_for_timeout(700)
    assert not is_playing(frame)
    assert page.evaluate("ask('getVolume')") == 100
    assert not page.evaluate("heard.some((one) => one.listener === 'x')")


def test_oversized_deep_strange_and_prototype_messages_change_nothing(page: Page, stage: Stage) -> None:
    page.goto(stage.put(CLIENT + stage.frame()))
    frame = player_of(page)
    assert page.evaluate("ask('getVolume')") == 100
    page.evaluate(
        """() => {
          const head = { context: "player.js", version: "0.0.11" };
          const send = (data) => frames[0].postMessage(data, "*");
          send(JSON.stringify({ ...head, method: "play", padding: "x".repeat(5000) }));
          send('{"context":"player.js","method":"play","a":' + "[".repeat(3000));
          let deep = {};
          for (let depth = 0; depth < 900; depth += 1) deep = { deep };
          send({ ...head, method: "setVolume", value: deep });
          const loop = { ...head, method: "setVolume" };
          loop.value = loop;
          send(loop);
          send({ context: "player.js", method: { toString: 1 } });
          send({ context: { toString: 1 }, secret: { toString: 1 } });
          send('{"context":"player.js","method":"__proto__","value":10,"__proto__":{"x":1}}');
          send('{"context":"player.js","__proto__":{"method":"play"}}');
          send('{"context":"player.js","method":"addEventListener","value":"__proto__","listener":"p"}');
          send(JSON.stringify({ ...head, context: "other.js", method: "play" }));
          for (const odd of [null, 1, true, [], "player.js", "{player.js", new Date(), new Map()]) send(odd);
        }"""
    )
    page.wait_for_timeout(1200)
    assert not is_playing(frame)
    assert page.evaluate("ask('getVolume')") == 100
    assert frame.evaluate("({}).x === undefined && ({}).method === undefined")


def test_a_flood_is_cut_and_the_player_stays_usable(page: Page, stage: Stage) -> None:
    page.goto(stage.put(CLIENT + stage.frame()))
    frame = player_of(page)
    assert page.evaluate("ask('getVolume')") == 100
    page.wait_for_timeout(1100)
    page.evaluate("for (let one = 0; one < 2000; one += 1) say('getDuration', undefined, one)")
    page.wait_for_timeout(700)
    answered = page.evaluate("heard.filter((one) => one.event === 'getDuration').length")
    assert 0 < answered <= 100, "at most fifty in each second"
    page.wait_for_timeout(1100)
    frame.click(".play")
    wait_until_it_plays(frame)
    assert page.evaluate("ask('getPaused')") is False
