"""How much of a preview one session may fetch: a shared link is no free file server.

Bytes are taken before they are sent and what was not sent is given back, so many requests at once cannot
get more. This process counts for itself; what others delivered comes with the folded deliveries.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from flexapp.errors import TooMany

TIMES = 5  #: the preview's bytes for each session: seeking, a second device behind the same page, lost caches
_SESSIONS_AT_MOST = 50_000
_HOUR = 3600


class DeliveredEnough(TooMany):
    """The session fetched this preview five times over."""

    code = "delivered_enough"


class Quota:
    """Bytes by session and track in this process; the longest unused are forgotten first."""

    def __init__(self) -> None:
        self._taken: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, session_id: str, track_id: str, count: int, *, size: int, stored: int) -> None:
        """Take ``count`` bytes of a preview of ``size`` bytes, ``stored`` of which are known as delivered.

        Raises DeliveredEnough when they are more than five times the preview.
        """
        key = (session_id, track_id)
        with self._lock:
            taken = max(self._taken.get(key, 0), stored) + count
            if taken > TIMES * size:
                raise DeliveredEnough(
                    "This page has fetched the preview often enough. Load it again to go on.",
                    retry_after=_HOUR,
                )
            self._taken[key] = taken
            self._taken.move_to_end(key)
            if len(self._taken) > _SESSIONS_AT_MOST:
                self._taken.popitem(last=False)

    def give_back(self, session_id: str, track_id: str, count: int) -> None:
        """So many of the taken bytes were not sent."""
        key = (session_id, track_id)
        with self._lock:
            if key in self._taken:
                self._taken[key] = max(0, self._taken[key] - count)
