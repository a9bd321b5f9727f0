"""Passwords: argon2id, the same work whether or not somebody is there, and what is too weak."""

from __future__ import annotations

import threading
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from flexapp.errors import Invalid

SHORTEST = 8
LONGEST = 200
_NO_PASSWORD = "!"  # noqa: S105  # the hash of a deleted account: nothing verifies against it
# 64 MiB are held per computation (RFC 9106, second recommended setting): a flood must not eat the machine.
_slots = threading.BoundedSemaphore(4)
_fast = False
_COMMON = frozenset(
    (
        *("password", "password1", "password123", "passw0rd", "12345678", "123456789", "1234567890"),
        *("qwertyui", "qwertyuiop", "qwerty123", "iloveyou", "11111111", "00000000", "abc12345"),
        *("letmein1", "sunshine", "football", "baseball", "princess", "superman", "trustno1"),
    )
)


class WeakPassword(Invalid):
    """A password that would be guessed."""

    code = "weak_password"


def choose(*, fast: bool) -> None:
    """Use cheap parameters for the rest of this process (tests) or the real ones."""
    global _fast
    _fast = fast


def require_good(password: str, *, email: str = "") -> None:
    """Raise WeakPassword unless it has 8-200 characters and is neither common nor the address."""
    reason = ""
    if len(password) < SHORTEST:
        reason = f"Use at least {SHORTEST} characters."
    elif len(password) > LONGEST:
        reason = f"Use at most {LONGEST} characters."
    elif password.lower() in _COMMON or len(set(password)) < 3:
        reason = "This password is among the first to be guessed. Use a longer phrase."
    elif email and password.lower() in (email, email.partition("@")[0]):
        reason = "Use something other than your e-mail address."
    if reason:
        raise WeakPassword(reason, fields={"password": reason})


def hash_password(password: str) -> str:
    """The argon2id hash. Takes a good part of a second: call it with no transaction open."""
    with _slots:
        return _hasher(_fast).hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password is the right one; without a hash the same work is done for nothing."""
    known = password_hash if password_hash and password_hash != _NO_PASSWORD else None
    with _slots:
        try:
            matches = _hasher(_fast).verify(known or stand_in(), password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
    return matches and known is not None


def needs_rehash(password_hash: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return _hasher(_fast).check_needs_rehash(password_hash)


def stand_in() -> str:
    """The hash that is verified when there is none, made as a real one is."""
    return _nobodys(_fast)


def unusable() -> str:
    """What is stored when no password may open the account."""
    return _NO_PASSWORD


@lru_cache(maxsize=2)
def _hasher(fast: bool) -> PasswordHasher:
    if fast:
        return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)


@lru_cache(maxsize=2)
def _nobodys(fast: bool) -> str:
    return _hasher(fast).hash("nobody has this password")
