"""Insights: who listened to an app or a track, where and how far; the rules are told on the page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from flexapp.apps.queries import app_by_id, apps_of, placements_of, select_placements_of_owner
from flexapp.catalog.queries import track_by_id
from flexapp.dashboard.charts import bar_chart
from flexapp.dashboard.figures import CHANNELS, listening, place_rows, track_rows
from flexapp.dashboard.navigation import HOME
from flexapp.dashboard.periods import Period, choices, period_of
from flexapp.dashboard.queries import sold_by_track
from flexapp.listening import insights as figures
from flexapp.listening.counting import Reason
from flexapp.listening.insights import Counts, Dimension, Scope
from flexapp.people.permissions import Permission, check
from flexapp.web import filters
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person

blueprint = Blueprint("insights", __name__)
_TRACKS = 50
REASONS = {
    Reason.BOT: "programs, not people",
    Reason.PREVIEW: "looks at the player from the dashboard",
    Reason.OWN_PLAY: "your own listens, or the producer's",
    Reason.UNKNOWN_TRACK: "beats that do not exist",
    Reason.OUTRAN_TIME: "more listening than time has passed",
    Reason.TOO_FAST: "more heard than the player's clock allows",
    Reason.OUTSIDE_MEDIA: "something behind the end of the beat",
    Reason.FLOODING: "more reports than a player sends",
    Reason.BYTES_MISSING: "the preview was not, or not yet, sent that far",
}


@blueprint.get(f"{HOME}/insights")
@allow(Access.SIGNED_IN)
def everything() -> str:
    """All apps and tracks of the person."""
    person, now = require_person(), services().clock.now()
    period = period_of(request.args.get("period"), now)
    scope = Scope(person_id=person.id)
    by_app = dict(figures.breakdown(db(), Dimension.APP, scope=scope, since=period.since, until=period.until))
    return render_template(
        "dashboard/insights/all.html",
        **_common(scope, period, f"{HOME}/insights"),
        apps=[(app, by_app.get(app.id, Counts())) for app in apps_of(db(), person.id)],
        tracks=track_rows(
            db(),
            scope,
            period,
            sold=sold_by_track(db(), person.id, since=period.since, until=now),
            limit=_TRACKS,
        ),
        person=person,
    )


@blueprint.get(f"{HOME}/apps/<app_id>/insights")
@allow(Access.SIGNED_IN)
def of_app(app_id: str) -> str:
    """One app: its placements, channels and tracks."""
    person, now = require_person(), services().clock.now()
    app = app_by_id(db(), app_id)
    check(person, Permission.EDIT_APP, app or _Nothing())
    period = period_of(request.args.get("period"), now)
    scope = Scope(app_ids=[app_id])
    placements = {row.id: row for row in placements_of(db(), app_id, with_revoked=True)}
    return render_template(
        "dashboard/insights/app.html",
        **_common(scope, period, f"{HOME}/apps/{app_id}/insights"),
        app=app,
        places=place_rows(db(), scope, period, placements=placements),
        tracks=track_rows(
            db(),
            scope,
            period,
            sold=sold_by_track(db(), person.id, since=period.since, until=now, app_ids=[app_id]),
            limit=_TRACKS,
        ),
        left_out=_left_out(period, app_ids=[app_id]),
        listeners=figures.listener_days(db(), app_ids=[app_id], since=period.since, until=now),
    )


@blueprint.get("/backstage/tracks/<track_id>/insights")
@allow(Access.SIGNED_IN)
def of_track(track_id: str) -> str:
    """One track, in every app that plays it."""
    person, now = require_person(), services().clock.now()
    track = track_by_id(db(), track_id)
    check(person, Permission.EDIT_TRACK, track or _Nothing())
    period = period_of(request.args.get("period"), now)
    scope = Scope(track_ids=[track_id])
    own = {row.id: row for row in db().scalars(select_placements_of_owner(person.id))}
    return render_template(
        "dashboard/insights/track.html",
        **_common(scope, period, f"/backstage/tracks/{track_id}/insights"),
        track=track,
        places=place_rows(db(), scope, period, placements=own),
        sold=sold_by_track(db(), person.id, since=period.since, until=now).get(track_id, 0),
        left_out=_left_out(period, track_ids=[track_id]),
        listeners=figures.listener_days(db(), track_ids=[track_id], since=period.since, until=now),
    )


@blueprint.get(f"{HOME}/insights.json")
@allow(Access.SIGNED_IN)
def live() -> Response:
    """The cards' figures of all, of one app (``app``) or one track (``track``), asked every 2 s."""
    person = require_person()
    period = period_of(request.args.get("period"), services().clock.now())
    app_id, track_id = request.args.get("app"), request.args.get("track")
    scope = Scope(person_id=person.id)
    if app_id:
        check(person, Permission.EDIT_APP, app_by_id(db(), app_id) or _Nothing())
        scope = Scope(app_ids=[app_id])
    elif track_id:
        check(person, Permission.EDIT_TRACK, track_by_id(db(), track_id) or _Nothing())
        scope = Scope(track_ids=[track_id])
    heard = listening(db(), scope, period)
    return jsonify({"figures": _figures(heard.now)})


class _Nothing:
    """What does not exist is nobody's."""

    owner_id = producer_id = person_id = None


def _common(scope: Scope, period: Period, path: str) -> dict[str, Any]:
    heard = listening(db(), scope, period)
    named = {"app": (scope.app_ids or [""]), "track": (scope.track_ids or [""])}
    query = "".join(f"&{name}={next(iter(ids))}" for name, ids in named.items() if next(iter(ids)))
    channels = figures.breakdown(db(), Dimension.CHANNEL, scope=scope, since=period.since, until=period.until)
    return {
        "period": period,
        "periods": choices(period, path),
        "heard": heard,
        "figures": _figures(heard.now),
        "live": f"{HOME}/insights.json?period={period.name}{query}",
        "channels": bar_chart(
            [(CHANNELS[name].capitalize(), counts.plays, "", "") for name, counts in _named(channels)]
        ),
    }


def _named(rows: list[tuple[str, Counts]]) -> list[tuple[Any, Counts]]:
    return [(name, counts) for name, counts in rows if name in {channel.value for channel in CHANNELS}]


def _figures(counts: Counts) -> dict[str, dict[str, str]]:
    texts = {
        "plays": filters.number(counts.plays),
        "completion": filters.percent(counts.completion),
        "average": filters.duration(counts.average_listen_ms),
        "listened": filters.duration(counts.listen_ms),
        "starts": filters.number(counts.starts),
        "replays": filters.number(counts.replays),
        "loads": filters.number(counts.loads),
        "impressions": filters.number(counts.impressions),
        "checkouts": filters.number(counts.checkouts),
    }
    return {name: {"text": text, "trend": "even"} for name, text in texts.items()}


def _left_out(period: Period, **scope: Any) -> list[tuple[str, int]]:
    rows = figures.left_out(db(), since=period.since, until=period.until, **scope)
    return [(REASONS[Reason(reason)], count) for reason, count in rows.items()]
