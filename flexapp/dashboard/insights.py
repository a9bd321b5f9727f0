"""Insights: who listened to an app, a track or all of a producer, where and how far; also as a file."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, make_response, render_template, request

from flexapp.dashboard.figures import listening
from flexapp.dashboard.navigation import HOME
from flexapp.dashboard.panels import figures_of, page_of
from flexapp.dashboard.periods import DEFAULT, InvalidPeriod, Period, choices, intervals, period_of
from flexapp.dashboard.queries import listening_now
from flexapp.dashboard.reports import FORMATS, written
from flexapp.dashboard.sheets import report_of
from flexapp.dashboard.subjects import ALL, KINDS, Subject, subject_of
from flexapp.errors import NotFound
from flexapp.kernel import zones
from flexapp.kernel.slugs import slugify
from flexapp.listening.upkeep import mirror_of
from flexapp.web import filters
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person

blueprint = Blueprint("insights", __name__)
_FORM = "<any(csv, json, pdf):form>"


@blueprint.get(f"{HOME}/insights")
@allow(Access.SIGNED_IN)
def everything() -> str:
    """All apps and tracks of the person."""
    return _page(subject_of(ALL, "", require_person()))


@blueprint.get(f"{HOME}/insights.{_FORM}")
@allow(Access.SIGNED_IN)
def everything_as_file(form: str) -> Response:
    """The same as a file."""
    return _file(subject_of(ALL, "", require_person()), form)


@blueprint.get(f"{HOME}/apps/<app_id>/insights")
@allow(Access.SIGNED_IN)
def of_app(app_id: str) -> str:
    """One app: its placements, channels and tracks."""
    return _page(subject_of("app", app_id, require_person()))


@blueprint.get(f"{HOME}/apps/<app_id>/insights.{_FORM}")
@allow(Access.SIGNED_IN)
def of_app_as_file(app_id: str, form: str) -> Response:
    """The same as a file."""
    return _file(subject_of("app", app_id, require_person()), form)


@blueprint.get("/backstage/<any(tracks, albums, artists):kind>/<subject_id>/insights")
@allow(Access.SIGNED_IN)
def backstage(kind: str, subject_id: str) -> str:
    """One track in every app that plays it, those of an album together, or all tracks of the producer."""
    return _page(subject_of(kind.removesuffix("s"), subject_id, require_person()))


@blueprint.get(f"/backstage/<any(tracks, albums, artists):kind>/<subject_id>/insights.{_FORM}")
@allow(Access.SIGNED_IN)
def backstage_as_file(kind: str, subject_id: str, form: str) -> Response:
    """The same as a file."""
    return _file(subject_of(kind.removesuffix("s"), subject_id, require_person()), form)


@blueprint.get(f"{HOME}/insights/live")
@allow(Access.SIGNED_IN)
def live() -> Response:
    """The cards' figures of a subject (``kind``, ``id``) as they stand, asked every 2 s."""
    kind = request.args.get("kind", ALL)
    if kind not in KINDS:
        raise NotFound("There is nothing here.")
    subject = subject_of(kind, request.args.get("id", ""), require_person())
    period, _ = _period(subject)
    found = figures_of(subject, period, listening(db(), subject.scope, period))
    return jsonify({"figures": {**found, "now": _now(subject)}})


def _page(subject: Subject) -> str:
    period, problem = _period(subject)
    query = period.query()
    return render_template(
        "dashboard/insights/page.html",
        subject=subject,
        period=period,
        periods=choices(period, subject.path),
        cuts=intervals(period),
        problem=problem,
        live=f"{HOME}/insights/live?kind={subject.kind}&id={subject.id}&{query}",
        zoom=_zoom(subject, period),
        zoom_out=f"{subject.path}?period={period.back}" if period.back else "",
        now_listening=_now(subject),
        **_panels(subject, period),
    )


def _file(subject: Subject, form: str) -> Response:
    period = period_of(request.args, services().clock.now(), zone=_zone(), begin=subject.begin)
    facts = _panels(subject, period)
    report = report_of(subject, period, facts, now=services().clock.now())
    response = make_response(written(report, form))
    response.headers["Content-Type"] = FORMATS[form]
    day = f"{zones.local_hour(period.until, period.zone):%Y-%m-%d}"
    name = f"{slugify(subject.title, fallback=subject.kind)}-insights-{day}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _panels(subject: Subject, period: Period) -> dict[str, Any]:
    return page_of(
        db(),
        subject,
        period,
        person=require_person(),
        now=services().clock.now(),
        mirror=mirror_of(services()),
    )


def _period(subject: Subject) -> tuple[Period, str]:
    """The period that is asked for; with dates that cannot be, the usual one and what is wrong."""
    now, zone = services().clock.now(), _zone()
    try:
        return period_of(request.args, now, zone=zone, begin=subject.begin), ""
    except InvalidPeriod as problem:
        return period_of({"period": DEFAULT}, now, zone=zone, begin=subject.begin), problem.message


def _zone() -> Any:
    return zones.zone_of(require_person().time_zone)


def _zoom(subject: Subject, period: Period) -> str:
    back = period.back or ("" if period.name == "custom" else period.name)
    compared = "" if period.is_compared else "&compare=off"
    return f"{subject.path}?period=custom{compared}" + (f"&from={back}" if back else "")


def _now(subject: Subject) -> dict[str, str]:
    """Who listens at this moment; the trend lights the page's dot."""
    count = listening_now(db(), subject.scope, now=services().clock.now())
    return {"text": filters.number(count), "trend": "up" if count else "even"}
