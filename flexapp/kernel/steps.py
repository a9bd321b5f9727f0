"""Named steps of money and listen flows: where a test may look, interfere, or kill the process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

Hook = Callable[[str, dict[str, Any]], None]

_hook: Hook | None = None
_kill_at = os.environ.get("FLEXAPP_STEP_KILL") if os.environ.get("FLEXAPP_ENV") != "production" else None


def step(name: str, **facts: Any) -> None:
    """Say that a flow has come to ``name``; nothing happens unless a test listens.

    ``FLEXAPP_STEP_KILL=<name>`` in the environment (never in production) ends the process there
    with SIGKILL, as a power cut would.
    """
    if _hook is not None:
        _hook(name, facts)
    if _kill_at is not None and name == _kill_at:
        os.kill(os.getpid(), signal.SIGKILL)


def install(hook: Hook | None) -> Hook | None:
    """Listen to every step of this process, or stop with None; returns the hook before."""
    global _hook
    before, _hook = _hook, hook
    return before
