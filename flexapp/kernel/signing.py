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

    ``seal`` and ``unseal`` make compact tokens ``v1.<payload>.<mac>`` (HMAC-SHA-256 cut to
    128 bits) for URLs on strangers' pages. ``dumps`` and ``loads`` are itsdangerous tokens
    with an age, for mail links and cursors. Older secrets are accepted when reading.
    """

    def __init__(self, secret: str, older: tuple[str, ...] = ()) -> None:
        self._secrets = (secret, *older)

    def seal(self, purpose: str, payload: dict[str, Any]) -> str:
        """A compact signed token carrying the payload, readable by anybody, changed by nobody."""
        body = _encode(json.dumps(payload, separators=(",", ":"), sort_keys=True).encode())
        return f"v1.{body}.{self._mac(self._secrets[0], purpose, body)}"

    def sealer(self, purpose: str, fixed: dict[str, Any]) -> Sealer:
        """Seals many payloads that all begin with ``fixed``, each several times faster than ``seal``."""
        return Sealer(self._key(self._secrets[0], purpose), fixed)

    def unseal(self, purpose: str, token: str) -> dict[str, Any] | None:
        """The payload, or None when the token is not ours, was edited, or has another purpose."""
        version, _, rest = token.partition(".")
        body, _, mac = rest.partition(".")
        if version != "v1" or not body or not token.isascii():
            return None
        if not any(hmac.compare_digest(self._mac(key, purpose, body), mac) for key in self._secrets):
            return None
        try:
            payload = json.loads(_decode(body))
        except ValueError:
            return None
        return payload if isinstance(payload, dict) else None

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
    """Makes tokens like ``Signer.seal``: what they share is encoded and hashed once.

    The shared beginning is filled up with spaces, which JSON allows, to whole groups of base64. HMAC's
    two inner states (RFC 2104) are kept after the key and that beginning, and copied for each token.
    """

    __slots__ = ("_inner", "_outer", "beginning")

    def __init__(self, key: bytes, fixed: dict[str, Any]) -> None:
        begun = json.dumps(fixed, separators=(",", ":"), sort_keys=True).encode()[:-1]
        begun += b"," if fixed else b""
        head = base64.urlsafe_b64encode(begun + b" " * (-len(begun) % 3))
        block = key.ljust(hashlib.sha256().block_size, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + head)
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))
        self.beginning = b"v1." + head  #: of every token

    def seal(self, rest: bytes) -> bytes:
        """What follows the beginning; the rest is JSON members such as ``"i":1,"s":"x"}``."""
        body = b2a_base64(rest, newline=False).rstrip(b"=").translate(_URL_SAFE)
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(body)
        outer.update(inner.digest())
        mac = b2a_base64(outer.digest()[:16], newline=False).translate(_URL_SAFE)
        return b"%b.%b" % (body, mac[:-2])


def fingerprint(secret: str) -> str:
    """SHA-256 in hex: how tokens and secrets are stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
