"""Work that many requests ask for and that is done once in a while: each process counts for itself."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_MOST = 10_000


class Seldom:
    """Lets each key pass once in so many seconds of real time; the oldest keys are forgotten."""

    def __init__(self, seconds: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._now = now
        self._passed: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def may(self, key: str) -> bool:
        """Whether the key passes now; if so it waits again from now on."""
        now = self._now()
        with self._lock:
            before = self._passed.get(key)
            if before is not None and now - before < self._seconds:
                return False
            self._passed[key] = now
            self._passed.move_to_end(key)
            while len(self._passed) > _MOST:
                self._passed.popitem(last=False)
        return True
