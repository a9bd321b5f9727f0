"""Writing what the fold found, many rows in one statement: plays, sessions, delivered bytes.

The rows are read as objects of a session that never flushes; an object for each write would cost the fold
most of its time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, case, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from flexapp.listening import queries
from flexapp.listening.models import Delivery, ListenSession, Play
from flexapp.listening.pieces import packed, unpacked
from flexapp.storage.base import Base


class Sent(NamedTuple):
    """What went to a session of one preview."""

    first_at: datetime
    last_at: datetime
    bytes: int = 0  #: the same ones several times
    unplaced: int = 0  #: of those: of lines that do not say which they were
    pieces: int = 0  #: bits of ``pieces``

    def merged(self, more: Sent) -> Sent:
        """Both together, in whatever order."""
        return Sent(
            min(self.first_at, more.first_at),
            max(self.last_at, more.last_at),
            self.bytes + more.bytes,
            self.unplaced + more.unplaced,
            self.pieces | more.pieces,
        )


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
    """Add to what went to each (session, track); only one fold at a time may."""
    table = _table(Delivery)
    if sent:
        known = queries.pieces_sent(session, sent.keys())
        upsert = _insert(session, table)
        new = upsert.excluded
        grown = {
            "bytes": table.c.bytes + new.bytes,
            "unplaced": table.c.unplaced + new.unplaced,
            "pieces": new.pieces,
            "last_at": case((new.last_at > table.c.last_at, new.last_at), else_=table.c.last_at),
        }
        rows = [
            {
                "session_id": key[0],
                "track_id": key[1],
                **more._asdict(),
                "pieces": packed(more.pieces | unpacked(known.get(key, b""))),
            }
            for key, more in sorted(sent.items())
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
