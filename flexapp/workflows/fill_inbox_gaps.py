"""Fetch events whose webhooks never arrived: lost on the way, or sent while we were away.

Source: https://docs.stripe.com/webhooks/process-undelivered-events
"""

from __future__ import annotations

from datetime import timedelta

from flexapp.inbox import operations as inbox
from flexapp.workflows.services import Services

SOURCE = "stripe"
_LOOK_BACK = timedelta(days=7)


def fill_inbox_gaps(services: Services) -> None:
    """Store each undelivered event of the last week once; known ones change nothing. Raises Upstream."""
    now = services.clock.now()
    events = services.payments.undelivered_events(since=now - _LOOK_BACK)
    stored = False
    for event in events:
        with services.database.writing() as session:
            stored = inbox.store(session, event, source=SOURCE, now=now) or stored
    if stored:
        services.wake_worker()
