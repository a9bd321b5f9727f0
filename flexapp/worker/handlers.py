"""Which function does which job. A handler opens its own transactions and may run twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flexapp.inbox.models import InboundEvent
from flexapp.workflows import sync_payment
from flexapp.workflows.delete_objects import delete_objects
from flexapp.workflows.expire_checkout import expire_checkout, expire_rivals
from flexapp.workflows.process_track import process_track
from flexapp.workflows.refund_order import refund_conflict
from flexapp.workflows.send_mail import send_mail
from flexapp.workflows.services import Services

Handler = Callable[[Services, dict[str, Any]], None]

SLOW = frozenset({"track.process"})
"""Kinds that take minutes: one thread never does them, so that payments do not wait."""


def with_payload(function: Callable[..., None]) -> Handler:
    """The payload's fields as keyword arguments."""
    return lambda services, payload: function(services, **payload)


HANDLERS: dict[str, Handler] = {
    "track.process": with_payload(process_track),
    "mail.send": with_payload(send_mail),
    "objects.delete": with_payload(delete_objects),
    "order.sync": with_payload(sync_payment.sync_order),
    "order.refund_conflict": with_payload(refund_conflict),
    "checkout.expire": with_payload(expire_checkout),
    "checkout.expire_rivals": with_payload(expire_rivals),
}


def handle_event(services: Services, event: InboundEvent) -> None:
    """Bring the books in line with what an event names; idempotent."""
    sync_payment.handle_event(services, event)
