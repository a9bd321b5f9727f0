"""``/orders/<token>``: an order's page: files and licenses, or how its payment stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, Response, flash, make_response, redirect, render_template
from sqlalchemy.orm import Session

from flexapp.catalog.queries import tracks_by_ids
from flexapp.errors import Upstream
from flexapp.licensing.models import Download, License, LicenseState
from flexapp.licensing.queries import downloads_of, licenses_of_order
from flexapp.orders import queries
from flexapp.orders.models import Order, OrderItem, OrderState
from flexapp.orders.operations import OrderNotFound, renew_token
from flexapp.public.files import link_of
from flexapp.web.access import Access, allow
from flexapp.web.context import services
from flexapp.web.limits import limiter
from flexapp.web.seldom import Seldom
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.expire_checkout import expire_checkout
from flexapp.workflows.locks import lock_order
from flexapp.workflows.order_mails import send_order_link

blueprint = Blueprint("orders", __name__)
_asking = Seldom(5.0)


@dataclass(frozen=True)
class File:
    """A file of a license: its link, how often it may still be taken."""

    download: Download
    link: str
    left: int


@dataclass(frozen=True)
class Bought:
    """One item of the page with its license and files."""

    item: OrderItem
    slug: str | None
    license: License | None
    files: list[File]

    @property
    def is_revoked(self) -> bool:
        """The license ended with its refund."""
        return self.license is not None and self.license.state is LicenseState.REVOKED


@blueprint.get("/orders/<token>")
@limiter.limit("120/minute")
@allow(Access.PUBLIC)
def show(token: str) -> Response:
    """The order as it stands; asks Stripe itself, once in 5 s, when the webhook is not here yet."""
    given = services()
    order = _order(token)
    if order is None:
        return _renewal(token)
    if order.state in (OrderState.OPEN, OrderState.EXPIRED) and _asking.may(order.id):
        _ask_stripe(order.id)
    with given.database.reading() as session:
        order = queries.order_by_id(session, order.id)
        now = given.clock.now()
        page = render_template(
            "public/order.html",
            order=order,
            bought=_bought(session, order, now=now),
            can_pay=order.checkout_url is not None
            and order.checkout_expires_at is not None
            and order.checkout_expires_at > now,
            limit=given.settings.downloads_per_file,
            hours=given.settings.download_hours,
        )
    return _private(page)


@blueprint.post("/orders/<token>/cancel")
@limiter.limit("20/minute")
@allow(Access.PUBLIC)
def cancel(token: str) -> Response:
    """Close an unpaid order and give its reservation back; when it was paid after all, it stays."""
    order = _order(token)
    if order is None:
        raise OrderNotFound("There is no such order.")
    expire_checkout(services(), order.id, early=True)
    return make_response(redirect(f"/orders/{token}", code=303))


@blueprint.post("/orders/<token>/renew")
@limiter.limit("10/minute")
@allow(Access.PUBLIC)
def renew(token: str) -> Response:
    """Mail the order's current link to its buyer; nobody else learns it."""
    given = services()
    now = given.clock.now()
    lasting = timedelta(days=given.settings.order_page_days)
    with given.database.writing() as session:
        found = queries.order_by_token(session, token) or queries.order_by_old_token(session, token)
        if found is None:
            raise OrderNotFound("There is no such order.")
        order = lock_order(session, found.id)
        renew_token(session, order, now=now, lasting=lasting)
        send_order_link(session, order, given, now=now)
    given.wake_worker()
    flash("The link is on its way to the address that the order was made with.", "good")
    return make_response(redirect(f"/orders/{token}", code=303))


def _order(token: str) -> Order | None:
    """The order of a token that still holds; None when it ran out or was replaced.

    Raises OrderNotFound for a token that never was.
    """
    given = services()
    with given.database.reading() as session:
        order = queries.order_by_token(session, token)
        if order is not None:
            return order if order.token_expires_at > given.clock.now() else None
        if queries.order_by_old_token(session, token) is None:
            raise OrderNotFound("There is no order at this address.")
    return None


def _renewal(token: str) -> Response:
    return _private(render_template("public/order_renewal.html", token=token))


def _ask_stripe(order_id: str) -> None:
    try:
        complete_order(services(), order_id)
    except Upstream:
        return  # The page says that it waits, and the webhook or the next look finishes the work.


def _bought(session: Session, order: Order, *, now: datetime) -> list[Bought]:
    given = services()
    licenses = {one.order_item_id: one for one in licenses_of_order(session, order.id)}
    downloads: dict[str, list[Download]] = {}
    for download in downloads_of(session, [one.id for one in licenses.values()]):
        downloads.setdefault(download.license_id, []).append(download)
    items = queries.items_of(session, order.id)
    tracks = tracks_by_ids(session, [item.track_id for item in items])
    until = now + timedelta(hours=given.settings.download_hours)
    limit = given.settings.downloads_per_file
    bought = []
    for item in items:
        kept = licenses.get(item.id)
        files = [
            File(one, link_of(given.signer, one, until=until), max(0, limit - one.count))
            for one in (downloads.get(kept.id, []) if kept else [])
        ]
        track = tracks.get(item.track_id)
        bought.append(Bought(item, track.slug if track else None, kept, files))
    return bought


def _private(page: str) -> Response:
    response = make_response(page)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
