"""Writing what the fold found, many rows in one statement: plays, sessions, delivered bytes.

The rows are read as objects of a session that never flushes; an object for each write would cost the fold
most of its time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, case, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from flexapp.listening.models import Delivery, ListenSession, Play
from flexapp.storage.base import Base

Sent = tuple[int, datetime, datetime]
"""Bytes, and when the first and the last of them went."""
_FIXED = frozenset({"id", "session_id", "play_id", "track_id", "app_id", "placement_id", "channel", "host"})


def insert_plays(session: Session, plays: Collection[Play]) -> None:
    """Store new plays; the database numbers them."""
    names = [column.name for column in _table(Play).columns if column.name != "id"]
    if plays:
        rows = [{name: getattr(play, name) for name in names} for play in plays]
        session.connection().execute(insert(_table(Play)), rows)


def update_plays(session: Session, plays: Collection[Play]) -> None:
    """Store everything that may change of known plays."""
    table = _table(Play)
    names = [column.name for column in table.columns if column.name not in _FIXED]
    if plays:
        statement = update(table).where(table.c.id == bindparam("known"))
        rows = [{"known": play.id, **{name: getattr(play, name) for name in names}} for play in plays]
        session.connection().execute(statement.values({name: bindparam(name) for name in names}), rows)


def keep_sessions(session: Session, known: Collection[ListenSession]) -> None:
    """Store what is known of the sessions, new ones too."""
    table = _table(ListenSession)
    names = [column.name for column in table.columns]
    if known:
        upsert = _insert(session, table)
        changed = {name: upsert.excluded[name] for name in names if name != "id"}
        rows = [{name: getattr(each, name) for name in names} for each in known]
        session.connection().execute(upsert.on_conflict_do_update(index_elements=["id"], set_=changed), rows)


def add_deliveries(session: Session, sent: Mapping[tuple[str, str], Sent]) -> None:
    """Add bytes to what went to each (session, track)."""
    table = _table(Delivery)
    if sent:
        upsert = _insert(session, table)
        new = upsert.excluded
        grown = {
            "bytes": table.c.bytes + new.bytes,
            "last_at": case((new.last_at > table.c.last_at, new.last_at), else_=table.c.last_at),
        }
        rows = [
            {"session_id": key[0], "track_id": key[1], "bytes": count, "first_at": first, "last_at": last}
            for key, (count, first, last) in sorted(sent.items())
        ]
        statement = upsert.on_conflict_do_update(index_elements=["session_id", "track_id"], set_=grown)
        session.connection().execute(statement, rows)


def _insert(session: Session, table: Table) -> Any:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    return dialect.insert(table)


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table
