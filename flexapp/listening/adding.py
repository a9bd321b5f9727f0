"""Adding to counters: many rows of whole numbers in one statement, on both databases."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, SmallInteger, Table, text
from sqlalchemy.orm import Session

from flexapp.storage.base import Base

Row = tuple[int, ...]


def add_rows(session: Session, model: type[Base], rows: Sequence[Row]) -> None:
    """Add to the stored rows, which appear as needed.

    A row has a number for each column of the table, its key first. SQLite takes them one by one in a
    prepared statement, PostgreSQL as arrays; either is many times faster than a statement for each.
    """
    if not rows:
        return
    table = model.__table__
    assert isinstance(table, Table)
    columns = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key.columns]
    counters = [name for name in columns if name not in keys]
    grown = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in counters)
    target = f"INSERT INTO {table.name} ({', '.join(columns)})"
    end = f"ON CONFLICT ({', '.join(keys)}) DO " + (f"UPDATE SET {grown}" if counters else "NOTHING")
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"{target} VALUES ({marks}) {end}", list(rows))
        return
    arrays = ", ".join(f"CAST(:{column.name} AS {_kind(column.type)}[])" for column in table.columns)
    values = {name: list(column) for name, column in zip(columns, zip(*rows, strict=True), strict=True)}
    connection.execute(text(f"{target} SELECT * FROM unnest({arrays}) {end}"), values)  # noqa: S608


def _kind(kind: object) -> str:
    if isinstance(kind, SmallInteger):
        return "smallint"
    return "bigint" if isinstance(kind, BigInteger) else "integer"
