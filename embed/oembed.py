"""``GET /oembed``: a link of ours becomes a player (oEmbed 1.0, github.com/iamcal/oembed).

Only addresses of our own are answered and nothing is ever fetched for one. The response names the
largest layout that fits the box that was asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from embed.subjects import PlayerGone, Subject, subject_of
from flexapp.apps.options import Options, read_options
from flexapp.apps.queries import app_by_domain, app_by_old_slug, app_by_slug
from flexapp.apps.sizes import Size, fit
from flexapp.apps.snippets import DEFAULTS, IFRAME_ALLOW
from flexapp.catalog.models import Track, Visibility
from flexapp.catalog.offers import offers_for
from flexapp.catalog.queries import cover_sizes, track_by_old_slug, track_by_slug
from flexapp.kernel.ids import is_id
from flexapp.people.queries import person_by_old_slug, person_by_slug
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services

blueprint = Blueprint("oembed", __name__)

CACHE_AGE = 3600
PROVIDER = "Flexapp"
_LARGE, _SMALL = 1200, 192  #: sides of covers; of a smaller image the large one is as small
_DESCRIPTION = 200
_WEB_PORTS = (None, 80, 443)
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@blueprint.get("/oembed")
@allow(Access.STRANGER)
def oembed() -> Response:
    """The player of an address as oEmbed, JSON or XML."""
    kind = request.args.get("format", "json")
    if kind not in ("json", "xml"):
        return _refusal(501, "This provider speaks json and xml.")
    parts = _address(request.args.get("url", ""))
    if parts is None:
        return _refusal(400, "Name a page in the parameter url.")
    query = dict(parse_qsl(parts.query))
    key = query.get("k", "")
    target = _target(db(), parts, own=urlsplit(services().settings.base_url))
    if target is None:
        return _refusal(404, "There is no player for this address.")
    try:
        subject = subject_of(db(), services().signer, target, key=key)
    except PlayerGone as gone:
        return _refusal(404, gone.message)
    if not subject.tracks and not is_id(subject.id, "app"):
        return _refusal(404, "There is nothing to play at this address.")
    if subject.app is None and subject.tracks[0].visibility is Visibility.UNLISTED:
        return _refusal(401, "This beat is not listed.")
    answer = describe(
        subject,
        base_url=services().settings.base_url,
        key=key if subject.placement else "",
        max_width=_pixels("maxwidth"),
        max_height=_pixels("maxheight"),
        dnt="1" in (request.args.get("dnt"), query.get("dnt")),
        options=read_options(query)[0],
    )
    answer |= _thumbnail(
        db(), subject.tracks, services().settings.base_url, _pixels("maxwidth"), _pixels("maxheight")
    )
    if is_id(subject.id, "trk"):
        answer |= _of_a_track(db(), subject.tracks[0])
    body, mimetype = (_xml(answer), "text/xml") if kind == "xml" else (json.dumps(answer), "application/json")
    return _answer(body, mimetype)


def describe(
    subject: Subject,
    *,
    base_url: str,
    key: str,
    max_width: int | None,
    max_height: int | None,
    dnt: bool,
    options: Options = DEFAULTS,
) -> dict[str, Any]:
    """The oEmbed answer of a subject for a box, with the options that its address carries."""
    layout, size = fit(
        options.layout or subject.layout,
        max_width=max_width,
        max_height=max_height,
        asked=options.size(subject.layout),
    )
    query = {name: value for name, value in options.query().items() if name != "layout"}
    if layout is not subject.layout:
        query = {"layout": layout.value} | query
    query |= {"k": key} if key else {"via": "oembed"}
    if dnt:
        query["dnt"] = "1"
    source = f"{base_url}/embed/v1/{subject.id}" + (f"?{urlencode(query)}" if query else "")
    answer: dict[str, Any] = {
        "type": "rich",
        "version": "1.0",
        "title": subject.name,
        "author_name": subject.owner.name,
        "author_url": f"{base_url}/p/{subject.owner.slug}",
        "provider_name": PROVIDER,
        "provider_url": base_url,
        "cache_age": CACHE_AGE,
        "width": size.width,
        "height": size.height,
        "html": _frame(source, size, subject.name),
    }
    return answer


def _frame(source: str, size: Size, title: str) -> str:
    return (
        f'<iframe src="{escape(source)}" width="{size.width}" height="{size.height}" title="{escape(title)}" '
        f'frameborder="0" scrolling="no" allow="{IFRAME_ALLOW}"></iframe>'
    )


def _thumbnail(
    session: Session, tracks: Sequence[Track], base_url: str, max_width: int | None, max_height: int | None
) -> dict[str, str | int]:
    """The first cover, as large as the box allows; address, width and height, or none of them."""
    track = next((track for track in tracks if track.cover_key and track.cover_small_key), None)
    if track is None:
        return {}
    most = min(max_width or _LARGE, max_height or _LARGE)
    large = min(_LARGE, *cover_sizes(session, [track]).get(track.id, (_LARGE, _LARGE)))
    for name, side in (("cover.jpg", large), ("cover.webp", _SMALL)):
        if side <= most:
            url = f"{base_url}/media/{track.id}/{name}?v={track.revision}"
            return {"thumbnail_url": url, "thumbnail_width": side, "thumbnail_height": side}
    return {}


def _of_a_track(session: Session, track: Track) -> dict[str, str | int]:
    """What the specification leaves to providers: seconds, words, and the lowest price."""
    extras: dict[str, str | int] = {}
    if track.duration_ms:
        extras["duration"] = round(track.duration_ms / 1000)
    if track.description:
        words = " ".join(track.description.split())
        extras["description"] = (
            words if len(words) <= _DESCRIPTION else words[: _DESCRIPTION - 1].rstrip() + "…"
        )
    offers = offers_for(session, [track])[track.id]
    if offers:
        extras["license_from"] = str(min(offers, key=lambda offer: offer.price).money)
    return extras


def _target(session: Session, parts: SplitResult, *, own: SplitResult) -> str | None:
    """The id of the app, track or producer that an address of ours, or of an app's own host, stands for."""
    steps = [unquote(step) for step in parts.path.split("/") if step]
    if not _same_port(parts, own):
        return None
    if "@" in parts.netloc:
        return None
    if _bare(parts) != _bare(own):
        app = app_by_domain(session, _host(parts))
        if app is None:
            return None
        if not steps:
            return app.id
        if steps[0] != "t":
            return None
    match steps:
        case ["embed", "v1", target]:
            return target
        case ["a", slug]:
            app = app_by_slug(session, slug) or app_by_old_slug(session, slug)
            return app.id if app else None
        case ["t", slug]:
            track = track_by_slug(session, slug) or track_by_old_slug(session, slug)
            return track.id if track else None
        case ["p", slug]:
            person = person_by_slug(session, slug) or person_by_old_slug(session, slug)
            return person.id if person else None
    return None


def _host(parts: SplitResult) -> str:
    """The host name in lower case, as IDNA; empty when it is none."""
    try:
        return (parts.hostname or "").rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        return ""


def _bare(parts: SplitResult) -> str:
    return _host(parts).removeprefix("www.")


def _same_port(parts: SplitResult, own: SplitResult) -> bool:
    return parts.port == own.port or (own.port in _WEB_PORTS and parts.port in _WEB_PORTS)


def _address(url: str) -> SplitResult | None:
    """The parts of a web address without a user in it, or None."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises when it is no number
    except ValueError:
        return None
    is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and len(url) <= 2000
    return parts if is_web else None


def _pixels(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 6 and int(text) else None


def _xml(answer: dict[str, Any]) -> str:
    fields = "".join(
        f"<{name}>{escape(_NOT_IN_XML.sub('', str(value)))}</{name}>" for name, value in answer.items()
    )
    return f'<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<oembed>{fields}</oembed>'


def _refusal(status: int, message: str) -> Response:
    response = _answer(json.dumps({"error": message}), "application/json", status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _answer(body: str, mimetype: str, status: int = 200) -> Response:
    response = Response(body, status=status, content_type=f"{mimetype}; charset=utf-8")
    response.headers["Cache-Control"] = f"public, max-age={CACHE_AGE}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
