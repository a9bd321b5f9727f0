"""Earnings: what is pending, available and paid, and each line of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flexapp_sdk.models import Entry, Summary
from flexapp_sdk.paging import Listing
from flexapp_sdk.resources._base import Resource


class Earnings(Resource):
    """Your account."""

    def summary(self, *, currency: str | None = None) -> Summary:
        """``pending``, ``available`` and ``paid`` in the server's currency or the given one."""
        return Summary.model_validate(self._get("/earnings", currency=currency))

    def entries(
        self,
        *,
        since: datetime | date | timedelta | None = None,
        limit: int | None = None,
    ) -> Listing[Entry]:
        """Every line, newest first: role, amount, order, and when it becomes available."""
        return self._list(Entry, "/earnings/entries", limit=limit, since=since)
