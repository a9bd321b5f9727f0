"""Runs one audio job in a bounded subprocess and hears its progress.

The child gets no secrets: of the environment only what finds Python. It is killed at its wall-clock limit,
by its own limits on memory and CPU, and with this process.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from flexapp.audio.refusals import FileRefused, refused
from flexapp.errors import Upstream

Progress = Callable[[str, int], None]
_PASSED_ON = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "TMPDIR", "LANG")


class AudioFailed(Upstream):
    """The subprocess crashed; nothing was lost and a later try may work."""

    code = "audio_failed"


@dataclass(frozen=True)
class Bounds:
    """Bytes of address space, seconds of CPU, seconds on the wall."""

    memory: int = 1536 * 1024 * 1024
    cpu_seconds: int = 300
    wall_seconds: float = 600.0


def run(
    task: str,
    path: Path,
    *,
    bounds: Bounds | None = None,
    on_progress: Progress | None = None,
    **job: Any,
) -> dict[str, Any]:
    """Do a task (see ``flexapp.audio.__main__``) on a file and return its result.

    Raises FileRefused with the reason, also when time or memory ran out; AudioFailed when it crashed.
    """
    limits = bounds or Bounds()
    asked = {
        **job,
        "task": task,
        "path": str(path),
        "memory": limits.memory,
        "cpu_seconds": limits.cpu_seconds,
        "parent": os.getpid(),
    }
    with tempfile.TemporaryFile() as complaints:
        child = subprocess.Popen(
            [sys.executable, "-m", "flexapp.audio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=_environment(),
            start_new_session=True,
            text=True,
        )
        late = threading.Event()
        timer = threading.Timer(limits.wall_seconds, _end, (child, late))
        timer.daemon = True
        timer.start()
        try:
            answer = _converse(child, asked, on_progress)
        finally:
            timer.cancel()
            _stop(child)
        return _judged(answer, child.returncode, late.is_set(), complaints)


def _converse(
    child: subprocess.Popen[str], asked: dict[str, Any], on_progress: Progress | None
) -> dict[str, Any]:
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(json.dumps(asked))
        child.stdin.close()
    except BrokenPipeError:
        return {}
    answer: dict[str, Any] = {}
    for line in child.stdout:
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if "step" in said:
            if on_progress is not None:
                on_progress(said["step"], said["percent"])
        else:
            answer = said
    child.wait()
    return answer


def _judged(answer: dict[str, Any], code: int, late: bool, complaints: IO[bytes]) -> dict[str, Any]:
    if "refused" in answer:
        raise FileRefused(answer["refused"]["code"], answer["refused"]["message"])
    if code == 0 and isinstance(answer.get("result"), dict):
        result: dict[str, Any] = answer["result"]
        return result
    if late or code in (-signal.SIGXCPU, -signal.SIGALRM):
        raise refused("took_too_long")
    if code in (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGILL):
        # A decoder that dies of a file dies of it every time.
        raise refused("damaged")
    complaints.seek(0)
    words = complaints.read()[-2000:].decode(errors="replace")
    if "MemoryError" in words or "Cannot allocate memory" in words:
        raise refused("too_much_memory")
    raise AudioFailed(f"The audio subprocess ended with {code}: {words.strip()[-500:] or 'no word'}")


def _end(child: subprocess.Popen[str], late: threading.Event) -> None:
    if child.poll() is None:
        late.set()
        child.kill()


def _stop(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None and not pipe.closed:
            pipe.close()


def _environment() -> dict[str, str]:
    kept = {name: value for name in _PASSED_ON if (value := os.environ.get(name))}
    return {**kept, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
