"""Orders: your items of what was bought."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flexapp_sdk._protocol import segment
from flexapp_sdk.models import Order
from flexapp_sdk.paging import Listing
from flexapp_sdk.resources._base import Resource


class Orders(Resource):
    """Purchases that you earned by, as producer or affiliate."""

    def list(
        self,
        *,
        state: str | None = None,
        since: datetime | date | timedelta | None = None,
        limit: int | None = None,
    ) -> Listing[Order]:
        """Newest first; ``since`` a moment, or a span before now."""
        return self._list(Order, "/orders", limit=limit, state=state, since=since)

    def get(self, order_id: str) -> Order:
        """One of them."""
        return Order.model_validate(self._get(f"/orders/{segment(order_id)}"))
