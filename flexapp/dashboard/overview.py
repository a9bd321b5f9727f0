"""``/producer-dashboard``: what played, what sold, what is yours; its figures follow within seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request
from sqlalchemy.orm import Session

from flexapp.apps.models import FlexApp, Placement
from flexapp.apps.queries import apps_of, select_placements_of_owner
from flexapp.dashboard.charts import bar_chart
from flexapp.dashboard.figures import Listening, difference_of, listening, place_rows, track_rows
from flexapp.dashboard.navigation import HOME
from flexapp.dashboard.periods import Period, choices, period_of
from flexapp.dashboard.queries import sold_by_track
from flexapp.dashboard.sales import sales_of
from flexapp.kernel import zones
from flexapp.ledger import statements
from flexapp.listening import insights
from flexapp.listening.insights import Scope
from flexapp.orders import queries as orders
from flexapp.orders.models import Order
from flexapp.orders.queries import SalesFigures
from flexapp.people.models import Person
from flexapp.web import filters
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person

blueprint = Blueprint("overview", __name__)
_SALES, _TRACKS, _PLACES, _DATES = 5, 5, 6, 2


@blueprint.get("/dash")
@allow(Access.SIGNED_IN)
def short_way() -> Response:
    """The short address."""
    return make_response(redirect(HOME, 308))


@blueprint.get(HOME)
@allow(Access.SIGNED_IN)
def overview() -> str:
    """The overview of a period."""
    person, now = require_person(), services().clock.now()
    period = period_of(request.args, now, zone=zones.zone_of(person.time_zone), begin=person.created_at)
    scope = Scope(person_id=person.id)
    heard = listening(db(), scope, period)
    sold = sold_by_track(db(), person.id, since=period.since, until=period.until)
    places = place_rows(db(), scope, period, placements=_placements(db(), person))
    latest = db().scalars(
        orders.select_sales_of(person.id).order_by(Order.paid_at.desc(), Order.id.desc()).limit(_SALES)
    )
    return render_template(
        "dashboard/overview.html",
        period=period,
        periods=choices(period, HOME),
        heard=heard,
        figures=_figures(db(), person, period, heard),
        live=f"{HOME}/overview.json?{period.query()}",
        places=bar_chart(
            [(row.label, row.counts.plays, _insights_of(row.app), row.aside) for row in places[:_PLACES]]
        ),
        other_places=sum(row.counts.plays for row in places[_PLACES:]),
        sales=sales_of(db(), list(latest), person.id),
        tracks=track_rows(db(), scope, period, sold=sold, limit=_TRACKS),
        currency=services().settings.currency.upper(),
        has_apps=bool(apps_of(db(), person.id)),
        yesterday=_since_yesterday(db(), person, now),
    )


@blueprint.get(f"{HOME}/overview.json")
@allow(Access.SIGNED_IN)
def figures() -> Response:
    """The cards' figures as they stand: ``{"figures": {name: {"text", "trend"}}}``, asked every 2 s."""
    person, now = require_person(), services().clock.now()
    period = period_of(request.args, now, zone=zones.zone_of(person.time_zone), begin=person.created_at)
    heard = listening(db(), Scope(person_id=person.id), period)
    return jsonify({"figures": _figures(db(), person, period, heard)})


def _figures(session: Session, person: Person, period: Period, heard: Listening) -> dict[str, Any]:
    """Every figure of the cards in words, by name; names are ids in the page."""
    now, currency = services().clock.now(), services().settings.currency
    sold = orders.sales_figures(session, person.id, since=period.since, until=period.until, currency=currency)
    before = orders.sales_figures(
        session, person.id, since=period.before_since, until=period.before_until, currency=currency
    )
    money = statements.summary(session, person.id, now=now, currency=currency)
    balance = money.pending.amount + money.available.amount
    change = difference_of(sold.sold, before.sold)
    return {
        "plays": _figure(filters.number(heard.now.plays)),
        "plays-change": _figure(heard.plays_change.text, heard.plays_change.trend),
        "plays-note": _figure(heard.plays_note(period)),
        "completion": _figure(filters.percent(heard.now.completion)),
        "completion-change": _figure(heard.completion_change.text, heard.completion_change.trend),
        "completion-note": _figure(f"average listen {filters.duration(heard.now.average_listen_ms)}"),
        "sold": _figure(filters.number(sold.sold)),
        "sold-change": _figure(change.text, change.trend),
        "sold-note": _figure(_sold_note(sold)),
        "balance": _figure(filters.money(balance, currency)),
        "balance-note": _figure(_balance_note(session, person, money)),
    }


def _figure(text: str, trend: str = "even") -> dict[str, str]:
    return {"text": text, "trend": trend}


def _sold_note(sold: SalesFigures) -> str:
    return f"{filters.money(sold.earned, sold.currency)} yours · {sold.exclusives} exclusive"


def _balance_note(session: Session, person: Person, money: statements.Summary) -> str:
    """``$912.40 on 27 Nov · $371.66 on 4 Dec``, by day."""
    now, currency = services().clock.now(), money.pending.currency
    days: dict[str, int] = {}
    for one in statements.maturing(session, person.id, now=now, currency=currency):
        day = f"{one.available_at.day} {one.available_at:%b}"
        days[day] = days.get(day, 0) + one.money.amount
    dates = [f"{filters.money(amount, currency)} on {day}" for day, amount in list(days.items())[:_DATES]]
    if dates:
        return " · ".join(dates)
    return "all of it available" if money.available.amount > 0 else "nothing is pending"


def _since_yesterday(session: Session, person: Person, now: datetime) -> dict[str, int]:
    period = period_of({"period": "today"}, now, zone=zones.zone_of(person.time_zone))
    sold = orders.sales_figures(
        session, person.id, since=period.before_since, currency=services().settings.currency
    )
    found = insights.plays(
        session, since=period.before_since, until=now, interval="total", person_id=person.id
    )
    return {"sold": sold.sold, "plays": found.totals.plays}


def _placements(session: Session, person: Person) -> dict[str, Placement]:
    return {row.id: row for row in session.scalars(select_placements_of_owner(person.id))}


def _insights_of(app: FlexApp | None) -> str:
    person = require_person()
    return f"{HOME}/apps/{app.id}/insights" if app is not None and app.owner_id == person.id else ""
