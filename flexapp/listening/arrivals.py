"""What came from one placement lately: whether a pasted snippet works, by what is recorded anyway."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from flexapp.listening import queries
from flexapp.listening.models import Kind, ListenEvent

EVENTS_AT_MOST = 500
_REACH = 200_000  #: how far back in the log a look may go


@dataclass
class Arrival:
    """What came from one host; times are those of the first of each kind."""

    host: str  #: empty when the browser did not say
    loads: int = 0
    loaded_at: datetime | None = None
    seen_at: datetime | None = None  #: half of it was visible for a second
    played_at: datetime | None = None
    opened_at: datetime | None = None  #: a license was opened
    by_script: int = 0  #: loads that our loader made
    is_sandboxed: bool = False
    sessions: set[str] = field(default_factory=set)


def end_of_log(session: Session) -> int:
    """Where a look begins: what is stored later counts as new."""
    return queries.newest_event(session)


def arrivals_since(session: Session, placement_id: str, *, after: int) -> list[Arrival]:
    """What came from the placement's players after that end of the log, the busiest host first."""
    after = max(after, queries.newest_event(session) - _REACH)
    events = queries.events_of_placement(session, placement_id, after=after, limit=EVENTS_AT_MOST)
    return summed(events)


def summed(events: Iterable[ListenEvent]) -> list[Arrival]:
    """The events of one placement by host."""
    found: dict[str, Arrival] = {}
    for event in events:
        flags = set(event.facts.get("flags", ()))
        if flags & {"preview", "bot"}:
            continue
        arrival = found.setdefault(event.host, Arrival(event.host))
        arrival.sessions.add(event.session_id)
        arrival.is_sandboxed |= "sandbox" in flags
        if event.kind is Kind.LOAD:
            arrival.loads += 1
            arrival.by_script += "script" in flags
            arrival.loaded_at = arrival.loaded_at or event.received_at
        elif event.kind is Kind.IMPRESSION:
            arrival.seen_at = arrival.seen_at or event.received_at
        elif event.kind is Kind.START:
            arrival.played_at = arrival.played_at or event.received_at
        elif event.kind is Kind.CHECKOUT:
            arrival.opened_at = arrival.opened_at or event.received_at
    return sorted(found.values(), key=lambda arrival: (-arrival.loads, arrival.host))
