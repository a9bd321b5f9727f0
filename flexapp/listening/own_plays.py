"""Own plays: a signed-in person's visitor keys are noted, so their plays of their own work do not count.

The frame on a stranger's page carries no cookie and knows nobody. But from the address and the
browser that a person signs in with follow the keys that the same browser has on each site where
their apps play.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from flexapp.listening import queries, suspects
from flexapp.listening.ingest import Ingest
from flexapp.listening.rows import owner_row
from flexapp.listening.visitors import VisitorKeys

_LATELY = timedelta(days=30)


def known_hosts(session: Session, person_id: str, *, now: datetime) -> list[str]:
    """Where the person's apps or tracks played within 30 days.

    For the platform's people, and for who agreed to be named as a listener, the busiest sites of all.
    """
    since = now - _LATELY
    hosts = queries.hosts_of(session, person_id, since=since)
    if queries.staff_among(session, [person_id]) or queries.shares_listening(session, person_id):
        hosts += suspects.busiest_hosts(session, since=since)
    return hosts


def note(
    ingest: Ingest,
    keys: VisitorKeys,
    *,
    person_id: str,
    hosts: Iterable[str],
    address: str,
    user_agent: str,
    now: datetime,
) -> None:
    """Note today's and yesterday's keys of a person's browser on these sites; nobody waits for it."""
    rows = []
    for host in sorted(set(hosts) | {""}):
        for day in (now, now - timedelta(days=1)):
            key = keys.key_for(address=address, user_agent=user_agent, host=host, minted_at=day, now=now)
            if key is not None:
                rows.append(owner_row(person_id=person_id, visitor_key=key, now=now))
    ingest.later(rows)
