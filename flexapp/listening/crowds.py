"""Rules over many plays at once (embed-spec 10.4): what one play alone does not show.

They look at plays of one group and one UTC day and say which they doubt; a doubted play waits
(``counting.DOUBTS``), nothing here rejects. What a database finds by counting and ordering is asked in
``suspects``, so that no crowd has to fit into memory. Every rule sorts for itself, so the order of its
input does not matter, and looks only at facts that no rule changes, so a second run finds the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flexapp.listening import counting

HOUR = timedelta(minutes=60)
UNIFORM_MS = 1000
"""Uniform: stopped within a second after it counts."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the rules look at of one qualified play."""

    id: int
    name: str  #: session and play, for one order everywhere
    started_at: datetime
    listen_ms: int
    track_id: str
    visitor_key: str | None = None


def over_an_hour(plays: Iterable[Candidate], most: int) -> set[int]:
    """One visitor's plays beyond ``most`` within 60 minutes; replays are no plays here."""
    doubted = set()
    passed: deque[datetime] = deque()
    for play in without_replays(plays):
        while passed and play.started_at - passed[0] >= HOUR:
            passed.popleft()
        if len(passed) >= most:
            doubted.add(play.id)
        else:
            passed.append(play.started_at)
    return doubted


def over_a_day(plays: Iterable[Candidate], most: int) -> set[int]:
    """What goes beyond the first ``most`` of the day."""
    return {play.id for play in _sorted(plays)[most:]}


def is_large_share(count: int, *, of_day: int, share: float, least: int) -> bool:
    """Whether so many plays are at least ``least`` and more than that share of the day's."""
    return count >= least and count > share * of_day


def without_replays(plays: Iterable[Candidate]) -> Sequence[Candidate]:
    """One visitor's plays that could count: one of each track an hour."""
    by_track: dict[str, list[Candidate]] = {}
    for play in plays:
        by_track.setdefault(play.track_id, []).append(play)
    names = {
        (track, name)
        for track, found in by_track.items()
        for name in counting.counted((play.started_at, play.name) for play in found)
    }
    return _sorted(
        play for found in by_track.values() for play in found if (play.track_id, play.name) in names
    )


def _sorted(plays: Iterable[Candidate]) -> list[Candidate]:
    return sorted(plays, key=lambda play: (play.started_at, play.name, play.track_id))
