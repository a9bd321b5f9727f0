"""Public pages kept ready for visitors: in memory, or in Redis when several processes share them.

A page is kept under its path, the named query parameters, the newest revision of what visitors are
shown (``storage/revisions.py``) and, where the view has one, a mark of its own. So a new price or name
shows at once where it was changed, and within a second everywhere else. Only answers to visitors who
are not signed in, and that hand out no form token, are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, Response, g, make_response, request, session
from flask_caching import Cache

from flexapp.config import Settings
from flexapp.kernel.signing import fingerprint
from flexapp.storage.revisions import revisions_of
from flexapp.web.context import services
from flexapp.web.identity import current_person

View = TypeVar("View", bound=Callable[..., Any])
cache = Cache()
_PAGES_AT_MOST = 2000
_KEPT_HEADERS = ("Content-Type", "Cache-Control", "ETag", "Last-Modified", "Vary", "Link")


def install(app: Flask, settings: Settings) -> None:
    """Keep pages where the settings say."""
    if settings.redis_url:
        where = {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": settings.redis_url}
    else:
        where = {"CACHE_TYPE": "SimpleCache"}
    cache.init_app(
        app,
        config={**where, "CACHE_KEY_PREFIX": "flexapp:page:", "CACHE_THRESHOLD": _PAGES_AT_MOST},
    )


def cached_page(
    *, seconds: int, parameters: Sequence[str] = (), revision: Callable[..., str] | None = None
) -> Callable[[View], View]:
    """Keep a view's page for ``seconds``; put it above ``@allow``.

    ``parameters`` are the query parameters that change the page; others share it. ``revision``
    takes the view's arguments and returns a text that changes when the page must, whatever changed it.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def kept(*args: Any, **arguments: Any) -> Any:
            if request.method not in ("GET", "HEAD") or current_person() is not None or "_flashes" in session:
                return view(*args, **arguments)
            mark = revision(*args, **arguments) if revision else ""
            key = _key(parameters, f"{revisions_of(services().database).newest()} {mark}")
            found = cache.get(key)
            if found is not None:
                body, headers = found
                return Response(body, headers=headers)
            response = make_response(view(*args, **arguments))
            if _may_keep(response):
                headers = [
                    (name, response.headers[name]) for name in _KEPT_HEADERS if name in response.headers
                ]
                cache.set(key, (response.get_data(), headers), timeout=seconds)
            return response

        return cast(View, kept)

    return wrap


def _key(parameters: Sequence[str], mark: str) -> str:
    chosen = [f"{name}={value}" for name in sorted(parameters) for value in request.args.getlist(name)]
    return fingerprint("\n".join((request.host, request.path, *chosen, mark)))


def _may_keep(response: Response) -> bool:
    hands_out_a_form = "csrf_token" in g or session.modified
    return (
        response.status_code == 200
        and not response.is_streamed
        and not response.direct_passthrough
        and "Set-Cookie" not in response.headers
        and not hands_out_a_form
    )
