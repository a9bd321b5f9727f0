"""Session tokens: what a player's document carries, instead of a row in a table.

``v2.<payload>.<mac>``: channel and layout, flags, app, placement, the site around the player, the moment and
a random id, in bytes, sealed with HMAC-SHA-256 cut to 128 bits (embed-spec 10.2). It names no visitor. It
comes with every document and report, where it cannot be compressed, so it is short. Tokens ``v1`` said the
same in JSON; players that are open across an update still hold them.
"""

from __future__ import annotations

import os
import secrets
import struct
import time
from base64 import b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from flexapp.apps.models import Channel, Layout
from flexapp.kernel.ids import id_of, number_of
from flexapp.kernel.signing import Signer, encoded
from flexapp.listening.closing import takes_reports

LIFE = timedelta(hours=6)
"""How long a token opens previews."""
LATE = timedelta(days=30)
"""How long a session is evidence of where a buyer came from."""
FLAGS = {
    "bot": "b",  #: the document was fetched by a program
    "gpc": "g",  #: the visitor asks not to be followed: no visitor key
    "preview": "p",  #: the owner looks at the player in the dashboard: nothing counts
    "ask": "c",  #: no visitor key until the page said that the visitor agreed
    "script": "s",  #: our loader made the frame; without it the frame was pasted or unfolded
}
_LETTERS = {letter: name for name, letter in FLAGS.items()}
_CHANNELS: dict[str, str] = {
    Channel.OWN_SITE: "o",
    Channel.AFFILIATE: "a",
    Channel.PLATFORM_PAGE: "p",
    Channel.SOCIAL_CARD: "s",
    Channel.OEMBED_CONSUMER: "e",
    Channel.DIRECT: "d",
}
_LAYOUTS: dict[str, str] = {"": "-", Layout.BAR: "b", Layout.COMPACT: "c", Layout.LIST: "l", Layout.CARD: "k"}
_CHANNEL_OF = {letter: str(channel) for channel, letter in _CHANNELS.items()}
_LAYOUT_OF = {letter: str(layout) for layout, letter in _LAYOUTS.items()}
_LETTERS_AT_MOST = 2  #: of channel and layout; the first tokens of version 1 spell the channel out
#: in the order of FLAGS, where new ones come last
_BITS = {name: 1 << place for place, name in enumerate(FLAGS)}
_HEAD = struct.Struct(">ccB16s16s")  #: channel, layout, flags, app, placement; then the site, NULs, and
_TAIL = 18  #: 6 bytes of Unix milliseconds and 12 of the session's id
_PURPOSE = "listen"
_AHEAD = timedelta(days=1)  #: clocks of two machines differ, and are set back
_MAX_TOKEN = 700
_AT_ONCE = 64
_ready: list[bytes] = []
os.register_at_fork(after_in_child=_ready.clear)  # two processes must not draw the same


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
    layout: str = ""  #: of the player, empty when there is none


class Minter:
    """Mints the tokens of one player on one site; what they share is prepared once."""

    __slots__ = ("_fixed", "_layout", "_sealer", "beginning")

    def __init__(
        self,
        signer: Signer,
        *,
        app_id: str | None,
        placement_id: str | None,
        channel: str,
        host: str,
        flags: Collection[str] = (),
        layout: str = "",
    ) -> None:
        self._fixed = (app_id or "", placement_id or "", str(channel), host[:100])
        self._layout = str(layout)
        head = _HEAD.pack(
            _CHANNELS[self._fixed[2]].encode(),
            _LAYOUTS[self._layout].encode(),
            sum(_BITS[flag] for flag in frozenset(flags) & FLAGS.keys()),
            _bytes_of(self._fixed[0]),
            _bytes_of(self._fixed[1]),
        ) + self._fixed[3].encode("utf-8", "replace")
        self._sealer = signer.sealer(_PURPOSE, head + b"\0" * (-len(head) % 3))
        self.beginning = self._sealer.beginning  #: of every token

    def mint(self, session_id: bytes, milliseconds: int) -> bytes:
        """The rest of a new token; ``session_id`` from ``new_session_id``, the moment in Unix time."""
        return self._sealer.seal(encoded(milliseconds.to_bytes(6)) + session_id)

    def claims(self, session_id: bytes, milliseconds: int, flags: frozenset[str]) -> SessionClaims:
        """What that token says."""
        app_id, placement_id, channel, host = self._fixed
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
        return SessionClaims(
            session_id.decode(), app_id, placement_id, channel, host, moment, flags, self._layout
        )


def mint(
    signer: Signer,
    *,
    app_id: str | None,
    placement_id: str | None,
    channel: str,
    host: str,
    now: datetime,
    flags: Collection[str] = (),
    layout: str = "",
) -> str:
    """A new session's token; ``flags`` are names of FLAGS, others are left out."""
    minter = Minter(
        signer,
        app_id=app_id,
        placement_id=placement_id,
        channel=channel,
        host=host,
        flags=flags,
        layout=layout,
    )
    rest = minter.mint(new_session_id(), int(now.timestamp() * 1000))
    return (minter.beginning + rest).decode()


def new_session_id() -> bytes:
    """16 characters: 24 bits of the minute and 72 random ones; they are drawn for many sessions at once.

    Sessions of a time so lie together in the log's unique index, whose pages in use stay few.
    """
    try:
        return _ready.pop()
    except IndexError:
        minute = (int(time.time()) // 60 & 0xFFFFFF).to_bytes(3)
        drawn = b64encode(b"".join(minute + secrets.token_bytes(9) for _ in range(_AT_ONCE)), b"-_")
        _ready.extend(drawn[start : start + 16] for start in range(16, len(drawn), 16))
        return drawn[:16]


def read(signer: Signer, token: str, now: datetime, *, late: timedelta = timedelta()) -> SessionClaims | None:
    """The claims, or None: edited, not ours, from the future, or older than LIFE and ``late``."""
    if not token or len(token) > _MAX_TOKEN:
        return None
    try:
        claims = _claims(signer, token)
    except (KeyError, IndexError, TypeError, ValueError, OverflowError, OSError, struct.error):
        return None
    if claims is None:
        return None
    minted_at = claims.minted_at
    if not minted_at - _AHEAD <= now <= minted_at + LIFE + late:
        return None
    return claims


def read_report(signer: Signer, token: str, now: datetime, *, raw_days: int) -> SessionClaims | None:
    """The claims of a session that may still be reported, shown and taken back (``closing``); else None."""
    claims = read(signer, token, now, late=timedelta(days=raw_days))
    return claims if claims is not None and takes_reports(claims.minted_at, now, raw_days) else None


def _claims(signer: Signer, token: str) -> SessionClaims | None:
    """What an untouched token says; raises all sorts of errors when it is not of our making."""
    data = signer.unseal_bytes(_PURPOSE, token)
    if data is None:
        return _claims_in_json(signer, token)
    head, moment, session = data[:-_TAIL], data[-_TAIL:-12], data[-12:]
    channel, layout, bits, app, placement = _HEAD.unpack_from(head)
    return SessionClaims(
        session_id=encoded(session).decode(),
        app_id=_id_of("app", app),
        placement_id=_id_of("plc", placement),
        channel=_CHANNEL_OF[channel.decode()],
        host=head[_HEAD.size :].rstrip(b"\0").decode(),
        minted_at=datetime.fromtimestamp(int.from_bytes(moment) / 1000, UTC),
        flags=frozenset(name for name, bit in _BITS.items() if bits & bit),
        layout=_LAYOUT_OF[layout.decode()],
    )


def _claims_in_json(signer: Signer, token: str) -> SessionClaims | None:
    payload = signer.unseal(_PURPOSE, token)
    if payload is None:
        return None
    way = str(payload["c"])
    return SessionClaims(
        session_id=str(payload["s"]),
        app_id=str(payload.get("a", "")),
        placement_id=str(payload.get("p", "")),
        channel=_CHANNEL_OF[way[0]] if len(way) <= _LETTERS_AT_MOST else way,
        host=str(payload.get("h", "")),
        minted_at=datetime.fromtimestamp(payload["i"] / 1000, UTC),
        flags=frozenset(_LETTERS[letter] for letter in payload.get("f", "") if letter in _LETTERS),
        layout=_LAYOUT_OF.get(way[1:], ""),
    )


def _bytes_of(public_id: str) -> bytes:
    return number_of(public_id).to_bytes(16) if public_id else bytes(16)


@lru_cache(maxsize=4096)  # the same few come thousands of times a second
def _id_of(kind: str, data: bytes) -> str:
    return id_of(kind, int.from_bytes(data)) if any(data) else ""
