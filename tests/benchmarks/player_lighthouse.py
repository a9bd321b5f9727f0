"""Lighthouse's mobile scores of the player in each layout, and of the app's own page.

``npm install --prefix <folder> lighthouse`` outside the project, then LIGHTHOUSE names its program, or it is
in the path. LIGHTHOUSE_REPORTS names a folder that keeps the whole reports.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.benchmarks.player_stage import PlayerStage, player_stage
from tests.benchmarks.setting import Table
from tests.browser.chromium import launch_arguments

CATEGORIES = ("performance", "accessibility", "best-practices")
FLAGS = "--no-sandbox --headless=new"
HEAD = ("", *CATEGORIES, "FCP", "LCP", "TBT", "CLS", "bytes")


def run(folder: Path) -> Table:
    """About a minute."""
    table = Table("Lighthouse, mobile", HEAD)
    program = os.environ.get("LIGHTHOUSE") or shutil.which("lighthouse")
    if program is None:
        table.rows.append(("not here: npm install --prefix <folder> lighthouse, and LIGHTHOUSE=", *[""] * 8))
        return table
    with player_stage(folder) as stage:
        for title, address in _addresses(stage).items():
            table.rows.append(_row(title, _report(program, address, folder)))
    return table


def _addresses(stage: PlayerStage) -> dict[str, str]:
    layouts = {layout: f"{stage.document}?layout={layout}" for layout in ("list", "compact", "bar", "card")}
    return {
        **{f"player, {layout}": f"{address}&theme=light" for layout, address in layouts.items()},
        "player, list, dark": f"{layouts['list']}&theme=dark",
        "the app's own page": stage.link,
    }


def _report(program: str, address: str, folder: Path) -> dict[str, Any]:
    """Lighthouse's report as it writes it; what was wrong goes to stderr."""
    target = folder / "lighthouse.json"
    chromium = launch_arguments().get("executable_path")
    subprocess.run(
        [
            program,
            address,
            "--quiet",
            "--output=json",
            f"--output-path={target}",
            f"--only-categories={','.join(CATEGORIES)}",
            f"--chrome-flags={FLAGS}",
        ],
        env={**({"CHROME_PATH": chromium} if chromium else {}), **os.environ},
        check=True,
    )
    report: dict[str, Any] = json.loads(target.read_text())
    if kept := os.environ.get("LIGHTHOUSE_REPORTS"):
        name = address.rpartition("/")[2].replace("?", "-").replace("&", "-")[:100]
        shutil.copy(target, Path(kept) / f"{name}.json")
    return report


def _row(title: str, report: dict[str, Any]) -> tuple[str, ...]:
    audits = report["audits"]
    scores = [f"{report['categories'][name]['score']:.2f}" for name in CATEGORIES]
    figures = [
        f"{audits['first-contentful-paint']['numericValue']:,.0f} ms",
        f"{audits['largest-contentful-paint']['numericValue']:,.0f} ms",
        f"{audits['total-blocking-time']['numericValue']:,.0f} ms",
        f"{audits['cumulative-layout-shift']['numericValue']:.3f}",
        f"{audits['total-byte-weight']['numericValue']:,.0f}",
    ]
    return title, *scores, *figures
