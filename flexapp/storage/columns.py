"""Column kinds: UTC times, money, public ids, JSON, enums kept as text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    String,
    TypeDecorator,
    cast,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from flexapp.kernel.ids import new_id

Json = JSON().with_variant(JSONB(), "postgresql")
Minor = Annotated[int, mapped_column(BigInteger)]
"""Money in minor units."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC; naive ones are refused on the way in, none come out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times are aware; a naive one was given")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EnumText(TypeDecorator[StrEnum]):
    """A StrEnum stored by value, so that new members need no migration."""

    impl = String(32)
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind
        self._members = {member.value: member for member in kind}

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        return None if value is None else self._member(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self._member(value)

    def _member(self, value: str) -> StrEnum:
        """By a dictionary, which is several times faster than the class; that one names what is wrong."""
        found = self._members.get(value)
        return self.kind(value) if found is None else found


Moment = Annotated[datetime, mapped_column(UtcDateTime())]


def utc_day(session: Session, moment: Any) -> ColumnElement[str]:
    """The UTC day of a moment in a select, as text: 2026-11-20."""
    if session.get_bind().dialect.name == "sqlite":
        return func.date(moment, type_=String)
    return cast(cast(func.timezone("UTC", moment), Date), String)


def public_id(kind: str) -> Mapped[str]:
    """The primary key of a thing that outsiders may name."""
    return mapped_column(String(30), primary_key=True, default=_maker(kind))


def refers_to(target: str, *, index: bool = True, ondelete: str = "RESTRICT", **options: Any) -> Mapped[Any]:
    """A foreign key to ``table.id``."""
    return mapped_column(String(30), ForeignKey(f"{target}.id", ondelete=ondelete), index=index, **options)


def _maker(kind: str) -> Callable[[], str]:
    return lambda: new_id(kind)
