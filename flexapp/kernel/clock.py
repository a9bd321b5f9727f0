"""The time, passed in so that tests and the demo may move it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the present comes from."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    def milliseconds(self) -> int:
        """The same as Unix time, for those who ask thousands of times a second."""
        ...


class SystemClock:
    """The machine's clock, moved by a settable offset (the demo's *advance clock*)."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._seconds = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def milliseconds(self) -> int:
        return int((time.time() + self._seconds) * 1000)

    def advance(self, span: timedelta) -> None:
        """Move this clock forward for the rest of the process."""
        with self._lock:
            self._offset += span
            self._seconds = self._offset.total_seconds()


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def milliseconds(self) -> int:
        return int(self.moment.timestamp() * 1000)

    def advance(self, span: timedelta) -> None:
        """Move it forward."""
        self.moment += span


def to_rfc3339(moment: datetime) -> str:
    """``2026-11-20T18:02:11.123Z``: UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
