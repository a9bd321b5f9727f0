"""Publishing: a document is rendered once and handed out to many, each with a session token of its own.

Flask's view and the lane hand out by the same code, so both say the same. Per view we read who asks
(site, flags, encoding, what the browser has already), mint the token and append it to the compressed
body. The entity tag is made of the document, the hour, and what the token says of the site: within the
hour a browser may show what it has, with the session it has.
"""

from __future__ import annotations

import hashlib
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from embed import refusals
from embed.documents import player_document, tail_of
from embed.encoding import Encoder, coding_of
from embed.parameters import Parameters
from embed.policy import document_headers
from embed.shelf import Key, Published, Shelf
from embed.subjects import Subject, host_of, subject_of
from flexapp import assets
from flexapp.apps.models import Channel
from flexapp.apps.queries import producers_of_picks
from flexapp.config import Env
from flexapp.listening import loads
from flexapp.listening.ingest import Ingest
from flexapp.listening.sessions import FLAGS, Minter, new_session_id
from flexapp.listening.visitors import request_flags
from flexapp.storage.revisions import EVERYTHING, revisions_of
from flexapp.web.headers import STRICT_TRANSPORT, origin_of
from flexapp.web.lane import Answer
from flexapp.web.problems import GIVEN_ID
from flexapp.workflows.services import Services

_HOUR_MS = 3_600_000
_SITES_EACH = 24  #: remembered for each document
_LONGEST_REFERER = 300
_LOOK_SECONDS = 1.0
_TOKEN = "TOKEN"  # noqa: S105
_HEAD, _FOOT = tail_of(_TOKEN).split(_TOKEN.encode())
_SAME = frozenset(
    {"Cache-Control", "Vary", "Access-Control-Allow-Origin", "Referrer-Policy", "X-Content-Type-Options"}
    | {"Cross-Origin-Resource-Policy", "Strict-Transport-Security"}
)


@dataclass(slots=True)
class _Site:
    """What the views of a document from one site, with the same flags, have in common in one hour."""

    hour: int
    host: str
    flags: frozenset[str]
    is_refused: bool
    minter: Minter
    tag: str
    headers: dict[str, list[tuple[str, str]]]  #: by coding; empty for none
    unchanged: list[tuple[str, str]]


class Publisher:
    """Publishes and hands out the documents of one process."""

    def __init__(self, services: Services, ingest: Ingest) -> None:
        self._services = services
        self._ingest = ingest
        self._now = services.clock.now
        self._own_origin = origin_of(services.settings.base_url)
        self._own_host = host_of(services.settings.base_url)
        self._shelf = Shelf()
        self._encoder = Encoder()
        self._revisions = revisions_of(services.database)
        self._revisions.tell(self._shelf.forget)
        self._counts_all = services.settings.count_all_plays
        self._secure = [STRICT_TRANSPORT] if services.settings.is_secure else []
        self._trusts_ids = bool(services.settings.trusted_proxies)
        # A developer builds scripts and styles beside a running server; a release never does.
        self._look_due = float("inf") if services.settings.env is Env.PRODUCTION else 0.0
        self._assets = ""

    def answer(self, environ: Mapping[str, Any]) -> Answer | None:
        """The lane's way: from memory, or None when somebody has to read the database."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return None
        found = self.find(_address(environ))
        return self.hand_out(found, environ) if found is not None else None

    def find(self, address: str) -> Published | None:
        """The document published under the address (path and query), if it is surely of now."""
        self._look_at_assets()
        return self._shelf.find(address) if self._revisions.are_known() else None

    def publish(
        self, session: Session, target: str, asked: Parameters, environ: Mapping[str, Any]
    ) -> Published:
        """The document for a target and parameters; rendered unless it is there. Raises PlayerGone."""
        self._look_at_assets()
        since = self._shelf.moment()
        may_use = self._revisions.are_known()
        subject = subject_of(session, self._services.signer, target, key=asked.key)
        placement_key = subject.placement.key if subject.placement else ""
        key = (target, replace(asked, key=placement_key))
        with self._shelf.turn(key):
            found = self._shelf.get(key) if may_use else None
            if found is None:
                found = self._render(session, subject, key)
                if may_use:
                    self._shelf.put(key, found, since=since)
        if asked.key == placement_key:  # others are looked up again each time: they may mean more later
            self._shelf.name(_address(environ), key)
        return found

    def hand_out(self, found: Published, environ: Mapping[str, Any]) -> Answer:
        """One view: status, headers and body."""
        get = environ.get
        now = self._now()
        milliseconds = int(now.timestamp() * 1000)
        referer = get("HTTP_REFERER", "")
        flags = request_flags(
            user_agent=get("HTTP_USER_AGENT", ""),
            gpc=get("HTTP_SEC_GPC"),
            dnt=get("HTTP_DNT"),
            purpose=get("HTTP_SEC_PURPOSE"),
        )
        site = found.views.get((referer, flags))
        if site is None or site.hour != milliseconds // _HOUR_MS:
            site = self._site(found, referer, flags, milliseconds // _HOUR_MS)
        found.used = milliseconds
        session_id = new_session_id()
        if site.is_refused:
            refusals.note(
                self._services.database, found.app_id, referer, now=now, placement_id=found.placement_id
            )
        elif get("HTTP_SEC_FETCH_DEST") == "iframe":
            loads.record(self._ingest, site.minter.claims(session_id, milliseconds, site.flags))
        named = ("X-Request-Id", f"req_{session_id}")
        if self._trusts_ids and GIVEN_ID.fullmatch(get("HTTP_X_REQUEST_ID", "")):
            named = ("X-Request-Id", get("HTTP_X_REQUEST_ID", ""))
        known = get("HTTP_IF_NONE_MATCH")
        if known is not None and site.tag in known:
            return "304 Not Modified", [*site.unchanged, named], b""
        coding = coding_of(get("HTTP_ACCEPT_ENCODING", ""))
        packed = found.packed.get(coding)
        if packed is None or not packed.is_small:
            packed = self._encoder.pack(found.document.body, coding, is_common=found.is_common)
            found.packed[coding] = packed
        token = site.minter.mint(session_id, milliseconds)
        body = packed.with_tail(b"%b%b%b" % (_HEAD, token, _FOOT))
        return "200 OK", [*site.headers[coding], ("Content-Length", str(len(body))), named], body

    def _render(self, session: Session, subject: Subject, key: Key) -> Published:
        asked = key[1]
        document = player_document(session, subject, asked, own_origin=self._own_origin)
        digest = hashlib.blake2b(document.body + document.policy.encode(), digest_size=9)
        said = (("gpc", asked.dnt), ("preview", asked.preview), ("script", asked.script))
        flags = {name for name, is_set in said if is_set}
        return Published(
            document=document,
            mark=digest.hexdigest(),
            needs=needs_of(session, subject),
            is_common=asked.is_common,
            app_id=subject.app.id if subject.app else "",
            placement_id=subject.placement.id if subject.placement else "",
            channel=subject.channel("", self._own_host),
            ancestors=subject.ancestors,
            flags=frozenset(flags),
        )

    def _site(self, found: Published, referer: str, viewer: frozenset[str], hour: int) -> _Site:
        flags = (viewer - {"bot"} if self._counts_all else viewer) | found.flags
        host = host_of(referer)
        letters = "".join(sorted(FLAGS[flag] for flag in flags))
        tag = f'W/"{found.mark}.{hour:x}.{zlib.crc32(f"{host} {letters}".encode()):x}"'
        fixed = [*document_headers(found.document.policy).items(), *self._secure, ("ETag", tag)]
        typed = [("Content-Type", "text/html; charset=utf-8"), *fixed]
        site = _Site(
            hour=hour,
            host=host,
            flags=flags,
            is_refused=refusals.is_refused(found.ancestors, referer, own_origin=self._own_origin),
            minter=Minter(
                self._services.signer,
                app_id=found.app_id,
                placement_id=found.placement_id,
                channel=Channel.PLATFORM_PAGE if host == self._own_host else found.channel,
                host=host,
                flags=flags,
            ),
            tag=tag,
            headers={
                coding: [*typed, ("Content-Encoding", coding)] if coding else typed
                for coding in ("br", "gzip", "")
            },
            unchanged=[pair for pair in fixed if pair[0] in _SAME or pair[0] == "ETag"],
        )
        if len(referer) <= _LONGEST_REFERER:
            if len(found.views) >= _SITES_EACH:
                found.views.clear()
            found.views[referer, viewer] = site
        return site

    def _look_at_assets(self) -> None:
        now = time.monotonic()
        if now < self._look_due:
            return
        self._look_due = now + _LOOK_SECONDS
        built = assets.asset("player.js")
        if built != self._assets:
            self._assets = built
            self._shelf.forget(frozenset({EVERYTHING}))


def needs_of(session: Session, subject: Subject) -> frozenset[str]:
    """Ids whose change may change the subject's document: see ``flexapp/apps/shown.py``."""
    needs = {subject.id, subject.owner.id}
    for track in subject.tracks:
        needs.update((track.id, track.producer_id))
    if subject.app is not None:
        needs.update((subject.app.id, subject.app.owner_id))
        needs.update(producers_of_picks(session, subject.app.id))
    return frozenset(needs)


def _address(environ: Mapping[str, Any]) -> str:
    return f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}"
