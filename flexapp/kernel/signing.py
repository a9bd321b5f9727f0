"""Signed tokens and keyed hashes: one key, a purpose for each use."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from binascii import b2a_base64
from functools import lru_cache
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer

_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Signer:
    """Makes and checks tokens under one secret; every purpose has its own derived key.

    ``seal`` and ``unseal`` make compact tokens ``v1.<payload>.<mac>`` (JSON, HMAC-SHA-256 cut to
    128 bits) for URLs on strangers' pages, a ``sealer`` shorter ones of bytes. ``dumps`` and
    ``loads`` are itsdangerous tokens with an age, for mail links and cursors. Older secrets are
    accepted when reading.
    """

    def __init__(self, secret: str, older: tuple[str, ...] = ()) -> None:
        self._secrets = (secret, *older)

    def seal(self, purpose: str, payload: dict[str, Any]) -> str:
        """A compact signed token carrying the payload, readable by anybody, changed by nobody."""
        body = _encode(json.dumps(payload, separators=(",", ":"), sort_keys=True).encode())
        return f"v1.{body}.{self._mac(self._secrets[0], purpose, body)}"

    def unseal(self, purpose: str, token: str) -> dict[str, Any] | None:
        """The payload, or None when the token is not ours, was edited, or has another purpose."""
        body = self._checked(purpose, token, "v1")
        try:
            payload = json.loads(_decode(body)) if body else None
        except ValueError:
            return None
        return payload if isinstance(payload, dict) else None

    def sealer(self, purpose: str, head: bytes) -> Sealer:
        """Seals many payloads of bytes that all begin with ``head``, several times faster than ``seal``."""
        return Sealer(self._key(self._secrets[0], purpose), head)

    def unseal_bytes(self, purpose: str, token: str) -> bytes | None:
        """The payload of a sealer's token, or None as with ``unseal``."""
        body = self._checked(purpose, token, "v2")
        return _decode(body) if body else None

    def _checked(self, purpose: str, token: str, version: str) -> str:
        """The sealed body of a token of that version and purpose; empty when it is none."""
        begun, _, rest = token.partition(".")
        body, _, mac = rest.partition(".")
        if begun != version or not token.isascii():
            return ""
        if not any(hmac.compare_digest(self._mac(key, purpose, body), mac) for key in self._secrets):
            return ""
        return body

    def dumps(self, purpose: str, value: Any) -> str:
        """A signed token that knows when it was made."""
        return str(self._serializer(purpose).dumps(value))

    def loads(self, purpose: str, token: str, *, max_age: int | None = None) -> Any:
        """The value, or None when the token is not ours or older than ``max_age`` seconds."""
        try:
            return self._serializer(purpose).loads(token, max_age=max_age)
        except BadSignature:
            return None

    def keyed_hash(self, purpose: str, *parts: str) -> str:
        """128 bits in hex of the parts under the key: equal inputs meet, nothing is revealed."""
        digest = hmac.new(self._key(self._secrets[0], purpose), "\x1f".join(parts).encode(), "sha256")
        return digest.hexdigest()[:32]

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(list(reversed(self._secrets)), salt=purpose)

    def _mac(self, secret: str, purpose: str, body: str) -> str:
        return _encode(hmac.digest(self._key(secret, purpose), body.encode(), "sha256")[:16])

    @staticmethod
    @lru_cache(maxsize=256)  # thousands of tokens a second are checked by the same few
    def _key(secret: str, purpose: str) -> bytes:
        return hmac.digest(secret.encode(), purpose.encode(), "sha256")


class Sealer:
    """Makes tokens ``v2.<payload>.<mac>`` of bytes: what they share is encoded and hashed once.

    HMAC's two inner states (RFC 2104) are kept after the key and the head, and copied for each token.
    """

    __slots__ = ("_inner", "_outer", "beginning")

    def __init__(self, key: bytes, head: bytes) -> None:
        if len(head) % 3:
            raise ValueError("the head is whole groups of base64: a multiple of three bytes")
        begun = encoded(head)
        block = key.ljust(hashlib.sha256().block_size, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + begun)
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))
        self.beginning = b"v2." + begun  #: of every token

    def seal(self, rest: bytes) -> bytes:
        """What follows the beginning; the rest of the payload comes ``encoded`` already."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(rest)
        outer.update(inner.digest())
        return b"%b.%b" % (rest, encoded(outer.digest()[:16]))


def encoded(data: bytes) -> bytes:
    """URL-safe base64 without padding."""
    return b2a_base64(data, newline=False).rstrip(b"=\n").translate(_URL_SAFE)


def fingerprint(secret: str) -> str:
    """SHA-256 in hex: how tokens and secrets are stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
