"""Stripe's webhook: verify the raw bytes, keep the event once, say 200. The worker does the rest."""

from __future__ import annotations

from flask import Blueprint, Response, request

from flexapp.errors import Invalid
from flexapp.inbox import operations as inbox
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services

blueprint = Blueprint("stripe_hook", __name__)

SOURCE = "stripe"
MAX_BYTES = 256 * 1024


class EventTooLarge(Invalid):
    """A body that is larger than any event."""

    code = "event_too_large"


@blueprint.post("/hooks/stripe")
@allow(Access.WEBHOOK)
def receive() -> Response:
    """Store a signed event; a known one is accepted again and changes nothing."""
    body = _body()
    event = services().payments.read_event(body, request.headers.get("Stripe-Signature", ""))
    inbox.store(db(), event, source=SOURCE, now=services().clock.now())
    return Response("", status=200)


def _body() -> bytes:
    """The raw bytes, read no further than an event may be long."""
    if (request.content_length or 0) <= MAX_BYTES:
        body = request.stream.read(MAX_BYTES + 1)
        if len(body) <= MAX_BYTES:
            return body
    raise EventTooLarge(f"An event has at most {MAX_BYTES} bytes.")
