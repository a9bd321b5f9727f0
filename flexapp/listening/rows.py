"""Lines of the log, as the group commit takes them: one maker for each origin."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any

from flexapp.listening.batches import PlayEvent
from flexapp.listening.models import Kind
from flexapp.listening.sessions import SessionClaims

Row = dict[str, Any]


def event_row(
    claims: SessionClaims,
    event: PlayEvent,
    *,
    visitor_key: str | None,
    flags: Collection[str],
    now: datetime,
) -> Row:
    """What a page reported, under ``flags`` (the session's own among them).

    Impressions are kept once per session, checkouts once per track.
    """
    once = {Kind.IMPRESSION: "impression", Kind.CHECKOUT: f"c:{event.track_id}"}.get(event.kind)
    return {
        **_row(claims, event.kind, now=now, flags=flags),
        "play_id": once or event.play_id,
        "seq": 0 if once else event.seq,
        "track_id": event.track_id,
        "intervals": [list(pair) for pair in event.intervals],
        "media_ms": event.media_ms,
        "at_ms": event.at_ms,
        "visitor_key": visitor_key,
    }


def load_row(claims: SessionClaims) -> Row:
    """The document was handed out; once per session."""
    return {**_row(claims, Kind.LOAD, now=claims.minted_at, flags=claims.flags), "play_id": "load"}


def delivery_row(claims: SessionClaims, *, track_id: str, count: int, now: datetime) -> Row:
    """So many more bytes of a preview were sent to the session."""
    row = _row(claims, Kind.DELIVERY, now=now, flags=())
    row["facts"]["bytes"] = count
    return {**row, "play_id": f"d:{secrets.token_urlsafe(12)}", "track_id": track_id}


def owner_row(*, person_id: str, visitor_key: str, now: datetime) -> Row:
    """A visitor key is a signed-in person's; once per person and key."""
    nowhere = SessionClaims(person_id, "", "", "", "", now)
    row = _row(nowhere, Kind.OWNER, now=now, flags=())
    return {**row, "play_id": f"o:{visitor_key}", "visitor_key": visitor_key}


def _row(claims: SessionClaims, kind: Kind, *, now: datetime, flags: Collection[str]) -> Row:
    marks = sorted(set(flags))
    return {
        "session_id": claims.session_id,
        "play_id": "",
        "seq": 0,
        "kind": kind,
        "app_id": claims.app_id,
        "placement_id": claims.placement_id,
        "channel": claims.channel,
        "host": claims.host,
        "track_id": "",
        "intervals": [],
        "media_ms": None,
        "at_ms": 0,
        "minted_at": claims.minted_at,
        "received_at": now,
        "visitor_key": None,
        "facts": {"flags": marks} if marks else {},
    }
