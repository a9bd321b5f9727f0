"""``/sales``, ``/orders`` and one order: what was sold, through what, and what of it is whose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from sqlalchemy.orm import Session

from flexapp.apps.models import FlexApp
from flexapp.apps.queries import apps_by_ids
from flexapp.licensing.models import Download, License
from flexapp.licensing.operations import reset_downloads
from flexapp.licensing.queries import downloads_of, licenses_of_order
from flexapp.orders import queries
from flexapp.orders.models import Order, OrderItem, OrderRefund
from flexapp.orders.operations import OrderNotFound
from flexapp.orders.proceeds import producer_roles
from flexapp.storage.paging import paginate
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person

blueprint = Blueprint("sales", __name__, url_prefix="/producer-dashboard")
_PAGE = 25
ROLES = {
    "share": "Your share",
    "commission": "Your commission",
    "bonus": "Your self-referral bonus",
}
RULES = {
    "placement": "The buyer pressed buy in this app.",
    "last_touch": "The buyer came through this app before, and through no other since.",
    "none": "No app brought the buyer.",
}


@dataclass(frozen=True)
class Part:
    """One part of an item's price: a label, its rate in basis points, minor units."""

    label: str
    rate: int
    amount: int


@dataclass(frozen=True)
class Sale:
    """One sold item as one person sees it; ``earned`` in minor units, refunds taken off."""

    item: OrderItem
    order: Order
    through: str
    is_own_track: bool
    earned: int

    @property
    def is_refunded(self) -> bool:
        """All of it went back."""
        return self.item.refunded >= self.item.price


@blueprint.get("/sales")
@allow(Access.SIGNED_IN)
def sales() -> str:
    """Everything that earned the person something, newest first."""
    person, now = require_person(), services().clock.now()
    page = paginate(
        db(),
        queries.select_sales_of(person.id),
        key=(OrderItem.created_at, OrderItem.id),
        signer=services().signer,
        cursor=request.args.get("cursor"),
        limit=_PAGE,
    )
    month = now - timedelta(days=30)
    return render_template(
        "dashboard/sales/list.html",
        sales=sales_of(db(), page.data, person.id),
        next_cursor=page.next_cursor,
        is_first=not request.args.get("cursor"),
        figures=queries.sales_figures(db(), person.id, since=month),
        before=queries.sales_figures(db(), person.id, since=month - timedelta(days=30), until=month),
        all_time=queries.sales_figures(db(), person.id),
    )


@blueprint.get("/orders")
@allow(Access.SIGNED_IN)
def orders() -> str:
    """Paid orders with a track of the person's, newest first."""
    person = require_person()
    page = paginate(
        db(),
        queries.select_orders_of_producer(person.id),
        key=(Order.created_at, Order.id),
        signer=services().signer,
        cursor=request.args.get("cursor"),
        limit=_PAGE,
    )
    items = queries.items_of_orders(db(), [order.id for order in page.data])
    rows = [
        (order, [item for item in items[order.id] if item.producer_id == person.id]) for order in page.data
    ]
    return render_template(
        "dashboard/sales/orders.html",
        rows=rows,
        next_cursor=page.next_cursor,
        is_first=not request.args.get("cursor"),
    )


@blueprint.get("/orders/<order_id>")
@allow(Access.SIGNED_IN)
def order(order_id: str) -> str:
    """One order: the producer's items in it, how each price divides and why, licenses and downloads."""
    found, items = _own(order_id)
    licenses = {one.order_item_id: one for one in licenses_of_order(db(), found.id)}
    files: dict[str, list[Download]] = {}
    for one in downloads_of(db(), [license_.id for license_ in licenses.values()]):
        files.setdefault(one.license_id, []).append(one)
    details = [_Detail(item, licenses.get(item.id), files, db()) for item in items]
    return render_template(
        "dashboard/sales/order.html",
        order=found,
        details=details,
        refunds=_refunds_shown(queries.refunds_of(db(), found.id), items),
        available_at=(found.paid_at or found.created_at) + services().settings.hold,
        rules=RULES,
        limit=services().settings.downloads_per_file,
    )


@blueprint.post("/orders/<order_id>/downloads")
@allow(Access.SIGNED_IN)
def reset(order_id: str) -> Response:
    """Let the buyer download the producer's files of this order anew."""
    found, items = _own(order_id)
    own = {item.id for item in items}
    for license_ in licenses_of_order(db(), found.id):
        if license_.order_item_id in own:
            reset_downloads(db(), license_)
    flash("The buyer can download the files again.", "good")
    return make_response(redirect(f"/producer-dashboard/orders/{order_id}", code=303))


def sales_of(session: Session, items: list[OrderItem], person_id: str) -> list[Sale]:
    """Items as one person's sales: an affiliate sees the own commission only."""
    apps = apps_by_ids(session, {item.app_id for item in items if item.app_id})
    found = queries.orders_by_ids(session, {item.order_id for item in items})
    return [
        Sale(
            item=item,
            order=found[item.order_id],
            through=through(item, apps),
            is_own_track=item.producer_id == person_id,
            earned=item.producer_amount - item.producer_refunded
            if item.producer_id == person_id
            else item.affiliate_amount - item.affiliate_refunded,
        )
        for item in items
    ]


def through(item: OrderItem, apps: dict[str, FlexApp]) -> str:
    """Where it was bought: the app's name, or our own pages."""
    app = apps.get(item.app_id or "")
    return app.name if app else "Flexapp"


def parts_of(item: OrderItem) -> list[Part]:
    """How an item's price divides, as its producer sees it."""
    rates = item.rates
    roles = producer_roles(item.producer_amount, rates)
    by_role = {
        "share": rates["producer"],
        "commission": rates.get("own_app", 0),
        "bonus": rates.get("self_referral_bonus", 0),
    }
    parts = [Part(ROLES[role], by_role[role], amount) for role, amount in roles.items()]
    if item.affiliate_amount:
        parts.append(Part("Affiliate's commission", rates.get("affiliate", 0), item.affiliate_amount))
    return [*parts, Part("Flexapp, card fees included", rates["platform"], item.platform_amount)]


class _Detail:
    """One item of the order's page."""

    def __init__(
        self, item: OrderItem, license_: License | None, files: dict[str, list[Download]], session: Session
    ) -> None:
        self.item = item
        self.license = license_
        self.files = files.get(license_.id, []) if license_ else []
        self.parts = parts_of(item)
        self.rule = str(item.attribution.get("rule", "none"))
        self.through = through(item, apps_by_ids(session, {item.app_id} if item.app_id else set()))


def _own(order_id: str) -> tuple[Order, list[OrderItem]]:
    person = require_person()
    found = queries.find_order(db(), order_id)
    if found is None or found.state not in queries.EARNING:
        raise OrderNotFound("There is no such order.")
    items = [item for item in queries.items_of(db(), order_id) if item.producer_id == person.id]
    if not items:
        raise OrderNotFound("There is no such order.")
    return found, items


def _refunds_shown(
    refunds: Sequence[OrderRefund], items: list[OrderItem]
) -> list[tuple[datetime, int, int, bool]]:
    """(when, taken from these items, of it the producer's, did it fail later)."""
    own = {item.id for item in items}
    rows = []
    for refund in refunds:
        legs = [leg for leg in refund.legs if leg["item"] in own]
        producer = sum(sum(leg["roles"].values()) for leg in legs)
        total = producer + sum(leg["affiliate"] + leg["platform"] for leg in legs)
        if legs:
            rows.append((refund.created_at, total, producer, refund.is_reversed))
    return rows
