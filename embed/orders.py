"""``/embed/v1/orders/<public token>``: how an order stands, polled by the player that started it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from flexapp.orders.models import OrderState
from flexapp.orders.operations import OrderNotFound
from flexapp.orders.queries import order_by_public_token
from flexapp.web.access import Access, allow
from flexapp.web.context import db

blueprint = Blueprint("embed_orders", __name__)


@blueprint.get("/embed/v1/orders/<token>")
@allow(Access.STRANGER)
def state(token: str) -> Response:
    """``{"state": "open", "is_settled": false}``: no word of who bought what.

    404 until the order exists: a player may poll for a token that it chose itself.
    """
    order = order_by_public_token(db(), token)
    if order is None:
        raise OrderNotFound("There is no such order.")
    response = jsonify(state=order.state.value, is_settled=order.state is not OrderState.OPEN)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "no-store"
    return response
