"""Balances and the lines behind them."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from flexapp.api.shapes.base import Listed, Moment, Money, PageQuery, Shape, Wish


class SummaryQuery(Wish):
    """In which currency."""

    currency: str | None = Field(None, pattern="^[a-z]{3}$", description="The server's own without one")


class EntryQuery(PageQuery):
    """Which lines."""

    since: AwareDatetime | None = Field(None, description="Booked at this moment or later")


class Balance(Shape):
    """What is the caller's in one currency."""

    currency: str
    pending: Money = Field(description="Earned, on hold until its date")
    available: Money = Field(description="Due and not paid out")
    paid: Money = Field(description="Paid out so far")


class Summary(Balance):
    """The balance in one currency, and those in all currencies that the caller has."""

    by_currency: list[Balance]


class Entry(Shape):
    """One line of the caller's account."""

    id: str
    amount: Money = Field(description="Positive is the caller's, negative was taken back or paid out")
    role: str = Field(description="Why: share, commission, bonus, refund, transfer")
    status: str = Field(description="pending, available or paid")
    memo: str
    reference: str = Field(description="The journal entry's source, such as charge:ch_…")
    order_id: str | None
    order_item_id: str | None
    track_id: str | None
    track_title: str | None
    booked_at: Moment
    available_at: Moment | None


class EntryPage(Listed[Entry]):
    """The caller's lines, newest first."""
