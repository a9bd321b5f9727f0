"""Public ids that say their kind and sort by the time they were made."""

from __future__ import annotations

import os
import re
import secrets
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32, lower case
_VALUES = {digit: value for value, digit in enumerate(_ALPHABET)}
_LENGTH = 26
_MOST = "7" + "z" * (_LENGTH - 1)  #: 128 bits in base 32
_lock = threading.Lock()
_last = 0

KINDS = frozenset(
    (
        *("per", "trk", "alb", "dlv", "lty", "app", "src", "plc", "ord", "itm", "lic", "ofr"),
        *("pay", "tok", "ses", "upl", "job", "evt", "led", "eml"),
    )
)
_SHAPE = re.compile(r"^([a-z]{3})_([0-9a-hjkmnp-tv-z]{26})$")


def new_id(kind: str) -> str:
    """A new id such as ``trk_01k…``: kind, then a UUIDv7 (RFC 9562) in base 32.

    Ids made by one process are strictly increasing, so ``(created_at, id)`` is a stable key.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of id; the kinds are {', '.join(sorted(KINDS))}")
    return id_of(kind, _uuid7())


def is_id(value: str, kind: str) -> bool:
    """Whether the text has the shape of an id of that kind."""
    match = _SHAPE.match(value)
    return bool(match and match.group(1) == kind)


def number_of(public_id: str) -> int:
    """The UUID behind an id, 128 bits; raises ValueError when there is none."""
    match = _SHAPE.match(public_id)
    if match is None or match.group(2) > _MOST:
        raise ValueError(f"{public_id!r} is no id")
    number = 0
    for digit in match.group(2):
        number = number << 5 | _VALUES[digit]
    return number


def id_of(kind: str, number: int) -> str:
    """The id of that kind with that UUID behind it."""
    return f"{kind}_{_base32(number)}"


def new_secret(size: int = 32) -> str:
    """A URL-safe random secret of ``size`` bytes."""
    return secrets.token_urlsafe(size)


def _uuid7() -> int:
    global _last
    with _lock:
        moment = time.time_ns() // 1_000_000
        stamp = moment << 80 | 0x7 << 76
        value = stamp | int.from_bytes(os.urandom(9), "big") & ((1 << 76) - 1)
        value = value & ~(0b11 << 62) | 0b10 << 62
        if value <= _last:
            value = _last + 1
        _last = value
        return value


def _base32(number: int) -> str:
    digits = []
    for _ in range(_LENGTH):
        digits.append(_ALPHABET[number & 31])
        number >>= 5
    return "".join(reversed(digits))
