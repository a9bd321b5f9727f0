"""InboundEvent: a webhook as it arrived, stored once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from flexapp.storage.base import Base
from flexapp.storage.columns import Json, Moment, UtcDateTime, public_id


class InboundEvent(Base):
    """One event of one source, handled at least once.

    The handler is idempotent and commits its effects; then ``handled_at`` is set. ``retry_at`` is
    both the lease of a running attempt and the pause after a failed one; ``attempts`` fences.
    """

    __tablename__ = "inbound_event"
    __table_args__ = (
        UniqueConstraint("source", "event_id"),
        Index(None, "handled_at", "retry_at"),
        Index(None, "owner"),
    )

    id: Mapped[str] = public_id("evt")
    source: Mapped[str] = mapped_column(String(20))
    event_id: Mapped[str] = mapped_column(String(120))
    type: Mapped[str] = mapped_column(String(80))
    object_id: Mapped[str] = mapped_column(String(120), default="")
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    received_at: Mapped[Moment]
    retry_at: Mapped[Moment]
    owner: Mapped[str | None] = mapped_column(String(80))  #: the worker that holds the running attempt
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str | None] = mapped_column(Text)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())  #: given up after many attempts


class IdempotentReply(Base):
    """The reply to a POST that carried an Idempotency-Key: the same key gets it again."""

    __tablename__ = "idempotent_reply"
    __table_args__ = (UniqueConstraint("person_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(String(30))
    key: Mapped[str] = mapped_column(String(200))
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(Integer)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Moment]
