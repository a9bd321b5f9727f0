"""The visitor key of a request: the one that the player of its listening session reports under."""

from __future__ import annotations

from flask import current_app, request

from flexapp.listening import sessions
from flexapp.listening.visitors import NAMELESS, VisitorKeys, request_flags
from flexapp.web.context import services
from flexapp.web.network import address


def visitor_key_of(session_token: str | None) -> str | None:
    """16 hex digits, None for whoever asks not to be followed or was not asked yet.

    Without a token of ours it is the key of this browser on our own pages. Call it before anything is
    written: the day's first key may have to store the day's salt.
    """
    given, now = services(), services().clock.now()
    raw_days = given.settings.raw_days
    claims = sessions.read_report(given.signer, session_token or "", now, raw_days=raw_days)
    agent = request.headers.get("User-Agent", "")
    flags = request_flags(
        user_agent=agent,
        gpc=request.headers.get("Sec-GPC"),
        dnt=request.headers.get("DNT"),
        purpose=request.headers.get("Sec-Purpose"),
    )
    if NAMELESS & (flags | (claims.flags if claims else frozenset())):
        return None
    keys: VisitorKeys = current_app.extensions.setdefault("flexapp.visitor_keys", VisitorKeys(given.database))
    return keys.key_for(
        address=address(),
        user_agent=agent,
        host=claims.host if claims else "",
        minted_at=claims.minted_at if claims else now,
        now=now,
    )
