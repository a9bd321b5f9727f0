"""Which state an order may go to from which; every change passes here."""

from __future__ import annotations

from flexapp.errors import Conflict
from flexapp.orders.models import Order, OrderState

_LEGAL: dict[OrderState, frozenset[OrderState]] = {
    OrderState.OPEN: frozenset({OrderState.PAID, OrderState.CONFLICTED, OrderState.EXPIRED}),
    # A payment that was finished in the last second is seen after the clock ran out: it counts.
    OrderState.EXPIRED: frozenset({OrderState.PAID, OrderState.CONFLICTED}),
    OrderState.PAID: frozenset({OrderState.PARTLY_REFUNDED, OrderState.REFUNDED}),
    OrderState.CONFLICTED: frozenset({OrderState.REFUNDED}),
    # Back again when a refund that was booked fails later.
    OrderState.PARTLY_REFUNDED: frozenset({OrderState.REFUNDED, OrderState.PAID}),
    OrderState.REFUNDED: frozenset({OrderState.PARTLY_REFUNDED, OrderState.PAID, OrderState.CONFLICTED}),
}
GRANTED = frozenset({OrderState.PAID, OrderState.PARTLY_REFUNDED, OrderState.REFUNDED})
"""States of an order that was paid and not in conflict; a conflicted one ends refunded without licenses."""


class IllegalTransition(Conflict):
    """The order is past that."""

    code = "illegal_order_transition"


def move(order: Order, state: OrderState) -> None:
    """Put the order into the state; the same state again changes nothing. Raises IllegalTransition."""
    if order.state is state:
        return
    if state not in _LEGAL[order.state]:
        raise IllegalTransition(f"An order that is {order.state.value} cannot become {state.value}.")
    order.state = state
