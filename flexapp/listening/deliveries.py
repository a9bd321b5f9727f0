"""Delivered bytes: the strongest proof of a listen is that we sent the preview (embed-spec 10.3).

They go into the same log as the events, with the pieces of the file that they belong to, and are folded in
its order. If a crash loses some, or more of them wait than memory holds, plays that lack them become suspect,
never rejected.
"""

from __future__ import annotations

from typing import Protocol

from sqlalchemy.orm import Session

from flexapp.kernel.clock import Clock
from flexapp.listening import queries
from flexapp.listening.ingest import ingest_of
from flexapp.listening.pieces import Pieces
from flexapp.listening.rows import delivery_row
from flexapp.listening.sessions import SessionClaims
from flexapp.storage.session import Database


class Serving(Protocol):
    """What of the services is needed here."""

    @property
    def database(self) -> Database: ...
    @property
    def clock(self) -> Clock: ...


def delivered(session: Session, session_id: str, track_id: str) -> int:
    """How many bytes of a track's preview a session is known to have fetched, the same ones several times."""
    found = queries.deliveries_of(session, [(session_id, track_id)]).get((session_id, track_id))
    return found.bytes if found is not None else 0


def record(services: Serving, claims: SessionClaims, track_id: str, bytes_sent: int, pieces: Pieces) -> None:
    """Note that ``bytes_sent`` more bytes of a track's preview went to a session; nobody waits for it.

    ``pieces`` are those that are surely out, also the ones that were told before. Call it once per answer,
    or every few hundred kilobytes of a long one: a browser may read slowly.
    """
    if bytes_sent > 0:
        now = services.clock.now()
        row = delivery_row(claims, track_id=track_id, count=bytes_sent, pieces=pieces, now=now)
        ingest_of(services.database).later([row])
