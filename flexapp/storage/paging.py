"""Keyset pages: ``{"data": [...], "next_cursor": ...}`` by (moment, id), newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, tuple_
from sqlalchemy.orm import Session

from flexapp.errors import Invalid
from flexapp.kernel.signing import Signer

T = TypeVar("T")
MAX_LIMIT = 100


class InvalidCursor(Invalid):
    """A cursor that this list did not hand out."""

    code = "invalid_cursor"


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page and the cursor of the next, None at the end."""

    data: list[T]
    next_cursor: str | None


def paginate(
    session: Session,
    query: Select[Any],
    *,
    key: tuple[Any, Any],
    signer: Signer,
    cursor: str | None,
    limit: int,
) -> Page[Any]:
    """The page after ``cursor`` of a select of one entity, by ``key`` = (moment column, id column)."""
    limit = max(1, min(limit, MAX_LIMIT))
    moment, identity = key
    if cursor:
        value = signer.loads("cursor", cursor)
        if not (isinstance(value, list) and len(value) == 2):
            raise InvalidCursor("This cursor is not one of ours: take next_cursor from the page before.")
        query = query.where(tuple_(moment, identity) < (datetime.fromisoformat(value[0]), value[1]))
    rows: Sequence[Any] = (
        session.scalars(query.order_by(moment.desc(), identity.desc()).limit(limit + 1)).unique().all()
    )
    data = list(rows[:limit])
    more = None
    if len(rows) > limit:
        last = data[-1]
        when: datetime = getattr(last, moment.key)
        more = signer.dumps("cursor", [when.isoformat(), getattr(last, identity.key)])
    return Page(data, more)
