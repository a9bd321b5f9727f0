"""The WSGI app: the API under ``/v1``, the Checkout page, the dashboard, and the clock."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request as Incoming
from werkzeug.wrappers import Response

from flexapp.localstripe import api, board, pages
from flexapp.localstripe.account import Account, Request
from flexapp.localstripe.deliveries import Deliveries

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_MAX_ADVANCE = 366 * 24 * 3600


class LocalStripe:
    """One account behind one address."""

    def __init__(self, account: Account, deliveries: Deliveries) -> None:
        self.account = account
        self.deliveries = deliveries

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        incoming = Incoming(environ)
        incoming.max_content_length = 1 << 20
        self.account.request = Request()
        try:
            response = self._dispatch(incoming)
        except HTTPException as problem:
            response = Response(problem.description, problem.code or 500, content_type="text/plain")
        told = self.account.request.told
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return self._answer(response(environ, start_response), told)

    def _answer(self, body: Iterable[bytes], told: list[int]) -> Iterator[bytes]:
        """The answer, then its webhooks, as Stripe does: an app that waits for both must not hang here.

        They leave also when the client hangs up: the server may then skip ``close``, and what it
        skips is not sent before the next start.
        """
        try:
            yield from body
        finally:
            self.deliveries.send(told)

    def _dispatch(self, incoming: Incoming) -> Response:
        path = incoming.path
        if path.startswith(("/v1/", "/v2/")):
            return api.answer(self.account, incoming)
        if not _is_from_here(incoming):
            return Response("This stand-in is used from this machine only.", 403, content_type="text/plain")
        if path == "/_local/clock":
            return self._clock(incoming)
        if path == "/_local/style.css":
            return pages.stylesheet()
        if path.startswith("/c/pay/"):
            return pages.serve(self.account, incoming)
        return board.serve(self.account, self.deliveries, incoming)

    def _clock(self, incoming: Incoming) -> Response:
        """``GET`` tells by how many seconds the clock is ahead; ``POST seconds=`` moves it forward."""
        if incoming.method == "POST":
            try:
                seconds = float(incoming.form.get("seconds", ""))
            except ValueError:
                seconds = -1.0
            if not 0 <= seconds <= _MAX_ADVANCE:
                return Response("seconds is between 0 and a year", 400, content_type="text/plain")
            self.account.advance(timedelta(seconds=seconds))
            board.catch_up(self.account)
        body = {"offset_seconds": self.account.offset, "now": self.account.now()}
        return Response(json.dumps(body), content_type="application/json")


def _is_from_here(incoming: Incoming) -> bool:
    """Pages in the browser of this machine may not drive the stand-in, nor other names for it."""
    if urlsplit(f"//{incoming.host}").hostname not in _LOOPBACK:
        return False
    site = incoming.headers.get("Sec-Fetch-Site", "same-origin")
    return incoming.method in ("GET", "HEAD") or site in ("same-origin", "none")
