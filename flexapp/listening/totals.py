"""Hourly totals: what each thing contributes, and adding the differences in one statement."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from flexapp.listening.models import Decision, HourlyTotal, Play

COUNTERS = ("loads", "impressions", "starts", "plays", "replays", "completed", "listen_ms", "checkouts")
_KEY = ("hour", "app_id", "placement_id", "channel", "track_id")
_ROWS_AT_ONCE = 200
Key = tuple[datetime, str, str, str, str]


def hour_of(moment: datetime) -> datetime:
    """The hour that a moment lies in."""
    return moment.replace(minute=0, second=0, microsecond=0)


def contribution(play: Play) -> tuple[Key, dict[str, int]]:
    """What a play adds to the totals of the hour it started in: nothing unless it is valid.

    *Completed* counts among the counted plays, so that completion is a share of them.
    """
    key = (hour_of(play.started_at), play.app_id, play.placement_id, play.channel, play.track_id)
    if play.decision is not Decision.VALID:
        return key, {}
    counters = {"starts": 1, "listen_ms": play.listen_ms}
    if play.is_counted:
        counters.update(plays=1, completed=int(play.is_completed))
    elif play.is_qualified:
        counters["replays"] = 1
    return key, counters


@dataclass
class Differences:
    """What a fold changes in the totals, before it is written."""

    _sums: defaultdict[Key, defaultdict[str, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )

    def add(self, key: Key, counters: dict[str, int], sign: int = 1) -> None:
        """Add counters, or take them away with ``sign=-1``."""
        for name, value in counters.items():
            if value:
                self._sums[key][name] += sign * value

    def write(self, session: Session) -> None:
        """Add everything to the stored totals; rows appear as needed."""
        rows = [
            {**dict(zip(_KEY, key, strict=True)), **{name: sums.get(name, 0) for name in COUNTERS}}
            for key, sums in sorted(self._sums.items())
            if any(sums.values())
        ]
        table = HourlyTotal.__table__
        assert isinstance(table, Table)
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            insert = dialect.insert(table).values(rows[start : start + _ROWS_AT_ONCE])
            grown = {name: table.c[name] + insert.excluded[name] for name in COUNTERS}
            session.execute(insert.on_conflict_do_update(index_elements=_KEY, set_=grown))
