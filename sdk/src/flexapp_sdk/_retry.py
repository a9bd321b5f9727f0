"""When to send again, and how long to wait before: pure rules."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

_STATUSES = frozenset({429, 502, 503, 504})


@dataclass(frozen=True)
class RetryPolicy:
    """How stubborn the client is.

    ``tries`` counts all sendings. Waits double from ``first`` seconds up to ``longest``, each
    shortened at random by up to a half so that many clients do not return at once. A server's
    Retry-After wins over that; one longer than ``longest`` is not waited for: the error is
    raised at once and carries it.
    """

    tries: int = 4
    first: float = 0.5
    longest: float = 60.0

    def __post_init__(self) -> None:
        if self.tries < 1 or self.first < 0 or self.longest < 0:
            raise ValueError("tries is at least 1, and waits are not negative")

    def wait(
        self,
        tried: int,
        *,
        status: int | None,
        retry_after: float | None,
        chance: Callable[[], float] = random.random,
    ) -> float | None:
        """Seconds before the next try after ``tried`` sendings, or None to give up.

        ``status`` is None when no answer came. Every request of this package may be repeated:
        a POST carries an idempotency key, the others are idempotent by nature.
        """
        is_busy = status == 409 and retry_after is not None  # the first try is still at work
        if tried >= self.tries or not (status is None or status in _STATUSES or is_busy):
            return None
        if retry_after is not None:
            return retry_after if retry_after <= self.longest else None
        step: float = min(self.longest, self.first * 2.0 ** (tried - 1))
        return step * (1 - chance() / 2)
