"""The listening session of one view: its token, minted with the document, and the load it stands for."""

from __future__ import annotations

from flask import current_app, request

from embed.parameters import Parameters
from embed.subjects import Subject, host_of
from flexapp.listening import loads, sessions
from flexapp.listening.visitors import request_flags
from flexapp.web.context import services


def session_token(subject: Subject, asked: Parameters, *, host: str) -> str:
    """The token of this view: which app, placement, channel and host, and what must not be kept."""
    own_host = host_of(services().settings.base_url)
    return sessions.mint(
        services().signer,
        app_id=subject.app.id if subject.app else "",
        placement_id=subject.placement.id if subject.placement else "",
        channel=subject.channel(host, own_host),
        host=host,
        now=services().clock.now(),
        flags=_flags(asked),
    )


def note_load(token: str) -> None:
    """Count a load: a document that a browser asked for as a frame (embed-spec 8.1)."""
    if request.headers.get("Sec-Fetch-Dest") != "iframe":
        return
    claims = sessions.read(services().signer, token, now=services().clock.now())
    if claims is not None:
        loads.record(current_app.extensions["flexapp.ingest"], claims)


def _flags(asked: Parameters) -> set[str]:
    headers = request.headers
    flags = request_flags(
        user_agent=headers.get("User-Agent", ""),
        gpc="1" if asked.dnt else headers.get("Sec-GPC"),
        dnt=headers.get("DNT"),
        purpose=headers.get("Sec-Purpose"),
    )
    if services().settings.count_all_plays:
        flags -= {"bot"}
    return {*flags, "preview"} if asked.preview else set(flags)
