"""The panels of an insights page as the tables of its files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flexapp.dashboard.periods import Period, as_local
from flexapp.dashboard.reports import Report, Sheet, Value
from flexapp.dashboard.subjects import ALL, Subject
from flexapp.listening.insights import Counts

_COUNTED = ("plays", "starts", "replays", "completed", "completion_share", "average_listen_ms")


def report_of(subject: Subject, period: Period, facts: Mapping[str, Any], *, now: datetime) -> Report:
    """What the page shows in this period; ``facts`` are its panels."""
    return Report(
        title=subject.title if subject.kind != ALL else "Insights",
        period=period.label,
        since=period.since,
        until=period.until,
        zone=period.zone.key,
        interval=period.interval.value,
        made_at=now,
        sheets=[sheet for sheet in _sheets(period, facts) if sheet is not None],
        chart=facts["heard"].chart,
    )


def _sheets(period: Period, facts: Mapping[str, Any]) -> list[Sheet | None]:
    heard = facts["heard"]
    return [
        Sheet(
            "totals",
            "Totals",
            ["period", *_COUNTED],
            [
                [period.label, *_values(heard.now)],
                *([[period.before_label, *_values(heard.before)]] if period.is_compared else []),
            ],
        ),
        Sheet(
            "plays_over_time",
            "Plays over time",
            [period.interval.value, *_COUNTED],
            [
                [as_local(point.at, period.zone, period.interval), *_values(point.counts)]
                for point in heard.points
            ],
            note=f"Times of {period.zone.key}.",
        ),
        _of_counts("channels", "Channels", "channel", facts["channel_rows"]),
        _of_counts(
            "places", "Where it played", "place", [(row.label, row.counts) for row in facts["places"]]
        ),
        None
        if facts["tracks"] is None
        else _of_counts("tracks", "Tracks", "track", [(row.title, row.counts) for row in facts["tracks"]]),
    ]


def _of_counts(name: str, title: str, first: str, rows: list[tuple[str, Counts]]) -> Sheet:
    return Sheet(name, title, [first, *_COUNTED], [[label, *_values(counts)] for label, counts in rows])


def _values(counts: Counts) -> list[Value]:
    return [
        counts.plays,
        counts.starts,
        counts.replays,
        counts.completed,
        None if counts.completion is None else round(counts.completion, 4),
        None if counts.average_listen_ms is None else round(counts.average_listen_ms),
    ]
