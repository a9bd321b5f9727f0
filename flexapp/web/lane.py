"""The lane: the short way before Flask, for the two paths that are asked for thousands of times a second.

It only dispatches, by a table that ``app.py`` fills. A handler looks at the request and answers it, or
returns None; then the request, still unread, goes on to Flask and gets the same answer the long way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Flask

Answer = tuple[str, list[tuple[str, str]], bytes]
"""Status line, headers and body."""
Handler = Callable[[dict[str, Any]], Answer | None]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Lane:
    """A WSGI app before another: whole paths in ``paths``, folders whose pages it knows in ``below``."""

    def __init__(self, behind: Wsgi) -> None:
        self._behind = behind
        self._paths: dict[str, Handler] = {}
        self._below: dict[str, Handler] = {}

    def fill(self, *, paths: Mapping[str, Handler], below: Mapping[str, Handler]) -> None:
        """Set the table."""
        self._paths = dict(paths)
        self._below = dict(below)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        handler = self._paths.get(path)
        if handler is None:
            handler = self._below.get(path[: path.rfind("/") + 1])
        answer = handler(environ) if handler is not None else None
        if answer is None:
            return self._behind(environ, start_response)
        status, headers, body = answer
        start_response(status, headers)
        # A list, since the server sends that in one piece and hands anything else out bit by bit.
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def install(app: Flask) -> Lane:
    """Put an empty lane before the app; proxies are believed before it."""
    lane = Lane(app.wsgi_app)
    app.wsgi_app = lane  # type: ignore[method-assign]
    return lane
