"""“Test on my site”: we fetch nothing; the page shows what arrived from that website since it was opened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request

from flexapp.apps import queries
from flexapp.apps.models import FlexApp, Placement
from flexapp.apps.origins import InvalidOrigin, is_allowed, narrow, parse_origin
from flexapp.dashboard.app_placements import own_placement
from flexapp.dashboard.apps import own_app
from flexapp.errors import Invalid
from flexapp.listening.arrivals import Arrival, arrivals_since, end_of_log
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services

blueprint = Blueprint("app_arrivals", __name__, url_prefix="/producer-dashboard/apps")

PATIENCE = timedelta(minutes=2)
LONGEST = timedelta(minutes=15)
REASONS = (
    "The page was not published, or a cache still shows the old one.",
    "The editor dropped the snippet: look for “beat-player” or “/embed/v1/” in the page's source.",
    "The page's content security policy lacks the frame-src or script-src line.",
    "The player is far below: it loads when it comes near the visible part.",
    "Your browser or an extension blocks it: try another browser.",
)


class InvalidSite(Invalid):
    """A text that is no address of a website."""

    code = "invalid_site"


def opened(now: datetime) -> dict[str, str]:
    """What the page needs to ask for whatever comes later than now."""
    return {"after": str(end_of_log(db())), "since": str(int(now.timestamp()))}


@blueprint.get("/<app_id>/placements/<placement_id>/arrivals")
@allow(Access.SIGNED_IN)
def arrivals(app_id: str, placement_id: str) -> Response:
    """What came after ``since`` (Unix seconds) and ``after`` (the log's end then), of ``site`` or of all."""
    app = own_app(app_id)
    placement = own_placement(app, placement_id)
    now = services().clock.now()
    since = max(_moment(request.args.get("since", ""), now), now - LONGEST)
    site, problem = _site(request.args.get("site", ""))
    found = arrivals_since(db(), placement.id, after=_number(request.args.get("after", "")))
    own_host = urlsplit(services().settings.base_url).netloc
    found = [arrival for arrival in found if arrival.host != own_host]
    refused = [
        each.origin
        for each in queries.refused_origins_of(db(), app.id, limit=50, dismissed=True)
        if each.last_at >= since and each.placement_id in ("", placement.id)
    ]
    shown = _shown(app, placement, found, refused, site=site, waited=now - since)
    return jsonify({**shown, "problem": problem})


def _shown(
    app: FlexApp,
    placement: Placement,
    found: list[Arrival],
    refused: list[str],
    *,
    site: str,
    waited: timedelta,
) -> dict[str, Any]:
    host = urlsplit(site).netloc
    here = [arrival for arrival in found if not site or arrival.host in (host, "")]
    elsewhere = [arrival.host for arrival in found if arrival not in here]
    refused_here = [origin for origin in refused if not site or origin == site]
    if here:
        state = "arrived"
    elif refused_here:
        state = "refused"
    elif waited >= PATIENCE:
        state = "nothing"
    else:
        state = "waiting"
    return {
        "state": state,
        "lines": [line for arrival in here for line in _lines(arrival)],
        "refused": refused_here,
        "elsewhere": elsewhere,
        "reasons": _reasons(app, placement, site) if state == "nothing" else [],
        "is_over": waited >= LONGEST,
    }


def _lines(arrival: Arrival) -> list[dict[str, str]]:
    """Each line has a kind: ``done``, ``open`` (not yet) or ``hint``."""
    where = arrival.host or "a page that does not say its address"
    loads = "1 time" if arrival.loads == 1 else f"{arrival.loads} times"
    lines = [
        _step(arrival.loaded_at, f"Loaded {loads} on {where}", f"Not loaded on {where} since you began"),
        _step(
            arrival.seen_at,
            "Seen: it stood in the visible part of the page",
            "Whether it was seen comes with the first play, or when the page is left",
        ),
        _step(arrival.played_at, "Played", "Press play there to see the first play arrive"),
    ]
    if arrival.opened_at is not None:
        lines.append({"kind": "done", "text": "A license was opened from it"})
    if arrival.loads and arrival.by_script:
        lines.append(
            {"kind": "hint", "text": "By the script: it grows with its content and your page can steer it."}
        )
    elif arrival.loads:
        lines.append(
            {"kind": "hint", "text": "As a plain frame, without our script: its height stays as pasted."}
        )
    if arrival.is_sandboxed:
        lines.append(
            {
                "kind": "hint",
                "text": "In a sandbox, as WordPress makes it: licenses open in place of the page.",
            }
        )
    if not arrival.host:
        lines.append(
            {
                "kind": "hint",
                "text": "Its page keeps its address to itself. Plays and sales count, "
                "but reports cannot name the website.",
            }
        )
    return lines


def _step(moment: datetime | None, done: str, pending: str) -> dict[str, str]:
    return {"kind": "done", "text": done} if moment is not None else {"kind": "open", "text": pending}


def _reasons(app: FlexApp, placement: Placement, site: str) -> list[str]:
    allowed = narrow(app.allowed_origins, placement.allowed_origins)
    if site and (allowed is None or not is_allowed(site, allowed)):
        return [f"{site} is not on the list of websites that may show this placement.", *REASONS]
    return list(REASONS)


def _site(text: str) -> tuple[str, str]:
    """The website's origin, and a sentence when the text is none; no text means every website."""
    text = text.strip()
    if not text:
        return "", ""
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        if parts.scheme not in ("http", "https"):
            raise InvalidSite("Write the address of the page, such as https://blog.example/beats.")
        return parse_origin(f"{parts.scheme}://{parts.netloc}"), ""
    except (InvalidSite, InvalidOrigin, ValueError):
        return "", "Write the address of the page, such as https://blog.example/beats."


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _moment(text: str, now: datetime) -> datetime:
    seconds = _number(text)
    return datetime.fromtimestamp(min(seconds, now.timestamp()), UTC)
