"""``/activity``: everything that happened around a person's work, per channel, and how the week goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from flexapp.apps.models import Channel
from flexapp.dashboard.charts import LineChart, Series
from flexapp.dashboard.figures import BROUGHT, CHANNELS, Change, change_of, chart_of
from flexapp.dashboard.navigation import HOME
from flexapp.dashboard.periods import DEFAULT, InvalidPeriod, Period, choices, period_of
from flexapp.kernel import zones
from flexapp.listening import panels
from flexapp.listening.activity import Activity, by_channels, total_of
from flexapp.listening.insights import Interval, Scope
from flexapp.listening.page_views import views_of
from flexapp.orders.queries import sold_moments
from flexapp.people.models import Person
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person

blueprint = Blueprint("activity", __name__)
MEASURES = {
    "views": "Page views",
    "visits": "Visits",
    "visitors": "Unique visitors",
    "plays": "Plays",
    "downloads": "Downloads",
    "sales": "Tracks sold",
}
_TRENDS = ("plays", "downloads", "sales", "views")
_WEEK = 7
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Trend:
    """One figure over the last seven days, and the seven before."""

    name: str
    label: str
    total: int
    change: Change
    chart: LineChart


@dataclass(frozen=True)
class Side:
    """Channels that belong together: what the person's own promotion brought, or what the platform did."""

    title: str
    note: str
    total: Activity
    channels: list[tuple[str, Activity]]


@blueprint.get(f"{HOME}/activity")
@allow(Access.SIGNED_IN)
def activity() -> str:
    """The overview, the channels, and the trending charts."""
    person, now = require_person(), services().clock.now()
    zone = zones.zone_of(person.time_zone)
    try:
        period, problem = period_of(request.args, now, zone=zone, begin=person.created_at), ""
    except InvalidPeriod as refusal:
        period, problem = period_of({"period": DEFAULT}, now, zone=zone), refusal.message
    by_channel = by_channels(db(), person.id, since=period.since, until=period.until)
    total = total_of(by_channel.values())
    before = total_of(
        by_channels(db(), person.id, since=period.before_since, until=period.before_until).values()
    )
    return render_template(
        "dashboard/activity.html",
        period=period,
        periods=choices(period, f"{HOME}/activity"),
        problem=problem,
        cards=[
            (name, label, getattr(total, name), _change(period, getattr(total, name), getattr(before, name)))
            for name, label in MEASURES.items()
        ],
        is_empty=total.is_empty,
        measures=MEASURES,
        heads=[(label, "num") for label in MEASURES.values()],
        sides=sides_of(by_channel),
        trends=trends(db(), person, now=now),
    )


def sides_of(by_channel: Mapping[Channel, Activity]) -> list[Side]:
    """Own promotion, then what the platform brought; a side without anything is left out."""
    words = (
        (False, "Your own promotion", "your websites, links and cards"),
        (True, "Brought by Flexapp", "our pages, and other people's websites"),
    )
    found = []
    for is_brought, title, note in words:
        rows = [row for row in _ordered(by_channel) if (row[0] in BROUGHT) is is_brought]
        if rows:
            named = [(CHANNELS[channel].capitalize(), figures) for channel, figures in rows]
            found.append(Side(title, note, total_of(figures for _, figures in rows), named))
    return found


def trends(session: Session, person: Person, *, now: datetime) -> list[Trend]:
    """Plays, downloads, sales and views of the last seven days beside those of the seven before."""
    period = period_of({"period": "7d"}, now, zone=zones.zone_of(person.time_zone))
    scope = Scope(person_id=person.id)
    found = panels.compare(
        session,
        scope,
        since=period.since,
        until=period.until,
        interval=Interval.DAY,
        zone=period.zone,
        before=(period.before_since, period.before_until),
    )
    days = _days(session, person, period)
    today = zones.today(now, period.zone)
    made = []
    for name in _TRENDS:
        if name in days:
            last, before = (
                [days[name].get(today - _DAY * (back - step), 0) for step in range(_WEEK)] for back in (6, 13)
            )
        else:
            last, before = (
                [getattr(point.counts, name) for point in span.points] for span in (found.now, found.before)
            )
        series = [Series("last 7 days", last, 1), Series("7 days before", before, 0)]
        made.append(
            Trend(
                name=name,
                label=MEASURES[name],
                total=sum(last),
                change=change_of(sum(last), sum(before)),
                chart=chart_of(series, found.now.points, period, MEASURES[name].lower()),
            )
        )
    return made


def _days(session: Session, person: Person, period: Period) -> dict[str, dict[date, int]]:
    """Page views and tracks sold by day of the zone, over both weeks."""
    views: defaultdict[date, int] = defaultdict(int)
    for (hour, _), viewed in views_of(
        session, person.id, since=period.before_since, until=period.until
    ).items():
        if hour < period.before_until or hour >= period.since:
            views[zones.today(hour, period.zone)] += viewed.views
    sales: defaultdict[date, int] = defaultdict(int)
    for paid_at, _ in sold_moments(session, person.id, since=period.before_since, until=period.until):
        if paid_at < period.before_until or paid_at >= period.since:
            sales[zones.today(paid_at, period.zone)] += 1
    return {"views": views, "sales": sales}


def _change(period: Period, now: int, before: int) -> Change:
    return change_of(now, before) if period.is_compared else Change("", "even")


def _ordered(channels: Mapping[Channel, Activity]) -> list[tuple[Channel, Activity]]:
    return sorted(channels.items(), key=lambda row: (-row[1].plays, -row[1].views, row[0].value))
