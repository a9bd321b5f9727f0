"""Forget what accounts no longer need: ended sessions, old links, counted failures, old mails."""

from __future__ import annotations

from datetime import timedelta

from flexapp.notices import operations as notices
from flexapp.people import links, operations, throttle
from flexapp.workflows.services import Services

_SESSIONS = timedelta(days=30)
_MAILS = timedelta(days=90)


def tidy_accounts(services: Services) -> None:
    """Runs every hour; running twice at once changes nothing more."""
    now = services.clock.now()
    with services.database.writing() as session:
        throttle.prune(session, now=now)
        links.prune(session, now=now)
        operations.prune_sessions(session, before=now - _SESSIONS)
        notices.forget_old(session, before=now - _MAILS)
