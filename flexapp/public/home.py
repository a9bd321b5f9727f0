"""``/``: what Flexapp is, shown by a player that is really one."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template
from sqlalchemy.orm import Session

from flexapp.apps.lineup import lineup_of
from flexapp.apps.models import FlexApp
from flexapp.apps.queries import apps_on_show
from flexapp.catalog.queries import public_tracks
from flexapp.config import CommissionRow, Settings
from flexapp.kernel.money import Money, allocate
from flexapp.public.beats import beats_of
from flexapp.web.access import Access, allow
from flexapp.web.caching import cached_page
from flexapp.web.context import db, services

blueprint = Blueprint("public_home", __name__)
_NEWEST = 8
_LOOKED_AT = 12
EXAMPLE_PRICE = 6500  #: the sale whose division the page shows


def _mark() -> str:
    """Changes when a beat shown is sold, edited or replaced by a newer one."""
    return " ".join(f"{track.id}:{track.revision}" for track in public_tracks(db(), limit=_NEWEST))


@blueprint.get("/")
@cached_page(seconds=10, revision=_mark)
@allow(Access.PUBLIC)
def home() -> Response:
    """The front page."""
    settings = services().settings
    return make_response(
        render_template(
            "public/home.html",
            shown=app_to_show(db()),
            beats=beats_of(db(), public_tracks(db(), limit=_NEWEST)),
            division=division(settings),
            base_url=settings.base_url,
        )
    )


def app_to_show(session: Session) -> FlexApp | None:
    """The app with the longest lineup among the first that may be framed everywhere, or None."""
    lengths = [(len(lineup_of(session, app)), app) for app in apps_on_show(session, limit=_LOOKED_AT)]
    longest = max(lengths, key=lambda pair: pair[0], default=(0, None))
    return longest[1] if longest[0] else None


def division(settings: Settings) -> list[tuple[str, Money, int]]:
    """How the example sale through an affiliate's app divides: (who, amount, percent)."""
    row = _row_for(settings, EXAMPLE_PRICE)
    weights = [row.producer, row.affiliate, 10_000 - row.producer - row.affiliate]
    parts = allocate(EXAMPLE_PRICE, weights)
    names = ("Producer", "Affiliate", "Flexapp")
    return [
        (name, Money(part, settings.currency), weight // 100)
        for name, part, weight in zip(names, parts, weights, strict=True)
    ]


def _row_for(settings: Settings, price: int) -> CommissionRow:
    return next(row for row in settings.commission_schedule if row.up_to is None or price <= row.up_to)
