"""Listens of days gone by, as lines of the log: what a player reported then, with who looked."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from flexapp.apps.models import Channel, FlexApp, Placement
from flexapp.catalog.models import Track
from flexapp.listening.batches import PlayEvent
from flexapp.listening.dimensions import Dimensions
from flexapp.listening.models import Kind
from flexapp.listening.rows import Row, delivery_row, event_row, load_row
from flexapp.listening.sessions import SessionClaims

_count = itertools.count(1)


def past_listen(
    track: Track,
    *,
    at: datetime,
    seconds: float = 60,
    app: FlexApp | None = None,
    placement: Placement | None = None,
    visitor: str | None = None,
    host: str = "blog.example",
    did: tuple[Kind, ...] = (),
    **known: Any,
) -> list[Row]:
    """One session: loaded, seen, heard from the beginning for so long, and what was done besides.

    ``known`` are country, device, os, browser and layout. Every visitor is somebody new unless named; the
    empty one has no key.
    """
    number = next(_count)
    claims = SessionClaims(
        f"past{number:016d}",
        app.id if app else "",
        placement.id if placement else "",
        str(placement.channel if placement else Channel.DIRECT),
        host,
        at,
    )
    who, looks = f"{number:016x}" if visitor is None else visitor, Dimensions(**known)
    ends, play = at + timedelta(seconds=seconds), f"0190f5c8-0000-7000-8000-{number:012d}"
    media = track.duration_ms or 120_000

    def event(kind: Kind, seq: int = 0, **fields: Any) -> Row:
        told = PlayEvent(
            **{
                "play_id": play,
                "seq": seq,
                "kind": kind,
                "at_ms": 0,
                "track_id": track.id,
                "media_ms": media,
                "intervals": (),
                **fields,
            }
        )
        return event_row(claims, told, visitor_key=who or None, flags=(), now=ends, dimensions=looks)

    rows = [load_row(claims, looks), event(Kind.IMPRESSION, track_id="")]
    if seconds > 0:
        heard = [(0, int(seconds * 1000))]
        rows += [
            delivery_row(claims, track_id=track.id, count=media * 16, pieces=(0, media // 256 + 1), now=at),
            event(Kind.START),
            event(Kind.HEARTBEAT, 1, at_ms=int(seconds * 1000), intervals=heard),
        ]
    return rows + [event(kind) for kind in did]
