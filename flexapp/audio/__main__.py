"""``python -m flexapp.audio``: one job as JSON on stdin, JSON lines on stdout, then the end.

Lines: ``{"step": …, "percent": …}`` while it works, at last ``{"result": …}`` or
``{"refused": {"code", "message"}}``. Anything else, or no last line, is a crash.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from flexapp.audio.limits import bound
from flexapp.audio.refusals import REFUSALS, FileRefused


def main() -> int:
    """Bound this process, then do the job."""
    job: dict[str, Any] = json.load(sys.stdin)
    bound(memory=job["memory"], cpu_seconds=job["cpu_seconds"], parent=job["parent"])
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    try:
        answer = {"result": _done(job)}
    except FileRefused as error:
        answer = {"refused": {"code": error.code, "message": error.message}}
    except MemoryError:
        answer = {"refused": {"code": "too_much_memory", "message": REFUSALS["too_much_memory"]}}
    _say(answer)
    return 0


def _done(job: dict[str, Any]) -> Any:
    """The libraries are imported inside the bounds, and only those that the task needs."""
    path = Path(job["path"])
    task = job["task"]
    if task == "check_master":
        from flexapp.audio.file_tags import read_tags
        from flexapp.audio.probe import probe

        facts = probe(path, most_seconds=job["most_seconds"]).as_facts()
        return {**facts, "tags": read_tags(path)}
    if task == "produce":
        from flexapp.audio.produce import produce

        return produce(
            {**job, "master": job["path"]}, lambda step, percent: _say({"step": step, "percent": percent})
        )
    if task == "check_stems":
        from flexapp.audio.stems import StemLimits, check_stems

        return check_stems(path, StemLimits(**job["limits"]))
    if task == "make_cover":
        from flexapp.audio.covers import make_cover

        return make_cover(path, Path(job["large"]), Path(job["small"]))
    if task == "make_voice_tag":
        from flexapp.audio.own_tag import make_voice_tag

        return make_voice_tag(path, Path(job["out"]))
    raise ValueError(f"there is no task {task}")


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
