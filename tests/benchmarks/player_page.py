"""One player in a real Chromium: what it weighs, runs, holds and says, by the browser's own counters.

Slow 4G is Chrome's preset (562 ms, 1.44 MBit/s down, 0.675 up); 4x is Chrome's throttling of the processor.
"""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import brotli
from playwright.sync_api import Browser, CDPSession, Frame, Page

from tests.benchmarks.player_stage import PlayerStage

SLOW_4G = {"offline": False, "latency": 562.5, "downloadThroughput": 180_000, "uploadThroughput": 84_375}
THROTTLE = 4
LONG = 50  #: milliseconds: a task from there on is a long one
ROUNDS = 3
PLAIN = "<h1>Beats</h1><button>Play</button>"
_TIMELINE = ["devtools.timeline", "disabled-by-default-devtools.timeline"]
_TASKS = ("RunTask", "ThreadControllerImpl::RunTask")
_WATCH = """
window.seen = { moved: 0, drawn: 0, slow: [], tapped: 0, sounded: 0 };
const watch = (type, hear, more) =>
  new PerformanceObserver((list) => list.getEntries().forEach(hear))
    .observe({ type, buffered: true, ...more });
watch("layout-shift", ({ value }) => (seen.moved += value));
watch("largest-contentful-paint", ({ startTime }) => (seen.drawn = startTime));
watch(
  "event",
  ({ name, duration, interactionId }) => interactionId && seen.slow.push([interactionId, name, duration]),
  { durationThreshold: 16 },
);
addEventListener("click", ({ timeStamp }) => (seen.tapped = timeStamp), true);
const { play } = HTMLMediaElement.prototype;
HTMLMediaElement.prototype.play = function () {
  this.addEventListener("playing", () => (seen.sounded = performance.now()), { once: true });
  return play.call(this);
};
"""
_LIVE = "document.querySelector('.player')?.hasAttribute('data-live') ?? false"


@contextmanager
def opened(browser: Browser, *, width: int = 600, height: int = 900) -> Iterator[Page]:
    """A page in a browser that has been nowhere, with the watchers in every frame."""
    context = browser.new_context(viewport={"width": width, "height": height})
    context.add_init_script(_WATCH)
    yield context.new_page()
    context.close()


def weights(browser: Browser, stage: PlayerStage) -> dict[str, float]:
    """Bytes before a tap as they came over the wire, with headers, and the parts inside by themselves."""
    with opened(browser) as page:
        asked: list[Any] = []
        page.on("request", lambda request: asked.append(request))
        page.goto(stage.put(stage.frame))
        frame = player_in(page)
        page.wait_for_load_state("networkidle")
        ours = [each for each in asked if each.url.startswith(stage.site)]
        others = [each for each in asked if not each.url.startswith((stage.site, stage.stranger))]
        sizes = [each.sizes() for each in ours]
        document, *artwork = (size["responseBodySize"] for size in sizes)
        html = ours[0].response().text()
        moved = page.evaluate("seen.moved"), frame.evaluate("seen.moved")
        cookies = page.context.cookies()
        loader = page.request.get(f"{stage.site}/sdk/v1/embed.js").body()
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    return {
        "document": document,
        "script": len(brotli.compress("".join(scripts).encode())),
        "styles": len(brotli.compress("".join(styles).encode())),
        "loader": len(brotli.compress(loader)),
        "artwork": sum(artwork),
        "requests": len(ours),
        "total": sum(size["responseHeadersSize"] + size["responseBodySize"] for size in sizes),
        "audio": sum(".mp3" in each.url for each in ours),
        "cookies": len(cookies),
        "others": len(others),
        "moved_outside": moved[0],
        "moved_inside": moved[1],
    }


def throttled(browser: Browser, stage: PlayerStage, *, plain: bool = False) -> dict[str, float]:
    """Milliseconds at 4x, medians: script, the longest task, and what tasks block beyond 50.

    With ``plain`` a page of one heading and a button instead, which is what Chromium itself takes for the
    first page of a process. Two loads a round, because Chromium traces no tasks while it counts them.
    """
    address = stage.put(PLAIN, near=True) if plain else stage.document
    found: list[dict[str, float]] = []
    for _ in range(ROUNDS):
        with _slowed(browser, stage) as (page, console):
            console.send("Performance.enable")
            before = metrics(console)["ScriptDuration"]
            _load(page, address)
            script = 1000 * (metrics(console)["ScriptDuration"] - before)
        with _slowed(browser, stage) as (page, _console):
            browser.start_tracing(page=page, categories=_TIMELINE)
            _load(page, address)
            tasks = _tasks(browser.stop_tracing())
        blocking = sum(task - LONG for task in tasks if task > LONG)
        found.append({"script": script, "longest": max(tasks), "blocking": blocking})
    return medians(found)


def painted(browser: Browser, stage: PlayerStage) -> float:
    """The largest paint in milliseconds, the processor at 4x and the network at Slow 4G."""
    found: list[float] = []
    for _ in range(3):
        with _slowed(browser, stage) as (page, console):
            console.send("Network.emulateNetworkConditions", SLOW_4G)
            _load(page, stage.document)
            found.append(page.evaluate("seen.drawn"))
    return statistics.median(found)


def taps(
    browser: Browser, stage: PlayerStage, *, network: dict[str, Any] | None = None, rounds: int = 5
) -> float:
    """Milliseconds from the click to the sound, median; each time in a browser that has nothing kept."""
    found: list[float] = []
    for _ in range(rounds):
        with opened(browser) as page:
            page.goto(stage.put(stage.frame))
            frame = player_in(page)
            page.wait_for_load_state("networkidle")
            if network:
                console = page.context.new_cdp_session(frame)
                console.send("Network.emulateNetworkConditions", network)
            frame.click(".play")
            until(frame, "seen.sounded > 0")
            found.append(frame.evaluate("seen.sounded - seen.tapped"))
    return statistics.median(found)


def ten(browser: Browser, stage: PlayerStage, *, height: int) -> dict[str, float]:
    """What ten players below each other add to a page of one main thread at 4x, and what one holds of memory.

    Only those that the loader finds near the window of that height are there. ``floor`` is what as many
    frames of a heading and a button add.
    """
    empty = stage.put("<p>None</p>", near=True)
    full = stage.put(stage.loader + stage.element * 10, near=True)
    inner = stage.put(PLAIN, near=True)
    found: list[dict[str, float]] = []
    for _ in range(3):
        before, held_before, _players = _settled(browser, stage, empty, height=height)
        after, held_after, players = _settled(browser, stage, full, height=height)
        frames = f'<iframe src="{inner}" width="600" height="352" title="Plain"></iframe>' * players
        plain, _held, _none = _settled(browser, stage, stage.put(frames, near=True), height=height)
        found.append(
            {
                "main_thread": after - before,
                "floor": plain - before,
                "heap": (held_after - held_before) / players,
                "players": players,
            }
        )
    return medians(found)


def _settled(browser: Browser, stage: PlayerStage, address: str, *, height: int) -> tuple[float, float, int]:
    """Milliseconds of the main thread at 4x, bytes of script memory, and how many players there are."""
    with opened(browser, height=height) as page:
        page.goto(f"{stage.near}/nothing")
        console = page.context.new_cdp_session(page)
        console.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
        console.send("Performance.enable")
        before = metrics(console)["TaskDuration"]
        page.goto(address)
        page.wait_for_timeout(1500)
        players = [frame for frame in page.frames if "/embed/v1/" in frame.url]
        for frame in players:
            until(frame, _LIVE)
        return 1000 * (metrics(console)["TaskDuration"] - before), heap(console), len(players)


def far(browser: Browser, stage: PlayerStage) -> int:
    """Requests of ten players that nobody has scrolled to; the loader's own is not theirs."""
    with opened(browser) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(stage.put(f'{stage.loader}<div style="height:5000px"></div>{stage.element * 10}'))
        page.wait_for_function("window.BeatPlayer?.all().length === 10")
        page.wait_for_timeout(500)
        return sum("/embed/v1/" in url or "/media/" in url for url in asked)


def hands(browser: Browser, stage: PlayerStage, *, rate: int) -> dict[str, float]:
    """The usual interactions by event timing: the slowest in milliseconds, how many were slower than 16."""
    with opened(browser) as page:
        page.goto(stage.put(stage.frame))
        frame = player_in(page)
        page.wait_for_load_state("networkidle")
        console = page.context.new_cdp_session(frame)
        console.send("Emulation.setCPUThrottlingRate", {"rate": rate})
        frame.click(".play")
        until(frame, "seen.sounded > 0")
        frame.locator(".seek").focus()
        count = 2
        for key in ("ArrowRight", "ArrowRight", "PageUp", "m", "m"):
            page.keyboard.press(key)
            count += 1
        for selector in (
            "li:nth-child(3) .cue",
            ".skip button:last-child",
            ".play",
            ".play",
            "li:nth-child(3) .buy",
        ):
            frame.click(selector)
            count += 1
        until(frame, "document.querySelector('dialog[open]')")
        page.keyboard.press("Escape")
        frame.click("li:nth-child(2) .more")
        until(frame, "document.querySelector('dialog[open]')")
        page.keyboard.press("Escape")
        page.wait_for_timeout(700)
        slow: list[tuple[int, str, float]] = frame.evaluate("seen.slow")
        heard = heap(console)
    return {
        "slowest": max((duration for _, _, duration in slow), default=0),
        "count": count + 2,
        "over_16": len({interaction for interaction, _, _ in slow}),
        "heap": heard,
    }


def reports(browser: Browser, stage: PlayerStage, *, seconds: int = 21) -> dict[str, float]:
    """What is told of real listening, after what the start itself tells."""
    with opened(browser) as page:
        page.goto(stage.put(stage.frame))
        frame = player_in(page)
        frame.click(".play")
        until(frame, "seen.sounded > 0")
        page.wait_for_timeout(1500)
        told: list[str] = []
        page.on(
            "request",
            lambda request: (
                told.append(request.post_data or "") if request.url.endswith("/listens") else None
            ),
        )
        began = time.monotonic()
        page.wait_for_timeout(seconds * 1000)
        spent = time.monotonic() - began
    return {"every": spent / len(told), "largest": max(map(len, told))}


def player_in(page: Page, place: int = 0) -> Frame:
    """The frame of the page's player once its script has run."""
    for _ in range(1200):
        frames = [frame for frame in page.frames if "/embed/v1/" in frame.url]
        if len(frames) > place:
            until(frames[place], _LIVE)
            return frames[place]
        page.wait_for_timeout(25)
    raise AssertionError(f"the page has no player {place + 1}")


def until(frame: Frame, truth: str) -> None:
    """Wait for an expression; Playwright's own waiting evaluates text, which the player's policy refuses."""
    for _ in range(1200):
        if frame.evaluate(f"Boolean({truth})"):
            return
        frame.page.wait_for_timeout(25)
    raise AssertionError(f"it never held: {truth}")


def metrics(console: CDPSession) -> dict[str, float]:
    """The main thread's counters, in seconds."""
    return {each["name"]: each["value"] for each in console.send("Performance.getMetrics")["metrics"]}


def heap(console: CDPSession) -> float:
    """Bytes that script holds once everything unused is collected."""
    console.send("HeapProfiler.collectGarbage")
    return float(console.send("Runtime.getHeapUsage")["usedSize"])


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    """Each figure's median."""
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


@contextmanager
def _slowed(browser: Browser, stage: PlayerStage) -> Iterator[tuple[Page, CDPSession]]:
    """A page of ours whose process is there already (its own start is not the player's), at 4x."""
    with opened(browser) as page:
        page.goto(f"{stage.site}/healthz")
        console = page.context.new_cdp_session(page)
        console.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
        yield page, console


def _load(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_function(f"({_LIVE}) || !document.querySelector('.player')")
    page.wait_for_timeout(500)


def _tasks(trace: bytes) -> list[float]:
    """Milliseconds of each task on the page's main thread: the one that ran the most.

    Chromium has two names for a task and sometimes writes both.
    """
    events = json.loads(trace)["traceEvents"]
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    found: dict[tuple[int, int, str], list[float]] = {}
    for event in events:
        thread = (event["pid"], event["tid"])
        if event.get("ph") == "X" and event["name"] in _TASKS and thread in mains:
            found.setdefault((*thread, event["name"]), []).append(event["dur"] / 1000)
    return max(found.values(), key=sum)
