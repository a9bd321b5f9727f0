"""A worker in a process of its own, with two more kinds of job that write what they do into a file."""

from __future__ import annotations

import os
import time
from typing import Any

from flexapp.app import build_services
from flexapp.config import Settings
from flexapp.kernel import steps
from flexapp.worker import handlers, tasks
from flexapp.worker.runtime import run_until_told
from flexapp.workflows.services import Services


def main(values: dict[str, Any], kill_at: str | None) -> None:
    """Work until told to stop, or until the named step kills this process."""
    steps._kill_at = kill_at  # as FLEXAPP_STEP_KILL does in a process that starts from nothing
    handlers.HANDLERS.update({"test.slow": slow, "test.quick": quick})
    tasks.handle_event = event
    run_until_told(build_services(Settings(**values)))


def note(services: Services, word: str) -> None:
    """Append a line, whole, from any process."""
    file = os.open(services.settings.home / "notes", os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    os.write(file, f"{word} {os.getpid()}\n".encode())
    os.close(file)


def slow(services: Services, payload: dict[str, Any]) -> None:
    """Never ends, unless a process before has already begun."""
    begun = services.settings.home / "begun"
    note(services, "start")
    if not begun.exists():
        begun.touch()
        time.sleep(600)
    note(services, "done")


def quick(services: Services, payload: dict[str, Any]) -> None:
    note(services, f"did-{payload['number']}")


def event(services: Services, row: Any) -> None:
    note(services, row.event_id)
