"""Orders: the caller's items of what was bought."""

from __future__ import annotations

from pydantic import BaseModel

from flexapp.api.room import room
from flexapp.api.shapes.orders import Order, OrderPage, OrderQuery
from flexapp.errors import NotFound
from flexapp.orders import queries
from flexapp.orders.models import Order as StoredOrder
from flexapp.orders.models import OrderItem
from flexapp.storage.paging import paginate
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person

orders = room("orders", "Orders", "Purchases that the caller earned by, as producer or affiliate.")


class OrderPath(BaseModel):
    """An order in the path."""

    order_id: str


class OrderNotFound(NotFound):
    """There is no such order, or the caller earns nothing by it."""

    code = "order_not_found"


def _earning(items: list[OrderItem], person_id: str) -> list[OrderItem]:
    return [item for item in items if person_id in (item.producer_id, item.affiliate_id)]


@orders.get("/orders", responses={200: OrderPage})
@allow(Access.TOKEN)
def list_orders(query: OrderQuery) -> OrderPage:
    """Paid orders, newest first, with the caller's items alone."""
    person = require_person()
    page = paginate(
        db(),
        queries.select_orders_earning(person.id, state=query.state, since=query.since),
        key=(StoredOrder.created_at, StoredOrder.id),
        signer=services().signer,
        cursor=query.cursor,
        limit=query.limit,
    )
    items = queries.items_of_orders(db(), [order.id for order in page.data])
    data = [Order.of(order, _earning(items[order.id], person.id), person.id) for order in page.data]
    return OrderPage(data=data, next_cursor=page.next_cursor)


@orders.get("/orders/<order_id>", responses={200: Order})
@allow(Access.TOKEN)
def get_order(path: OrderPath) -> Order:
    """One order, with the caller's items alone."""
    person = require_person()
    order = queries.order_earning(db(), person.id, path.order_id)
    if order is None:
        raise OrderNotFound("There is no such order.")
    return Order.of(order, _earning(list(queries.items_of(db(), order.id)), person.id), person.id)
