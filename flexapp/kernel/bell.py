"""Wakes whoever waits for work in this process; nothing is lost when nobody does."""

from __future__ import annotations

import threading


class Bell:
    """Rung after a commit that may have left work; calling it rings it."""

    def __init__(self) -> None:
        self._rung = 0
        self._changed = threading.Condition()

    def __call__(self) -> None:
        self.ring()

    def ring(self) -> None:
        """Wake everybody who waits."""
        with self._changed:
            self._rung += 1
            self._changed.notify_all()

    @property
    def rung(self) -> int:
        """How often it was rung; take it before looking for work, and pass it to ``wait``."""
        return self._rung

    def wait(self, since: int, *, seconds: float) -> None:
        """Return at once when it was rung after ``since``, else at the next ring or after ``seconds``."""
        with self._changed:
            self._changed.wait_for(lambda: self._rung != since, timeout=seconds)
