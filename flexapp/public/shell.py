"""What makes an app's page installable: manifest, icons, colors, and a worker that keeps its shell.

The worker keeps our styles, scripts and fonts and the page that says one is offline, nothing else: never a
beat, a price or an order.
"""

from __future__ import annotations

import hashlib
import json

from flask import Blueprint, Response, jsonify, make_response, render_template, request

from flexapp import assets
from flexapp.apps.lineup import lineup_of
from flexapp.errors import NotFound
from flexapp.gateways.ports import Objects
from flexapp.public import icons
from flexapp.public.hosted_app import needed_app
from flexapp.public.look import Look, look_of, style_sheet
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.hosts import on_domains
from flexapp.web.limits import limiter

blueprint = Blueprint("public_shell", __name__)

SHELL = ("public.css", "public.js", "theme.js", "icons.svg", "bricolage-latin.woff2")
SIDES = (192, 512)
_SHORT_NAME = 12  #: characters that fit under an icon
_FOR_GOOD = "public, max-age=31536000, immutable"
_A_WHILE = "public, max-age=300"
_ICONS_KEPT = 48
_icons: dict[tuple[str, int, str, str, bool], bytes] = {}
_WORKER_POLICY = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'"


@blueprint.get("/a/<slug>/manifest.webmanifest")
@on_domains
@allow(Access.PUBLIC)
def manifest(slug: str) -> Response:
    """The web app manifest: name, scope, colors, icons."""
    app, to = needed_app(slug)
    look = look_of(app, lineup_of(db(), app))
    scope = to.shell()
    response = jsonify(
        id=scope,
        name=app.name,
        short_name=app.name if len(app.name) <= _SHORT_NAME else app.name[:_SHORT_NAME].rstrip(),
        description=f"{app.name}: beats to hear and license.",
        lang="en",
        start_url=scope,
        scope=scope,
        display="standalone",
        background_color=look.ground,
        theme_color=look.ground,
        categories=["music"],
        icons=[
            *(
                {
                    "src": to.shell(f"icon-{side}.png?v={look.version}"),
                    "sizes": f"{side}x{side}",
                    "type": "image/png",
                    "purpose": "any",
                }
                for side in SIDES
            ),
            {
                "src": to.shell(f"icon-mask-512.png?v={look.version}"),
                "sizes": "512x512",
                "type": "image/png",
                "purpose": "maskable",
            },
            {
                "src": to.shell(f"icon.svg?v={look.version}"),
                "sizes": "any",
                "type": "image/svg+xml",
                "purpose": "any",
            },
        ],
    )
    response.mimetype = "application/manifest+json"
    response.headers["Cache-Control"] = _A_WHILE
    return response


@blueprint.get("/a/<slug>/sw.js")
@on_domains
@allow(Access.PUBLIC)
def worker(slug: str) -> Response:
    """The service worker of this page alone."""
    app, to = needed_app(slug)
    look = look_of(app, lineup_of(db(), app))
    offline = to.shell("offline")
    files = [*(assets.asset(name) for name in SHELL), to.shell(f"look.css?v={look.version}")]
    script = assets.read_built("shell-worker.js")
    text = render_template("public/offline.html", app=app, look=look)
    version = hashlib.sha256("\n".join((script, *files, text)).encode()).hexdigest()[:16]
    facts = {"scope": to.shell(), "offline": offline, "files": files, "version": version}
    response = make_response(f"self.SHELL={json.dumps(facts)};\n{script}")
    response.mimetype = "text/javascript"
    response.headers["Service-Worker-Allowed"] = to.shell()
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = _WORKER_POLICY
    return response


@blueprint.get("/a/<slug>/offline")
@on_domains
@allow(Access.PUBLIC)
def offline(slug: str) -> Response:
    """What the worker shows without a connection: the page's frame, no beats."""
    app, _ = needed_app(slug)
    look = look_of(app, lineup_of(db(), app))
    return make_response(render_template("public/offline.html", app=app, look=look))


@blueprint.get("/a/<slug>/look.css")
@on_domains
@allow(Access.PUBLIC)
def look_css(slug: str) -> Response:
    """The app's colors."""
    app, _ = needed_app(slug)
    look = look_of(app, lineup_of(db(), app))
    return _kept(style_sheet(look).encode(), "text/css", look)


@blueprint.get("/a/<slug>/icon.svg")
@on_domains
@allow(Access.PUBLIC)
def icon_svg(slug: str) -> Response:
    """The icon in the app's color, sharp at every size."""
    app, _ = needed_app(slug)
    look = look_of(app, lineup_of(db(), app))
    return _kept(icons.svg(look.light.accent, look.light.on_accent).encode(), "image/svg+xml", look)


@blueprint.get("/a/<slug>/icon-<any('192','512','mask-512'):kind>.png")
@limiter.limit("60/minute")
@on_domains
@allow(Access.PUBLIC)
def icon_png(slug: str, kind: str) -> Response:
    """The icon from the first cover, else in the app's color."""
    app, _ = needed_app(slug)
    look = look_of(app, lineup_of(db(), app))
    is_mask = kind.startswith("mask-")
    side = int(kind.removeprefix("mask-"))
    return _kept(_icon(services().objects, look, side, is_mask), "image/png", look)


def _icon(objects: Objects, look: Look, side: int, is_mask: bool) -> bytes:
    accent, on_accent = look.light.accent, look.light.on_accent
    key = look.cover_key
    if key is None:
        return icons.drawn(side, accent, on_accent, is_mask=is_mask)
    kept = (key, side, accent, on_accent, is_mask)
    made = _icons.get(kept)
    if made is None:
        try:
            cover = b"".join(objects.read(key))
        except (NotFound, OSError):  # just replaced: the next look names the new one
            return icons.drawn(side, accent, on_accent, is_mask=is_mask)
        while len(_icons) >= _ICONS_KEPT:
            _icons.pop(next(iter([*_icons])), None)
        made = _icons[kept] = icons.from_cover(cover, side, accent, on_accent, is_mask=is_mask)
    return made


def _kept(data: bytes, content_type: str, look: Look) -> Response:
    """With the right ``?v=`` the address belongs to one version and is kept for good."""
    response = make_response(data)
    response.mimetype = content_type
    is_exact = request.args.get("v") == look.version
    response.headers["Cache-Control"] = _FOR_GOOD if is_exact else _A_WHILE
    response.set_etag(hashlib.sha256(data).hexdigest()[:24])
    response.make_conditional(request)
    return response
