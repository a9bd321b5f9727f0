"""Job: work promised in a transaction, done after its commit, at least once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from flexapp.storage.base import Base
from flexapp.storage.columns import Json, Moment, UtcDateTime, public_id


class Job(Base):
    """A named piece of work under a unique business key, taken by a lease.

    ``attempts`` counts the leases given, so it also fences: a worker whose lease was given to
    another cannot finish the job. ``owner`` is the worker that holds the lease.
    """

    __tablename__ = "job"
    __table_args__ = (Index(None, "done_at", "run_at"), Index(None, "owner"))

    id: Mapped[str] = public_id("job")
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    run_at: Mapped[Moment]
    owner: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime())
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Moment]
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class Baton(Base):
    """Who may run the periodic work of a name: one worker at a time, until it stops renewing."""

    __tablename__ = "baton"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner: Mapped[str | None] = mapped_column(String(80))
    held_until: Mapped[Moment]
