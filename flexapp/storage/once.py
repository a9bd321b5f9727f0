"""Insert a row unless its key is taken: the database decides, also between two connections."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from flexapp.storage.base import Base


def insert_once(session: Session, model: type[Base], **values: Any) -> bool:
    """Whether the row is new. A taken key (any unique one) changes nothing and fails nothing.

    While another transaction holds the same key uncommitted, PostgreSQL waits for its end;
    on SQLite there is one writer at a time. Column defaults of the model apply.
    """
    table = model.__table__
    assert isinstance(table, Table)
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values(**values).on_conflict_do_nothing()
    key = next(iter(table.primary_key.columns))
    return session.execute(statement.returning(key)).first() is not None
