"""Lines of the log, as the group commit takes them: one maker for each origin."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from flexapp.listening.batches import PlayEvent
from flexapp.listening.dimensions import UNKNOWN, Dimensions
from flexapp.listening.lines import Row
from flexapp.listening.models import Kind
from flexapp.listening.pieces import Pieces
from flexapp.listening.sessions import SessionClaims, new_session_id

_ONCE_A_TRACK = {Kind.CHECKOUT: "c:", Kind.OPEN: "o:", Kind.ADD: "a:"}


def event_rows(
    claims: SessionClaims,
    events: Iterable[PlayEvent],
    *,
    visitor_key: str | None,
    flags: Collection[str],
    now: datetime,
    dimensions: Dimensions = UNKNOWN,
    network_key: str | None = None,
) -> list[Row]:
    """What a page reported, under ``flags`` (the session's own among them); the rows share their facts.

    Impressions are kept once per session; of a track checkouts, licenses shown and put in a cart too.
    """
    shared = _row(claims, Kind.IMPRESSION, now=now, flags=flags, dimensions=dimensions)
    shared["visitor_key"], shared["network_key"] = visitor_key, network_key
    rows = []
    for event in events:
        kind, track_id = event.kind, event.track_id
        if kind is Kind.IMPRESSION:
            play_id, seq = "impression", 0
        elif kind in _ONCE_A_TRACK:
            play_id, seq = _ONCE_A_TRACK[kind] + track_id, 0
        else:
            play_id, seq = event.play_id, event.seq
        row = shared.copy()
        row["play_id"], row["seq"], row["kind"], row["track_id"] = play_id, seq, kind, track_id
        row["intervals"] = [[start, end] for start, end in event.intervals]
        row["media_ms"], row["at_ms"] = event.media_ms, event.at_ms
        rows.append(row)
    return rows


def event_row(
    claims: SessionClaims,
    event: PlayEvent,
    *,
    visitor_key: str | None,
    flags: Collection[str],
    now: datetime,
    dimensions: Dimensions = UNKNOWN,
) -> Row:
    """The same of a single event."""
    [row] = event_rows(claims, (event,), visitor_key=visitor_key, flags=flags, now=now, dimensions=dimensions)
    return row


def load_row(claims: SessionClaims, dimensions: Dimensions = UNKNOWN) -> Row:
    """The document was handed out; once per session."""
    row = _row(claims, Kind.LOAD, now=claims.minted_at, flags=claims.flags, dimensions=dimensions)
    return {**row, "play_id": "load"}


def view_row(
    claims: SessionClaims,
    *,
    track_id: str = "",
    producer_id: str = "",
    visitor_key: str | None,
    dimensions: Dimensions = UNKNOWN,
) -> Row:
    """A page of ours was handed out: an app's by the claims, a track's, or a producer's (in the facts)."""
    row = _row(claims, Kind.VIEW, now=claims.minted_at, flags=claims.flags, dimensions=dimensions)
    if producer_id:
        row["facts"]["producer_id"] = producer_id
    return {**row, "play_id": "view", "track_id": track_id, "visitor_key": visitor_key}


def add_row(claims: SessionClaims, *, track_id: str, now: datetime, visitor_key: str | None = None) -> Row:
    """A license was put in a cart, as the server saw it; the same line as the player's own report of it."""
    row = _row(claims, Kind.ADD, now=now, flags=claims.flags)
    at_ms = max(0, round((now - claims.minted_at).total_seconds() * 1000))
    return {
        **row,
        "play_id": _ONCE_A_TRACK[Kind.ADD] + track_id,
        "track_id": track_id,
        "at_ms": at_ms,
        "visitor_key": visitor_key,
    }


def bought_row(
    claims: SessionClaims,
    kind: Kind,
    *,
    name: str,
    number: int = 0,
    track_id: str,
    facts: dict[str, Any],
    dimensions: Dimensions = UNKNOWN,
) -> Row:
    """Something became of a bought item, at the claims' moment; once for each name and number."""
    row = _row(claims, kind, now=claims.minted_at, flags=(), dimensions=dimensions)
    return {**row, "play_id": name, "seq": number, "track_id": track_id, "facts": facts}


def a_page(
    *, app_id: str, placement_id: str, channel: str, now: datetime, flags: frozenset[str] = frozenset()
) -> SessionClaims:
    """The claims of one view of a page of ours, which has no token: an id of its own each time."""
    return SessionClaims(new_session_id().decode(), app_id, placement_id, channel, "", now, flags)


def delivery_row(claims: SessionClaims, *, track_id: str, count: int, pieces: Pieces, now: datetime) -> Row:
    """So many more bytes of a preview were sent to the session, and these pieces of it are out by now."""
    row = _row(claims, Kind.DELIVERY, now=now, flags=())
    row["facts"] |= {"bytes": count, "pieces": [*pieces]}
    return {**row, "play_id": f"d:{secrets.token_urlsafe(12)}", "track_id": track_id}


def owner_row(*, person_id: str, visitor_key: str, now: datetime) -> Row:
    """A visitor key is a signed-in person's; once per person and key."""
    nowhere = SessionClaims(person_id, "", "", "", "", now)
    row = _row(nowhere, Kind.OWNER, now=now, flags=())
    return {**row, "play_id": f"o:{visitor_key}", "visitor_key": visitor_key}


def _row(
    claims: SessionClaims,
    kind: Kind,
    *,
    now: datetime,
    flags: Collection[str],
    dimensions: Dimensions = UNKNOWN,
) -> Row:
    marks = sorted(set(flags)) if flags else ()
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
        "received_at": max(now, claims.minted_at),  # the other machine's clock may be ahead
        "visitor_key": None,
        "network_key": None,
        "facts": {"flags": [*marks]} if marks else {},
        "country": dimensions.country,
        "device": dimensions.device,
        "os": dimensions.os,
        "browser": dimensions.browser,
        "layout": dimensions.layout,
    }
