"""Raw rows of a day in the shape of columns: what sealing writes and rebuilding reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from flexapp.listening import own_steps
from flexapp.listening.columns import MOMENTS, state_of
from flexapp.listening.models import Decision, ListenEvent, Play
from flexapp.listening.rollups import day_number, hour_of_number
from flexapp.listening.totals import COUNTED_AS, times_of

_DAY = timedelta(days=1)
_MS = timedelta(milliseconds=1)
_AT_ONCE = 5000
Row = tuple[Any, ...]


def day_start(day: date) -> datetime:
    """Its first moment."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def listens_of(session: Session, first: date, last: date) -> Iterator[Row]:
    """Valid listens that began from the first to the last day, as ``columns.LISTENS``."""
    play = Play.__table__.c
    query = select(
        play.started_at, play.app_id, play.placement_id, play.channel, play.track_id, play.host,
        play.country, play.device, play.os, play.browser, play.layout,
        play.listen_ms, play.percent, play.tenths, play.is_qualified, play.is_counted, play.is_completed,
        play.visitor_key,
    ).where(
        play.decision == Decision.VALID,
        play.started_at >= day_start(first),
        play.started_at < day_start(last) + _DAY,
    )  # fmt: skip
    for row in session.execute(query.execution_options(yield_per=_AT_ONCE)):
        started, *texts = row[:11]
        listen_ms, percent, tenths, is_qualified, is_counted, is_completed, key = row[11:]
        state = state_of(is_qualified=is_qualified, is_counted=is_counted, is_completed=is_completed)
        midnight = started.replace(hour=0, minute=0, second=0, microsecond=0)
        second = (started - midnight).seconds
        yield day_number(started.date()), *texts, second, listen_ms, percent, tenths, state, key


def moments_of(
    session: Session, first: date, last: date, *, position: int, app_ids: Collection[str] | None = None
) -> Iterator[Row]:
    """What else was counted (in some apps) on those days, up to ``position``, as ``columns.COUNTS``."""
    event = ListenEvent.__table__.c
    query = select(
        event.kind, event.app_id, event.placement_id, event.channel, event.track_id, event.host,
        event.minted_at, event.at_ms, event.received_at, event.facts,
    ).where(
        event.id <= position,
        event.kind.in_(list(COUNTED_AS)),
        event.received_at >= day_start(first),
        event.minted_at < day_start(last) + _DAY,
        own_steps.counts(),
    )  # fmt: skip
    if app_ids is not None:
        query = query.where(event.app_id.in_(list(app_ids)))
    for kind, *place, minted_at, at_ms, received_at, facts in session.execute(
        query.execution_options(yield_per=_AT_ONCE)
    ):
        when = min(minted_at + at_ms * _MS, received_at)
        if first <= when.date() <= last and {"bot", "preview"}.isdisjoint(facts.get("flags", ())):
            counts = (times_of(facts) * (name == COUNTED_AS[kind]) for name in MOMENTS)
            yield day_number(when.date()), *place, when.hour, *counts


def moments_by_site(
    session: Session,
    app_ids: Collection[str] | None,
    *,
    since: datetime,
    until: datetime,
    position: int,
) -> list[Row]:
    """Sums of whole hours by the site around the players of apps: its name, then ``MOMENTS``."""
    sums: dict[str, list[int]] = {}
    rows = moments_of(session, since.date(), (until - _MS).date(), position=position, app_ids=app_ids)
    for day, _app, _placement, _channel, _track, host, hour, *counts in rows:
        if since <= hour_of_number(24 * day + hour) < until:
            kept = sums.setdefault(host, [0] * len(MOMENTS))
            sums[host] = [one + other for one, other in zip(kept, counts, strict=True)]
    return [(host, *counts) for host, counts in sums.items()]
