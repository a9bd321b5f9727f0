"""Touches: which placements brought a visitor here, kept in the visitor's own signed cookie."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flexapp.kernel.signing import Signer

MOST = 6
"""Touches kept, of different affiliates."""
_PURPOSE = "touch"


@dataclass(frozen=True)
class Touch:
    """A visitor came through a placement at a moment."""

    placement_id: str
    owner_id: str
    at: datetime


def cookie_name(*, secure: bool) -> str:
    """``__Host-aff`` on https, where the prefix holds; a plain name otherwise."""
    return "__Host-aff" if secure else "aff"


def write_touches(signer: Signer, touches: Iterable[Touch]) -> str:
    """The cookie's value, signed."""
    rows = [[touch.placement_id, touch.owner_id, int(touch.at.timestamp())] for touch in touches]
    return signer.seal(_PURPOSE, {"t": rows})


def read_touches(signer: Signer, cookie: str | None) -> list[Touch]:
    """The touches of a cookie, newest first; none when it is not ours or was edited."""
    payload = signer.unseal(_PURPOSE, cookie) if cookie and len(cookie) < 2000 else None
    rows = payload.get("t") if payload else None
    if not isinstance(rows, list):
        return []
    touches = [
        Touch(row[0], row[1], datetime.fromtimestamp(row[2], UTC))
        for row in rows
        if isinstance(row, list) and len(row) == 3 and isinstance(row[2], int)
    ]
    return sorted(touches, key=lambda touch: touch.at, reverse=True)[:MOST]


def remember(touches: Sequence[Touch], new: Touch, *, window: timedelta) -> list[Touch]:
    """The touches after a new one: one per affiliate (the latest), newest first, none too old."""
    others = [touch for touch in touches if touch.owner_id != new.owner_id and new.at - touch.at <= window]
    return sorted([new, *others], key=lambda touch: touch.at, reverse=True)[:MOST]
