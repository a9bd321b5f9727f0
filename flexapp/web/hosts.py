"""Which host name a request came for: ours, one that an app's owner named, or nobody's.

At an app's own host name the app's page is ``/``, and only views marked with ``on_domains`` answer: nobody
logs in there, and what is bought is bought on our host. A name that is nobody's gets 404 before anything is
rendered or kept, and ``X-Forwarded-Host`` is never read: a made-up host reaches neither a page nor a cache.
"""

from __future__ import annotations

import ipaddress
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from flask import Flask, abort, current_app, request

from flexapp.apps.queries import app_by_domain
from flexapp.config import Env, Settings
from flexapp.storage.session import Database

View = TypeVar("View", bound=Callable[..., Any])
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
HERE = "-"  #: stands for the slug in the path of an app that answers at a host name of its own
_APP = "flexapp.domain_app"
_KEPT_SECONDS = 2.0
_KEPT_AT_MOST = 1000
_SHELL = re.compile(r"/(?:sw\.js|offline|look\.css|manifest\.webmanifest|icon[\w.-]{1,20})?$")
_ONLY_OURS = ("/a/", "/buy/", "/cart/", "/orders/", "/embed/", "/media/")
_FOR_BALANCERS = ("/healthz", "/readyz")
_PORT = re.compile(r":\d{1,5}$")
_QUERY = "/:@!$&'()*+,;=-._~%?"
_LOCAL = ("localhost", "local", "internal", "lan")


def install(app: Flask) -> None:
    """Let only marked views answer at an app's own host name; call it before anybody is identified."""
    app.before_request(_only_pages_of_the_app)


def stand_in_front(app: Flask, settings: Settings, database: Database) -> None:
    """Look at the host name before everything that ``app.wsgi_app`` is by now."""
    app.wsgi_app = Door(app.wsgi_app, settings, database)  # type: ignore[method-assign]


def on_domains(view: View) -> View:
    """Mark a view that answers at an app's own host name too; put it directly above ``@allow``."""
    view.on_domains = True  # type: ignore[attr-defined]
    return view


def domain_app_id() -> str | None:
    """The app whose own host name the running request came for; None on our host."""
    return request.environ.get(_APP)


def our_hosts(settings: Settings) -> list[str]:
    """Our host name, which no app may take."""
    return [urlsplit(settings.base_url).hostname or ""]


class Door:
    """WSGI middleware: our own host goes straight through."""

    def __init__(self, inner: Wsgi, settings: Settings, database: Database) -> None:
        parts = urlsplit(settings.base_url)
        self._inner = inner
        self._database = database
        self._base_url = settings.base_url
        self._netloc = parts.netloc.lower()
        self._host = (parts.hostname or "").lower()
        self._at_home = settings.env is not Env.PRODUCTION
        self._known: OrderedDict[str, tuple[float, str | None]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer, redirect, or hand the request on."""
        environ.pop(_APP, None)
        named = environ.get("HTTP_HOST", "")
        if not named or named == self._netloc:
            return self._inner(environ, start_response)
        host = _PORT.sub("", named.lower()).rstrip(".")
        path = environ.get("PATH_INFO", "/")
        if self._is_ours(host) or path in _FOR_BALANCERS:
            return self._inner(environ, start_response)
        if host == f"www.{self._host}":
            return self._to_ours(environ, start_response)
        app_id = self._app_at(host)
        if app_id is None:
            return _nobody(start_response)
        if path.startswith(_ONLY_OURS):
            return self._to_ours(environ, start_response)
        environ[_APP] = app_id
        if _SHELL.match(path):
            environ["PATH_INFO"] = f"/a/{HERE}{path}".rstrip("/")
        return self._inner(environ, start_response)

    def _is_ours(self, host: str) -> bool:
        return host == self._host or (self._at_home and _is_local(host))

    def _app_at(self, host: str) -> str | None:
        now = time.monotonic()
        with self._lock:
            kept = self._known.get(host)
        if kept is not None and now - kept[0] < _KEPT_SECONDS:
            return kept[1]
        app_id = None
        if len(host) <= 253 and host.isascii():
            with self._database.reading() as session:
                app = app_by_domain(session, host)
                app_id = app.id if app is not None else None
        with self._lock:
            self._known[host] = (now, app_id)
            self._known.move_to_end(host)
            while len(self._known) > _KEPT_AT_MOST:
                self._known.popitem(last=False)
        return app_id

    def _to_ours(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = quote(environ.get("PATH_INFO", "/").encode("latin-1"), safe="/:@!$&'()*+,;=-._~")
        query = environ.get("QUERY_STRING", "")
        location = f"{self._base_url}{path}" + (f"?{quote(query, safe=_QUERY)}" if query else "")
        start_response(
            "302 Found",
            [("Location", location), ("Content-Length", "0"), ("Cache-Control", "no-store")],
        )
        return [b""]


def _only_pages_of_the_app() -> None:
    if domain_app_id() is None or request.endpoint is None or request.endpoint == "static":
        return
    view: Any = current_app.view_functions.get(request.endpoint)
    while view is not None:
        if getattr(view, "on_domains", False):
            return
        view = getattr(view, "__wrapped__", None)
    abort(404)


def _is_local(host: str) -> bool:
    """A name that only this machine or its network knows: demos are opened by many of them."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return "." not in host or host.rpartition(".")[2] in _LOCAL
    return True


def _nobody(start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = (
        b'<!doctype html><html lang="en"><meta charset="utf-8"><title>Not found</title>'
        b"<h1>Not found</h1><p>Nothing answers at this host name.</p></html>"
    )
    start_response(
        "404 Not Found",
        [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
            ("X-Content-Type-Options", "nosniff"),
        ],
    )
    return [body]
