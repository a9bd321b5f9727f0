"""Pieces that every shape is made of: money, moments, pages, problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from flexapp.kernel import money
from flexapp.kernel.clock import to_rfc3339
from flexapp.storage.paging import MAX_LIMIT
from flexapp.storage.paging import Page as StoredPage

Moment = Annotated[
    datetime,
    PlainSerializer(to_rfc3339, return_type=str),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "description": "RFC 3339, UTC, milliseconds"},
        mode="serialization",
    ),
]


class Shape(BaseModel):
    """What comes out."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Wish(BaseModel):
    """What goes in: unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*")
    @classmethod
    def _without_nul(cls, value: Any) -> Any:
        if _has_nul(value):
            raise PydanticCustomError("nul", "A NUL character is not taken")
        return value


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(part) for pair in value.items() for part in pair)
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(map(_has_nul, value))
    return isinstance(value, str) and "\0" in value


class Money(Shape):
    """An amount in minor units of one currency."""

    amount: int = Field(description="Minor units: 2999 is 29.99", examples=[2999])
    currency: str = Field(description="ISO 4217, lower case", pattern="^[a-z]{3}$", examples=["usd"])

    @classmethod
    def of(cls, value: money.Money) -> Money:
        """The shape of a domain's money."""
        return cls(amount=value.amount, currency=value.currency)


class MoneyIn(Wish):
    """An amount in minor units of one currency."""

    amount: int = Field(description="Minor units: 2999 is 29.99", examples=[2999])
    currency: str = Field(description="ISO 4217, lower case", pattern="^[a-z]{3}$", examples=["usd"])


class PageQuery(Wish):
    """Which page of a list."""

    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="How many things a page has at most")
    cursor: str | None = Field(None, description="The next_cursor of the page before", max_length=500)


Item = TypeVar("Item")


class Listed(Shape, Generic[Item]):
    """A page of a list; ``next_cursor`` is null at the end."""

    data: list[Item]
    next_cursor: str | None = Field(None, description="Null at the end")


class Whole(Shape, Generic[Item]):
    """A short list, always whole."""

    data: list[Item]


class Ids(Wish):
    """A new order of things, each named once."""

    ids: list[str] = Field(max_length=500)


class Problem(Shape):
    """Why it was refused (RFC 9457). ``code`` is stable; ``request_id`` is what support asks for."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: str = Field(examples=["urn:flexapp:problem:track_not_found"])
    title: str
    status: int
    detail: str
    code: str = Field(examples=["track_not_found"])
    request_id: str
    fields: dict[str, str] = Field(default_factory=dict, description="What to mend, by field name")


Row = TypeVar("Row")


def listed(page: StoredPage[Row], shape: Callable[[Row], Item]) -> tuple[list[Item], str | None]:
    """A stored page's rows in their shape, and its cursor."""
    return [shape(row) for row in page.data], page.next_cursor


def unique(ids: Iterable[str | None]) -> list[str]:
    """Ids without repeats and gaps."""
    return [one for one in dict.fromkeys(ids) if one]
