"""Guessing a password is slow: failures are counted per address, whether it has an account or not."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from flexapp.errors import TooMany
from flexapp.kernel.signing import fingerprint
from flexapp.people import queries
from flexapp.people.models import LoginThrottle
from flexapp.storage.once import insert_once

ATTEMPTS = 10  #: failures that one address may have
WINDOW = timedelta(minutes=15)  #: counted from the first of them


class TooManyAttempts(TooMany):
    """Too many failed log ins for one address."""

    code = "too_many_attempts"


def require_patience(session: Session, email: str, *, now: datetime) -> None:
    """Raise TooManyAttempts while the address has used its failures up."""
    row = queries.throttle_of(session, fingerprint(email))
    if row is None or row.failures < ATTEMPTS:
        return
    wait = int((row.since + WINDOW - now).total_seconds())
    if wait > 0:
        minutes = -(-wait // 60)
        raise TooManyAttempts(
            f"Too many attempts for this address. Try again in {minutes} minutes, or reset the password.",
            retry_after=wait,
        )


def count_failure(session: Session, email: str, *, now: datetime) -> None:
    """Count one more failure; a window that ended begins anew."""
    key = fingerprint(email)
    if insert_once(session, LoginThrottle, key=key, failures=1, since=now):
        return
    ended = (LoginThrottle.key == key, LoginThrottle.since <= now - WINDOW)
    begun = session.execute(
        update(LoginThrottle).where(*ended).values(failures=1, since=now).returning(LoginThrottle.key)
    )
    if begun.first() is None:
        one_more = update(LoginThrottle).where(LoginThrottle.key == key)
        session.execute(one_more.values(failures=LoginThrottle.failures + 1))


def forget_failures(session: Session, email: str) -> None:
    """A success, or a reset by mail, clears the count."""
    session.execute(delete(LoginThrottle).where(LoginThrottle.key == fingerprint(email)))


def prune(session: Session, *, now: datetime) -> int:
    """Forget windows that ended; returns how many."""
    ended = delete(LoginThrottle).where(LoginThrottle.since <= now - WINDOW).returning(LoginThrottle.key)
    return len(session.execute(ended).all())
