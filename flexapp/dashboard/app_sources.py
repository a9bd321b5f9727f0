"""An app's beats: rules over the own catalog, picks from other producers, and the lineup they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from flexapp.apps import operations, queries
from flexapp.apps.lineup import lineup_of, matches
from flexapp.apps.models import FlexApp, Source, SourceKind
from flexapp.catalog.models import Track
from flexapp.catalog.offers import offers_for
from flexapp.catalog.queries import track_by_id, tracks_by_ids
from flexapp.dashboard import forms
from flexapp.dashboard.apps import Answer, own_app
from flexapp.errors import Conflict, Invalid, NotFound
from flexapp.kernel.money import format_money
from flexapp.people.queries import people_by_ids
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person
from flexapp.web.problems import status_of

blueprint = Blueprint("app_sources", __name__, url_prefix="/producer-dashboard/apps")


@blueprint.get("/<app_id>")
@allow(Access.SIGNED_IN)
def sources_page(app_id: str) -> Answer:
    """Sources on one side, the lineup that they make on the other; ``?q=`` searches for picks."""
    return _page(own_app(app_id))


@blueprint.post("/<app_id>/rules")
@allow(Access.SIGNED_IN)
def add_rule(app_id: str) -> Answer:
    """Own tracks that match, at the end of the sources."""
    app = own_app(app_id)
    try:
        operations.add_rule(
            db(),
            app,
            now=services().clock.now(),
            genre=forms.text("genre") or None,
            tag=forms.text("tag") or None,
            bpm_min=forms.number("bpm_min"),
            bpm_max=forms.number("bpm_max"),
            newest=forms.whole("newest"),
        )
    except (Invalid, Conflict) as error:
        db().rollback()
        return _page(own_app(app_id), error=error)
    return _back(app)


@blueprint.post("/<app_id>/picks")
@allow(Access.SIGNED_IN)
def add_pick(app_id: str) -> Answer:
    """One chosen track, at the end of the sources."""
    app = own_app(app_id)
    track = track_by_id(db(), forms.text("track_id"))
    if track is None:
        raise NotFound("There is no such track.")
    try:
        operations.add_pick(db(), app, track, now=services().clock.now())
    except Conflict as error:
        db().rollback()
        flash(error.message, "bad")
    return _back(app)


@blueprint.post("/<app_id>/sources/<source_id>/remove")
@allow(Access.SIGNED_IN)
def remove_source(app_id: str, source_id: str) -> Answer:
    """Take a rule or a pick out."""
    app = own_app(app_id)
    source = queries.source_by_id(db(), app.id, source_id)
    if source is None:
        raise NotFound("The app has no such source.")
    operations.remove_source(db(), app, source)
    return _back(app)


@blueprint.post("/<app_id>/sources/<source_id>/move")
@allow(Access.SIGNED_IN)
def move_source(app_id: str, source_id: str) -> Answer:
    """One place up or down in the order."""
    app = own_app(app_id)
    ids = [source.id for source in queries.sources_of(db(), app.id)]
    if source_id not in ids:
        raise NotFound("The app has no such source.")
    at = ids.index(source_id)
    to = at - 1 if forms.text("to") == "up" else at + 1
    if 0 <= to < len(ids):
        ids[at], ids[to] = ids[to], ids[at]
        operations.reorder(db(), app, ids)
    return _back(app)


def rule_in_words(rule: Source) -> str:
    """``Trap tagged night, 120 to 150 BPM, the 5 newest``; without conditions, the whole catalog."""
    words = [rule.genre or ""]
    if rule.tag:
        words.append(f"tagged {rule.tag}")
    start = " ".join(word for word in words if word)
    parts = [start] if start else []
    low, high = rule.bpm_min, rule.bpm_max
    if low is not None and high is not None:
        parts.append(f"{low:g} to {high:g} BPM")
    elif low is not None:
        parts.append(f"from {low:g} BPM")
    elif high is not None:
        parts.append(f"up to {high:g} BPM")
    if rule.newest:
        parts.append("the newest one" if rule.newest == 1 else f"the {rule.newest} newest")
    text = ", ".join(parts)
    return text[:1].upper() + text[1:] if text else "Your whole catalog"


def _page(app: FlexApp, *, error: Invalid | Conflict | None = None) -> Answer:
    me = require_person()
    sources = queries.sources_of(db(), app.id)
    lineup = lineup_of(db(), app)
    own = queries.own_catalog(db(), me.id)
    wanted = request.args.get("q", "").strip()[:80]
    found = queries.pickable_tracks(db(), owner_id=me.id, text=wanted, app_id=app.id, limit=12)
    page = render_template(
        "dashboard/apps/sources.html",
        app=app,
        sources=_described(sources, own, {track.id for track in lineup}),
        lineup=_priced(lineup),
        found=[{"track": track, "producer": producer} for track, producer in found],
        q=wanted,
        commission=services().settings.commission_schedule[0].affiliate / 10_000,
        genres=sorted({track.genre for track in own if track.genre}),
        tags=sorted({tag for track in own for tag in track.tags}),
        has_own=bool(own),
        values=request.form,
        errors=error.fields if error else {},
        problem=error.message if error and not error.fields else "",
    )
    return (page, status_of(error)) if error else page


def _described(sources: Sequence[Source], own: Sequence[Track], shown: set[str]) -> list[dict[str, Any]]:
    """Each source in words, with what it brings; a pick that is not on show says so."""
    tracks = tracks_by_ids(db(), [source.track_id for source in sources if source.track_id])
    people = people_by_ids(db(), {track.producer_id for track in tracks.values()})
    described: list[dict[str, Any]] = []
    for source in sources:
        if source.kind is SourceKind.RULE:
            count = sum(matches(source, track) for track in own)
            count = min(count, source.newest) if source.newest else count
            described.append({"source": source, "title": rule_in_words(source), "count": count})
            continue
        track = tracks.get(source.track_id or "")
        described.append(
            {
                "source": source,
                "track": track,
                "title": track.title if track else "A track that was deleted",
                "producer": people[track.producer_id] if track else None,
                "hidden": "" if track and track.id in shown else _why_hidden(track),
            }
        )
    return described


def _why_hidden(track: Track | None) -> str:
    if track is None:
        return "Deleted"
    return "Sold" if track.sold_exclusively_at is not None else "Not on show"


def _priced(lineup: Sequence[Track]) -> list[dict[str, Any]]:
    people = people_by_ids(db(), {track.producer_id for track in lineup})
    offers = offers_for(db(), lineup) if lineup else {}
    priced = []
    for track in lineup:
        cheapest = min(offers[track.id], key=lambda offer: offer.price, default=None)
        price = format_money(cheapest.price, cheapest.currency) if cheapest else ""
        priced.append({"track": track, "producer": people[track.producer_id], "price": price})
    return priced


def _back(app: FlexApp) -> Answer:
    wanted = forms.text("q")
    return redirect(url_for(".sources_page", app_id=app.id, q=wanted or None), 303)
