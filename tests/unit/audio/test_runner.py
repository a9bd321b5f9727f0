"""The subprocess keeps to its bounds and never outlives its parent."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from flexapp.audio.refusals import FileRefused
from flexapp.audio.runner import AudioFailed, Bounds, run
from tests.factories.sounds import BEATS

MEGABYTE = 1024 * 1024
BEAT = BEATS / "midnight-trap.flac"


def refusal_of(**bounds: float) -> str:
    with pytest.raises(FileRefused) as refusal:
        run("check_master", BEAT, bounds=Bounds(**bounds), most_seconds=1200)  # type: ignore[arg-type]
    return refusal.value.code


def test_a_job_is_done_and_tells_the_tags() -> None:
    facts = run("check_master", BEATS / "cold-estate.mp3", most_seconds=1200)
    assert (facts["format"], facts["tags"]["title"]) == ("mp3", "Cold Estate")


def test_progress_is_heard_in_rising_percent(tmp_path: Path) -> None:
    from flexapp.audio import voice_tag

    heard: list[tuple[str, int]] = []
    run(
        "produce",
        BEATS / "midnight-trap.bass.flac",
        on_progress=lambda step, percent: heard.append((step, percent)),
        out=str(tmp_path),
        tag=str(voice_tag.SHIPPED),
        tag_every=15.0,
        most_seconds=1200,
        title="A",
        artist="B",
    )
    percents = [percent for _, percent in heard]
    assert percents == sorted(percents)
    assert len({step for step, _ in heard}) >= 6


def test_too_little_memory_is_a_reason() -> None:
    assert refusal_of(memory=100 * MEGABYTE) == "too_much_memory"


def test_too_little_time_is_a_reason() -> None:
    assert refusal_of(wall_seconds=0.05) == "took_too_long"
    assert refusal_of(cpu_seconds=0) == "took_too_long"


def test_a_crash_is_ours_to_mend_and_may_be_tried_again() -> None:
    with pytest.raises(AudioFailed, match="no task"):
        run("juggle", BEAT)


def test_the_child_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    from flexapp.audio.runner import _environment

    monkeypatch.setenv("FLEXAPP_SECRET_KEY", "secret")
    monkeypatch.setenv("FLEXAPP_STRIPE_SECRET_KEY", "sk_live_1")
    assert not [name for name in _environment() if name.startswith("FLEXAPP")]


def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path\n"
        "from flexapp.audio.runner import run\n"
        "from flexapp.audio import voice_tag\n"
        f"run('produce', Path({str(BEATS / 'dusty-corner.flac')!r}), out={str(tmp_path)!r},"
        " tag=str(voice_tag.SHIPPED), tag_every=15.0, most_seconds=1200, title='A', artist='B')\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script])
    children: list[psutil.Process] = []
    for _ in range(300):
        children = [
            child for child in psutil.Process(parent.pid).children() if "flexapp.audio" in child.cmdline()
        ]
        if children and (tmp_path / "preview.mp3").exists():
            break
        time.sleep(0.05)
    assert children
    os.kill(parent.pid, 9)
    parent.wait()
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
    assert gone
