"""A subprocess's bounds, set by itself before it touches a stranger's file."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1


def bound(*, memory: int, cpu_seconds: int, parent: int) -> None:
    """At most ``memory`` bytes of address space and so many seconds of CPU; dies with its parent.

    The parent may be gone before the kernel was told, so its id is compared afterwards. On systems other
    than Linux the parent's death is noticed when a line cannot be written to it any more.
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
