"""Session tokens: what a player's document carries, instead of a row in a table.

``v1.<payload>.<mac>``: a random id, app, placement, channel, the site around the player, the moment
and flags, sealed with HMAC-SHA-256 cut to 128 bits (embed-spec 10.2). It names no visitor.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flexapp.kernel.signing import Signer

LIFE = timedelta(hours=6)
"""How long a token opens previews."""
LATE = timedelta(days=30)
"""How long reports of a session are taken: as long as its raw rows live."""
FLAGS = {
    "bot": "b",  #: the document was fetched by a program
    "gpc": "g",  #: the visitor asks not to be followed: no visitor key
    "preview": "p",  #: the owner looks at the player in the dashboard: nothing counts
}
_LETTERS = {letter: name for name, letter in FLAGS.items()}
_PURPOSE = "listen"
_AHEAD = timedelta(minutes=2)  #: two machines' clocks
_ID_BYTES = 12
_MAX_TOKEN = 700


@dataclass(frozen=True)
class SessionClaims:
    """What a token says; app, placement and host are empty texts where there is none."""

    session_id: str
    app_id: str
    placement_id: str
    channel: str
    host: str
    minted_at: datetime
    flags: frozenset[str] = frozenset()


def mint(
    signer: Signer,
    *,
    app_id: str | None,
    placement_id: str | None,
    channel: str,
    host: str,
    now: datetime,
    flags: Collection[str] = (),
) -> str:
    """A new session's token; ``flags`` are names of FLAGS, others are left out."""
    claims: dict[str, Any] = {
        "s": secrets.token_urlsafe(_ID_BYTES),
        "c": str(channel),
        "i": int(now.timestamp() * 1000),
    }
    optional = {
        "a": app_id or "",
        "p": placement_id or "",
        "h": host[:100],
        "f": "".join(sorted(FLAGS[flag] for flag in set(flags) & FLAGS.keys())),
    }
    claims.update({name: value for name, value in optional.items() if value})
    return signer.seal(_PURPOSE, claims)


def read(signer: Signer, token: str, now: datetime, *, late: timedelta = timedelta()) -> SessionClaims | None:
    """The claims, or None: edited, not ours, from the future, or older than LIFE and ``late``."""
    if not token or len(token) > _MAX_TOKEN:
        return None
    payload = signer.unseal(_PURPOSE, token)
    if payload is None:
        return None
    try:
        minted_at = datetime.fromtimestamp(payload["i"] / 1000, UTC)
        claims = SessionClaims(
            session_id=str(payload["s"]),
            app_id=str(payload.get("a", "")),
            placement_id=str(payload.get("p", "")),
            channel=str(payload["c"]),
            host=str(payload.get("h", "")),
            minted_at=minted_at,
            flags=frozenset(_LETTERS[letter] for letter in payload.get("f", "") if letter in _LETTERS),
        )
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
    if not minted_at - _AHEAD <= now <= minted_at + LIFE + late:
        return None
    return claims
