"""What is kept of one view of a page: shown to whoever holds its session token, and deleted on their wish.

The token is in the frame alone; the page around it never has it. What the server makes of the plays is not
told, since whoever forges them would learn from it. Deleted means: the plays leave every total, the log's
lines about them go, and what is left of the view (a player was handed out, was in view) belongs to no
session. Only how much the session claimed stays, until its token is over, so that a forger cannot report
the same time again.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from flexapp.kernel.clock import to_rfc3339
from flexapp.listening import folding, hosting, queries
from flexapp.listening.closing import gone_by
from flexapp.listening.models import Delivery, FoldCursor, Kind, ListenEvent, Play, Suspicion
from flexapp.listening.sessions import SessionClaims
from flexapp.listening.settling import Settling, key_of
from flexapp.storage.once import insert_once

_OF_PLAYS = (Kind.START, Kind.HEARTBEAT, Kind.END, Kind.DELIVERY)
_LINES_AT_MOST = 2000


def shown(session: Session, claims: SessionClaims, *, raw_days: int) -> dict[str, Any]:
    """Everything of the session, as JSON; times are RFC 3339, lengths milliseconds."""
    lines = session.scalars(
        select(ListenEvent)
        .where(ListenEvent.session_id == claims.session_id)
        .order_by(ListenEvent.id)
        .limit(_LINES_AT_MOST)
    ).all()
    plays = session.scalars(
        select(Play).where(Play.session_id == claims.session_id).order_by(Play.started_at, Play.id)
    ).all()
    sent = session.scalars(
        select(Delivery).where(Delivery.session_id == claims.session_id).order_by(Delivery.track_id)
    ).all()
    moments = [min(line.minted_at + timedelta(milliseconds=line.at_ms), line.received_at) for line in lines]
    moments += [play.started_at for play in plays]
    return {
        "session": {
            "began_at": to_rfc3339(claims.minted_at),
            "website": claims.host or None,
            "app": claims.app_id or None,
            "placement": claims.placement_id or None,
            "channel": claims.channel,
            "flags": sorted(claims.flags),
        },
        "reports": [_line(line) for line in lines],
        "plays": [
            {
                "track": play.track_id,
                "started_at": to_rfc3339(play.started_at),
                "heard": play.intervals,
                "listened_ms": play.listen_ms,
                "has_visitor_key": play.visitor_key is not None,
            }
            for play in plays
        ],
        "previews": [{"track": row.track_id, "bytes": row.bytes} for row in sent],
        "deleted_by": to_rfc3339(gone_by(max([claims.minted_at, *moments]), raw_days)),
    }


def withdraw(session: Session, claims: SessionClaims) -> None:
    """Take the session's plays out of every total and delete what is kept of them; the caller commits."""
    insert_once(session, FoldCursor, name=folding.CURSOR, position=0)
    queries.cursor_for_update(session, folding.CURSOR)
    settling = Settling(session)
    plays = queries.plays_of_sessions(settling.reading, [claims.session_id])
    settling.know(plays)
    for play in plays:
        play.flags = "withdrawn"
        settling.dirty.add(key_of(play))
    settling.settle()
    ids = [play.id for play in plays]
    mine = ListenEvent.session_id == claims.session_id
    session.execute(delete(Suspicion).where(Suspicion.play.in_(ids)))
    session.execute(delete(Play).where(Play.session_id == claims.session_id))
    session.execute(delete(Delivery).where(Delivery.session_id == claims.session_id))
    session.execute(delete(ListenEvent).where(mine, ListenEvent.kind.in_(_OF_PLAYS)))
    nobody = f"nobody:{secrets.token_urlsafe(12)}"
    session.execute(
        update(ListenEvent).where(mine).values(session_id=nobody, visitor_key=None, network_key=None)
    )


def _line(line: ListenEvent) -> dict[str, Any]:
    hosts = hosting.hosts_in(line.facts.get("flags", ()))
    known = {name: getattr(line, name) for name in ("country", "device", "os", "browser", "layout")}
    return {
        "kind": line.kind.name.lower(),
        "track": line.track_id or None,
        "received_at": to_rfc3339(line.received_at),
        "at_ms": line.at_ms,
        "heard": line.intervals,
        **{name: value for name, value in known.items() if value},
        **({"data_center": hosts[0]} if hosts else {}),
        "has_visitor_key": line.visitor_key is not None,
    }
