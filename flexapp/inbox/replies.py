"""Idempotent replies: the same key from the same person does the work once and hears one answer.

The key is claimed in the transaction of the work itself, so a failed request leaves no trace and
may be sent again with the same key. The unique row decides between two at the same moment: the
second waits for the first one's transaction and then finds its reply (IETF draft
``idempotency-key-header``).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, update
from sqlalchemy.orm import Session

from flexapp.errors import Conflict, Invalid
from flexapp.inbox.models import IdempotentReply
from flexapp.inbox.queries import idempotent_reply
from flexapp.storage.once import insert_once

KEPT = timedelta(hours=24)
ABANDONED = timedelta(minutes=10)
"""A claim without an answer for so long is of a process that died: the next request takes it over."""
MAX_KEY = 200


class InvalidIdempotencyKey(Invalid):
    """An Idempotency-Key that is empty, too long, or not printable ASCII."""

    code = "invalid_idempotency_key"


class IdempotencyKeyReused(Invalid):
    """The key was used before, for another request."""

    code = "idempotency_key_reused"


class RequestInProgress(Conflict):
    """The first request with this key is still being worked on."""

    code = "request_in_progress"


def checked_key(key: str) -> str:
    """The key; raises InvalidIdempotencyKey."""
    if not 1 <= len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
        raise InvalidIdempotencyKey(f"An Idempotency-Key has 1 to {MAX_KEY} printable ASCII characters.")
    return key


def claim(
    session: Session, person_id: str, key: str, *, request_hash: str, now: datetime
) -> IdempotentReply | None:
    """None when the key is new and now this request's; else the reply of the first one.

    Raises IdempotencyKeyReused for another request under the key, RequestInProgress while the
    first one has committed a part of its work and not answered yet.
    """
    session.execute(
        delete(IdempotentReply).where(
            IdempotentReply.person_id == person_id,
            IdempotentReply.key == key,
            or_(
                IdempotentReply.created_at < now - KEPT,
                and_(IdempotentReply.status == 0, IdempotentReply.created_at < now - ABANDONED),
            ),
        )
    )
    is_new = insert_once(
        session,
        IdempotentReply,
        person_id=person_id,
        key=key,
        request_hash=request_hash,
        status=0,
        body="",
        created_at=now,
    )
    if is_new:
        return None
    reply = idempotent_reply(session, person_id, key)
    if reply is None:
        raise RequestInProgress("Another request with this key has just ended: send it again.", retry_after=1)
    if reply.request_hash != request_hash:
        raise IdempotencyKeyReused("This Idempotency-Key was used for another request: take a new one.")
    if reply.status == 0:
        raise RequestInProgress("The first request with this key is still at work.", retry_after=2)
    return reply


def keep(session: Session, person_id: str, key: str, *, status: int, body: str) -> None:
    """Store the answer under the claimed key, for 24 hours."""
    session.execute(
        update(IdempotentReply)
        .where(IdempotentReply.person_id == person_id, IdempotentReply.key == key)
        .values(status=status, body=body)
        .execution_options(synchronize_session=False)
    )


def let_go(session: Session, person_id: str, key: str) -> None:
    """Give a claim back whose work failed after it was committed."""
    session.execute(
        delete(IdempotentReply).where(
            IdempotentReply.person_id == person_id, IdempotentReply.key == key, IdempotentReply.status == 0
        )
    )
