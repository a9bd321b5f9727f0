"""``Idempotency-Key`` on every POST: the hooks around the views."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flask import Response, g, request
from pydantic import BaseModel
from sqlalchemy.orm import Session

from flexapp.inbox import replies
from flexapp.inbox.models import IdempotentReply
from flexapp.web.context import commit_now, db, services
from flexapp.web.identity import current_person, require_person

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
Shape = TypeVar("Shape", bound=BaseModel)
_SECRETS = frozenset({"secret"})


@dataclass(frozen=True)
class _Claim:
    """A key that this request holds."""

    person_id: str
    key: str


def before() -> Response | None:
    """Claim the key of a POST in the request's transaction, or answer with the stored reply."""
    key, person = request.headers.get(HEADER), current_person()
    if request.method != "POST" or key is None or person is None:
        return None
    body_hash = hashlib.sha256(request.get_data()).hexdigest()
    held = _Claim(person.id, replies.checked_key(key))
    reply = _claimed(db(), held.person_id, held.key, body_hash)
    if reply is not None:
        return _replayed(reply)
    g.idempotency_claim = held
    return None


def once(body_hash: str, work: Callable[[], Shape], *, status: int) -> Response | tuple[Shape, int]:
    """Do work that commits by itself under the request's key: the claim is committed before it.

    A failure gives the key back. While it runs, the same key hears RequestInProgress.
    """
    key, person = request.headers.get(HEADER), require_person()
    if key is None:
        return work(), status
    with services().database.writing() as session:
        reply = _claimed(session, person.id, replies.checked_key(key), body_hash)
    if reply is not None:
        return _replayed(reply)
    try:
        result = work()
    except Exception:
        db().rollback()
        with services().database.writing() as session:
            replies.let_go(session, person.id, key)
        raise
    commit_now()  # what the work read through the request's session holds no lock any more
    with services().database.writing() as session:
        replies.keep(session, person.id, key, status=status, body=result.model_dump_json())
    return result, status


def after(response: Response) -> Response:
    """Keep a good answer under the claimed key; a refused request leaves the key free."""
    held: _Claim | None = g.pop("idempotency_claim", None)
    if held is not None and response.status_code < 400:
        replies.keep(
            db(), held.person_id, held.key, status=response.status_code, body=_without_secrets(response)
        )
    return response


def _claimed(session: Session, person_id: str, key: str, body_hash: str) -> IdempotentReply | None:
    named = "\n".join((request.method, request.full_path, body_hash))
    return replies.claim(
        session,
        person_id,
        key,
        request_hash=hashlib.sha256(named.encode()).hexdigest(),
        now=services().clock.now(),
    )


def _replayed(reply: IdempotentReply) -> Response:
    response = Response(reply.body, reply.status, mimetype="application/json")
    response.headers[REPLAYED] = "true"
    return response


def _without_secrets(response: Response) -> str:
    # A secret is shown once and stored nowhere: the repeated reply has null in its place.
    text = response.get_data(as_text=True)
    if not any(f'"{name}"' in text for name in _SECRETS):
        return text
    body = json.loads(text)
    if isinstance(body, dict):
        body = {name: None if name in _SECRETS else value for name, value in body.items()}
    return json.dumps(body)
