"""How many events one sender may store in a minute; the door says what becomes of the rest."""

from __future__ import annotations

import threading
from datetime import datetime

_SENDERS_AT_MOST = 200_000


class Pace:
    """Counts events per sender and minute, in this process; forgets everything each minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._minute = -1
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def allows(self, sender: str, events: int, now: datetime) -> bool:
        """Whether ``events`` more of the sender may be stored; a refusal is not counted."""
        minute = int(now.timestamp()) // 60
        with self._lock:
            if minute != self._minute:
                self._minute = minute
                self._counts.clear()
            count = self._counts.get(sender, 0) + events
            if count > self._per_minute or (
                sender not in self._counts and len(self._counts) >= _SENDERS_AT_MOST
            ):
                return False
            self._counts[sender] = count
            return True

    def give_back(self, sender: str, events: int, now: datetime) -> None:
        """These were allowed and are not stored after all: the sender will try again."""
        with self._lock:
            if int(now.timestamp()) // 60 == self._minute and sender in self._counts:
                self._counts[sender] = max(0, self._counts[sender] - events)
