"""The demo's clock: the machine's, moved by as much as the stand-in's dashboard was told to.

The stand-in and the app must agree on the time, or nothing that waits ever matures in a demo.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

from flexapp.config import Env, Settings, StripeMode
from flexapp.kernel.clock import Clock, SystemClock

_FRESH_SECONDS = 1.0
_AFTER_TROUBLE_SECONDS = 5.0
_TIMEOUT_SECONDS = 0.3


class LocalClock:
    """Follows the stand-in; asks it at most once a second, and keeps the last answer when it is away."""

    def __init__(self, base: str) -> None:
        self._url = f"{base}/_local/clock"
        self._offset = timedelta()
        self._ask_at = 0.0
        self._asking = threading.Lock()

    def now(self) -> datetime:
        """The machine's time plus the stand-in's offset, in UTC."""
        if time.monotonic() >= self._ask_at and self._asking.acquire(blocking=False):
            try:
                self._ask()
            finally:
                self._asking.release()
        return datetime.now(UTC) + self._offset

    def milliseconds(self) -> int:
        """The same as Unix time."""
        return int(self.now().timestamp() * 1000)

    def _ask(self) -> None:
        try:
            with urllib.request.urlopen(self._url, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
                self._offset = timedelta(seconds=float(json.load(answer)["offset_seconds"]))
        except (OSError, ValueError, KeyError):
            self._ask_at = time.monotonic() + _AFTER_TROUBLE_SECONDS
        else:
            self._ask_at = time.monotonic() + _FRESH_SECONDS


def clock_from(settings: Settings) -> Clock:
    """The stand-in's clock in the demo, the machine's everywhere else."""
    if settings.env is Env.DEMO and settings.stripe_mode is StripeMode.LOCAL:
        return LocalClock(settings.stripe_api_base)
    return SystemClock()
