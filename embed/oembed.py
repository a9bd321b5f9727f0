"""``GET /oembed``: a link of ours becomes a player (oEmbed 1.0, github.com/iamcal/oembed).

Only addresses of our own are answered and nothing is ever fetched for one. The response names the
largest layout that fits the box that was asked for.
"""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from embed.subjects import PlayerGone, Subject, subject_of
from flexapp.apps.options import Options, read_options
from flexapp.apps.queries import app_by_old_slug, app_by_slug
from flexapp.apps.sizes import Size, fit
from flexapp.apps.snippets import DEFAULTS, IFRAME_ALLOW
from flexapp.catalog.models import Track, Visibility
from flexapp.catalog.queries import track_by_old_slug, track_by_slug
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services

blueprint = Blueprint("oembed", __name__)

CACHE_AGE = 3600
PROVIDER = "Flexapp"
_THUMBNAILS = (("cover.jpg", 1200), ("cover.webp", 192))
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@blueprint.get("/oembed")
@allow(Access.STRANGER)
def oembed() -> Response:
    """The player of an address as oEmbed, JSON or XML."""
    kind = request.args.get("format", "json")
    if kind not in ("json", "xml"):
        return _refusal(501, "This provider speaks json and xml.")
    url = request.args.get("url", "")
    if not _is_address(url):
        return _refusal(400, "Name a page in the parameter url.")
    target, key = _target(db(), url, own=services().settings.base_url)
    if target is None:
        return _refusal(404, "There is no player for this address.")
    try:
        subject = subject_of(db(), services().signer, target, key=key)
    except PlayerGone as gone:
        return _refusal(404, gone.message)
    if subject.app is None and subject.tracks[0].visibility is Visibility.UNLISTED:
        return _refusal(401, "This beat is not listed.")
    answer = describe(
        subject,
        base_url=services().settings.base_url,
        key=key if subject.placement else "",
        max_width=_pixels("maxwidth"),
        max_height=_pixels("maxheight"),
        dnt=request.args.get("dnt") == "1",
        options=read_options(dict(parse_qsl(urlsplit(url).query)))[0],
    )
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
    if key:
        query["k"] = key
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
    answer |= _thumbnail(subject.tracks, base_url, max_width, max_height)
    if subject.app is None and subject.tracks[0].duration_ms:
        answer["duration"] = round(subject.tracks[0].duration_ms / 1000)
    return answer


def _frame(source: str, size: Size, title: str) -> str:
    return (
        f'<iframe src="{escape(source)}" width="{size.width}" height="{size.height}" title="{escape(title)}" '
        f'frameborder="0" scrolling="no" allow="{IFRAME_ALLOW}"></iframe>'
    )


def _thumbnail(
    tracks: Any, base_url: str, max_width: int | None, max_height: int | None
) -> dict[str, str | int]:
    track: Track | None = next((track for track in tracks if track.cover_key and track.cover_small_key), None)
    most = min(max_width or 10_000, max_height or 10_000)
    for name, side in _THUMBNAILS:
        if track is not None and side <= most:
            url = f"{base_url}/media/{track.id}/{name}"
            return {"thumbnail_url": url, "thumbnail_width": side, "thumbnail_height": side}
    return {}


def _target(session: Session, url: str, *, own: str) -> tuple[str | None, str]:
    """The app or track id an address of ours stands for, and its placement key."""
    parts = urlsplit(url)
    if _bare_host(parts.netloc) != _bare_host(urlsplit(own).netloc):
        return None, ""
    key = parse_qs(parts.query).get("k", [""])[0]
    steps = [step for step in parts.path.split("/") if step]
    match steps:
        case ["embed", "v1", target]:
            return target, key
        case ["a", slug]:
            app = app_by_slug(session, slug) or app_by_old_slug(session, slug)
            return (app.id if app else None), key
        case ["t", slug]:
            track = track_by_slug(session, slug) or track_by_old_slug(session, slug)
            return (track.id if track else None), key
    return None, ""


def _bare_host(netloc: str) -> str:
    return netloc.lower().removeprefix("www.")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and len(url) <= 2000


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
