"""``/customers`` and ``/licenses-sold``: who bought, and which rights were granted."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from flexapp.catalog.caps import caps_in_words
from flexapp.catalog.queries import tracks_by_ids
from flexapp.licensing.models import License
from flexapp.licensing.queries import select_licenses_of_producer
from flexapp.orders.queries import buyers_of
from flexapp.storage.paging import paginate
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person

blueprint = Blueprint("buyers", __name__, url_prefix="/producer-dashboard")
_PAGE = 25


@blueprint.get("/customers")
@allow(Access.SIGNED_IN)
def customers() -> str:
    """Everybody who bought a track of the person's, the latest first."""
    return render_template("dashboard/sales/customers.html", buyers=buyers_of(db(), require_person().id))


@blueprint.get("/licenses-sold")
@allow(Access.SIGNED_IN)
def licenses_sold() -> str:
    """Licenses granted on the person's tracks, newest first, with their frozen terms."""
    page = paginate(
        db(),
        select_licenses_of_producer(require_person().id),
        key=(License.issued_at, License.id),
        signer=services().signer,
        cursor=request.args.get("cursor"),
        limit=_PAGE,
    )
    return render_template(
        "dashboard/sales/licenses.html",
        licenses=page.data,
        tracks=tracks_by_ids(db(), {one.track_id for one in page.data}),
        caps_in_words=caps_in_words,
        next_cursor=page.next_cursor,
        is_first=not request.args.get("cursor"),
    )
