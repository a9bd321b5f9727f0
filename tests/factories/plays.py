"""Plays as the fold leaves them, written at once: for rules over many of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from flexapp.catalog.models import Track
from flexapp.kernel.signing import Signer
from flexapp.listening import deliveries, loads, sessions
from flexapp.listening.batches import PlayEvent
from flexapp.listening.ingest import ingest_of
from flexapp.listening.models import Kind
from flexapp.listening.pieces import pieces_of
from flexapp.listening.rows import event_rows
from flexapp.workflows.services import Services

_count = itertools.count()


def hear(
    services: Services,
    track: Track,
    *,
    at: datetime,
    seconds: float = 60,
    app_id: str = "",
    placement_id: str = "",
    host: str = "blog.example",
    visitor: str | None = "",
    network: str | None = None,
    flags: Iterable[str] = (),
    is_loaded: bool = True,
) -> str:
    """One honest play in a session of its own goes into the log; returns the session's id.

    An empty ``visitor`` is somebody new, None is nobody known.
    """
    number = next(_count)
    claims = _claims(services.signer, at, app_id=app_id, placement_id=placement_id, host=host)
    ingest = ingest_of(services.database)
    if is_loaded:
        loads.record(ingest, claims)
    event = PlayEvent(
        play_id=f"play-{number:08}",
        seq=0,
        kind=Kind.HEARTBEAT,
        track_id=track.id,
        intervals=((0, round(seconds * 1000)),),
        media_ms=track.duration_ms,
        at_ms=round(seconds * 1000),
    )
    [row] = event_rows(
        claims,
        (event,),
        visitor_key=f"{number:016x}" if visitor == "" else visitor,
        network_key=network,
        flags=frozenset(flags),
        now=at + timedelta(seconds=seconds),
    )
    begin: dict[str, Any] = {**row, "seq": 1, "kind": Kind.START, "intervals": [], "at_ms": 0}
    ingest.later([begin, row])
    sent = round(seconds * 16_000)
    deliveries.record(services, claims, track.id, sent, pieces_of(0, sent, size=sent))
    return claims.session_id


def _claims(signer: Signer, at: datetime, **where: str) -> sessions.SessionClaims:
    token = sessions.mint(signer, channel="direct", now=at, **where)
    claims = sessions.read(signer, token, at)
    assert claims is not None
    return claims
