"""Closing: a UTC day changes while its reports are taken; then it is closed, sealed for good, and forgotten.

All of it goes by whole days, since a visitor's key and what is counted together belong to the day that the
session was minted on, and nothing of a session happens before it is minted. So when reports of a day's
sessions are refused nothing of that day and of those before can change any more, while its raw rows are
all there; and none of them outlives the days that the installation keeps (``FLEXAPP_RAW_DAYS``).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flexapp.listening.rollups import day_number

CLOSES_BEFORE = timedelta(hours=1)
"""So long before a day's raw rows must be gone its reports are refused: time to count and seal the last."""
GOES_BEFORE = timedelta(minutes=30)
"""So long before that they begin to be deleted: thrice the pause between two runs."""


def gone_by(moment: datetime, raw_days: int) -> datetime:
    """When nothing is kept any more of what happened on the moment's day; ``moment`` is aware."""
    midnight = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=raw_days)


def takes_reports(minted_at: datetime, now: datetime, raw_days: int) -> bool:
    """Whether reports of a session may still come in, and its listener may still take it back."""
    return now < gone_by(minted_at, raw_days) - CLOSES_BEFORE


def first_kept(now: datetime, raw_days: int) -> int:
    """The first day (since 1970) whose raw rows stay, if all before are counted and sealed."""
    return day_number((now + GOES_BEFORE - timedelta(days=raw_days)).astimezone(UTC).date()) + 1
