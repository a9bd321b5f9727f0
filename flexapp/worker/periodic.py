"""What is done again and again by the one worker that holds the baton."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from flexapp.inbox import operations as inbox
from flexapp.listening import judging
from flexapp.listening.upkeep import (
    FOLD_SECONDS,
    FORGET_SECONDS,
    SEAL_SECONDS,
    VIEW_SECONDS,
    count_page_views,
    fold_listens,
    forget_listens,
    seal_listens,
)
from flexapp.orders import carts
from flexapp.outbox import operations as outbox
from flexapp.workflows.fill_inbox_gaps import fill_inbox_gaps
from flexapp.workflows.services import Services
from flexapp.workflows.sweep_checkouts import sweep_checkouts
from flexapp.workflows.sweep_refunds import sweep_refunds
from flexapp.workflows.tidy_accounts import tidy_accounts

_KEEP = timedelta(days=30)


class Periodic(NamedTuple):
    """A function that runs every so many seconds of real time; it may also run twice at once."""

    name: str
    every_seconds: float
    function: Callable[[Services], None]


def prune(services: Services) -> None:
    """Forget what was done and handled a month ago, idempotent replies of that age, and unused carts."""
    now = services.clock.now()
    before = now - _KEEP
    with services.database.writing() as session:
        outbox.prune(session, before=before)
        inbox.prune(session, before=before)
        carts.forget(session, now=now)


def judge_listens(services: Services) -> None:
    """Run the rules over many plays, over today and yesterday."""
    _judge(services, days=2)


def judge_all_listens(services: Services) -> None:
    """The same over every day whose plays are kept: late reports, changed rules and thresholds."""
    _judge(services, days=services.settings.raw_days)


def _judge(services: Services, *, days: int) -> None:
    settings = services.settings
    judging.judge_days(
        services.database,
        limits=settings.play_limits,
        own_host=urlsplit(settings.base_url).netloc,
        now=services.clock.now(),
        days=days,
    )


QUICK: list[Periodic] = [
    Periodic("fold_listens", FOLD_SECONDS, fold_listens),
]
"""Work on our own database alone, which others wait for within seconds."""

SLOW: list[Periodic] = [
    Periodic("fold_listens", FOLD_SECONDS, fold_listens),
    Periodic("count_page_views", VIEW_SECONDS, count_page_views),
    Periodic("judge_listens", 60.0, judge_listens),
    Periodic("judge_all_listens", 6 * 3600.0, judge_all_listens),
    Periodic("seal_listens", SEAL_SECONDS, seal_listens),
    Periodic("forget_listens", FORGET_SECONDS, forget_listens),
    Periodic("sweep_checkouts", 60.0, sweep_checkouts),
    Periodic("sweep_refunds", 300.0, sweep_refunds),
    Periodic("fill_inbox_gaps", 600.0, fill_inbox_gaps),
    Periodic("prune", 3600.0, prune),
    Periodic("tidy_accounts", 3600.0, tidy_accounts),
]
