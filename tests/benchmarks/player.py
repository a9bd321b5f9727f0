"""Everything that the player may cost (embed-spec 13.3), measured in one run beside its target and limit.

Chromium by its own counters on a real server; this machine's load is in every time. Lighthouse's figures are
a benchmark of their own (``player_lighthouse``).
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.benchmarks import player_page
from tests.benchmarks.player_page import SLOW_4G
from tests.benchmarks.player_server import answers
from tests.benchmarks.player_stage import player_stage
from tests.benchmarks.setting import Table
from tests.browser.chromium import launch_arguments

KB, MB = 1024, 1024 * 1024
Row = tuple[str, ...]


def run(folder: Path) -> Table:
    """About three minutes."""
    with player_stage(folder) as stage:
        served = answers(stage)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**launch_arguments())
            weights = player_page.weights(browser, stage)
            slowed = player_page.throttled(browser, stage)
            floor = player_page.throttled(browser, stage, plain=True)
            painted = player_page.painted(browser, stage)
            tapped = player_page.taps(browser, stage)
            tapped_far = player_page.taps(browser, stage, network=SLOW_4G, rounds=3)
            some = player_page.ten(browser, stage, height=900)
            all_ten = player_page.ten(browser, stage, height=4000)
            below = player_page.far(browser, stage)
            hands = player_page.hands(browser, stage, rate=1)
            slow_hands = player_page.hands(browser, stage, rate=4)
            told = player_page.reports(browser, stage)
            browser.close()
    rows = [
        _row("document with ten tracks, brotli", weights["document"], 9 * KB, 14 * KB, "B"),
        _row("script inside, brotli", weights["script"], 5 * KB, 8 * KB, "B"),
        _row("styles inside, list layout, brotli", weights["styles"], 1.5 * KB, 3 * KB, "B"),
        _row("loader, brotli", weights["loader"], 2.5 * KB, 4 * KB, "B"),
        _row("artwork", weights["artwork"], 6 * KB, 12 * KB, "B"),
        _row("requests before a tap", weights["requests"], 2, 3),
        _row("bytes before a tap, with headers", weights["total"], 15 * KB, 25 * KB, "B"),
        _row("audio, cookies, third parties before a tap", _sum(weights, "audio cookies others"), 0, 0),
        _row("script at 4x", slowed["script"], 30, 60, "ms"),
        _row("longest task at 4x", slowed["longest"], 50, 50, "ms"),
        _row("  of a page of one line instead", floor["longest"], 50, 50, "ms"),
        _row("blocked by long tasks at 4x", slowed["blocking"], 30, 80, "ms"),
        _row("  of a page of one line instead", floor["blocking"], 30, 80, "ms"),
        _row("largest paint at 4x and Slow 4G", painted, 900, 1500, "ms"),
        _row("shift inside, shift in the page around", _sum(weights, "moved_inside moved_outside"), 0, 0),
        _row("click to sound, local", tapped, 150, 300, "ms"),
        _row("click to sound, Slow 4G", tapped_far, 1200, 2000, "ms"),
        _row(f"slowest of {hands['count']:.0f} interactions", hands["slowest"], 80, 150, "ms"),
        _row("the same at 4x", slow_hands["slowest"], 80, 150, "ms"),
        _row(
            f"ten in a page, {some['players']:.0f} near the window, at 4x",
            some["main_thread"],
            250,
            500,
            "ms",
        ),
        _row("  as many frames of one line instead", some["floor"], 250, 500, "ms"),
        _row("ten in a page, all in view, at 4x", all_ten["main_thread"], 250, 500, "ms"),
        _row("  as many frames of one line instead", all_ten["floor"], 250, 500, "ms"),
        _row("requests of ten below the fold", below, 0, 0),
        _row("seconds between reports while it plays", told["every"], 10, 5, "s", is_floor=True),
        _row("largest report", told["largest"], 400, 1 * KB, "B"),
        _row("script memory of a frame that has played", hands["heap"], 4 * MB, 8 * MB, "B"),
        _row("script memory that one of ten adds", all_ten["heap"], 4 * MB, 8 * MB, "B"),
    ]
    limits = {"document": (15, 50), "oembed": (15, 50), "listens": (8, 25), "media": (20, 60)}
    for name, (target, most) in limits.items():
        alone, together = served[name]
        rows.append(_row(f"{name} p95, one asks", alone, target, most, "ms"))
        rows.append(_row(f"{name} p95, eight ask", together, target, most, "ms"))
    return Table("The player", ("", "measured", "target", "limit", "of the limit"), rows)


def _row(
    name: str, found: float, target: float, most: float, unit: str = "", *, is_floor: bool = False
) -> Row:
    """A figure beside its target and limit; a limit that is a floor is divided by the figure."""
    share = (most / found if is_floor else found / most) if most and found else None
    said = ("within" if found <= most else "over") if share is None else f"{share:.0%}"
    return name, _said(found, unit), _said(target, unit), _said(most, unit), said


def _said(value: float, unit: str) -> str:
    text = f"{value:,.1f}" if (unit == "ms" and value < 20) or unit == "s" else f"{value:,.0f}"
    return f"{text} {unit}".strip()


def _sum(found: dict[str, float], names: str) -> float:
    return sum(found[name] for name in names.split())
