"""Publishing: a document is rendered once and handed out to many, each with a session token of its own.

Flask's view and the lane hand out by the same code, so both say the same. Per view we read who asks
(site, flags, encoding, what the browser has already), mint the token and append it to the compressed
body. The entity tag is made of the document, the hour, and what the token says of the site: within the
hour a browser may show what it has, with the session it has.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from embed import refusals
from embed.documents import player_document, tail_of
from embed.encoding import coding_of
from embed.parameters import Parameters
from embed.policy import document_headers
from embed.press import Press, Wish, needs_of
from embed.shelf import Key, Published, Shelf
from embed.subjects import Subject, host_of
from flexapp import assets
from flexapp.apps.models import Channel, FlexApp, Placement
from flexapp.config import Env
from flexapp.listening import loads
from flexapp.listening.ingest import Ingest
from flexapp.listening.sessions import FLAGS, Minter, new_session_id
from flexapp.listening.visitors import flags_of
from flexapp.storage.revisions import EVERYTHING
from flexapp.web.dimensions import dimensions_of
from flexapp.web.headers import STRICT_TRANSPORT, origin_of
from flexapp.web.lane import Answer
from flexapp.web.problems import GIVEN_ID
from flexapp.workflows.services import Services

_HOUR_MS = 3_600_000
_SITES_EACH = 24  #: remembered for each document
_LONGEST_REFERER = 300
_TOKEN = "TOKEN"  # noqa: S105
_HEAD, _FOOT = tail_of(_TOKEN).split(_TOKEN.encode())
_SAME = frozenset(
    {"Cache-Control", "Vary", "Access-Control-Allow-Origin", "Referrer-Policy", "X-Content-Type-Options"}
    | {"Cross-Origin-Resource-Policy", "Strict-Transport-Security"}
)


@dataclass(slots=True)
class _Site:
    """What the views of a document from one site, with the same flags, have in common in one hour."""

    until: int  #: the end of the hour, in Unix milliseconds
    flags: frozenset[str]
    is_refused: bool
    minter: Minter
    tail: bytes  #: the beginning of the last block and of its token
    tag: str
    headers: dict[str, list[tuple[str, str]]]  #: by coding; empty for none
    unchanged: list[tuple[str, str]]


class Publisher(Press[Published]):
    """Publishes and hands out the documents of one process."""

    def __init__(self, services: Services, ingest: Ingest) -> None:
        super().__init__(services, Shelf())
        self._ingest = ingest
        self._milliseconds = services.clock.milliseconds
        self._own_origin = origin_of(services.settings.base_url)
        self._own_host = host_of(services.settings.base_url)
        self._counts_all = services.settings.count_all_plays
        self._secure = [STRICT_TRANSPORT] if services.settings.is_secure else []
        self._trusts_ids = bool(services.settings.trusted_proxies)
        # A developer builds scripts and styles beside a running server; a release never does.
        self._is_developed = services.settings.env is not Env.PRODUCTION
        self._assets = ""

    def hand_out(self, found: Published, environ: Mapping[str, Any]) -> Answer:
        """One view: status, headers and body."""
        get = environ.get
        milliseconds = self._milliseconds()
        referer = get("HTTP_REFERER", "")
        viewer = flags_of(
            get("HTTP_USER_AGENT", ""), get("HTTP_SEC_GPC"), get("HTTP_DNT"), get("HTTP_SEC_PURPOSE")
        )
        site = found.views.get((referer, viewer))
        if site is None or site.until <= milliseconds:
            site = self._site(found, referer, viewer, milliseconds // _HOUR_MS)
        found.used = milliseconds
        found.times += 1
        session_id = new_session_id()
        if site.is_refused:
            self._note_refusal(found, referer)
        elif get("HTTP_SEC_FETCH_DEST") == "iframe" and environ["REQUEST_METHOD"] == "GET":
            claims = site.minter.claims(session_id, milliseconds, site.flags)
            seen_by = dimensions_of(environ, self._services.countries, claims.layout)
            loads.record(self._ingest, claims, seen_by)
        named = ("X-Request-Id", f"req_{session_id.decode()}")
        if self._trusts_ids and GIVEN_ID.fullmatch(get("HTTP_X_REQUEST_ID", "")):
            named = ("X-Request-Id", get("HTTP_X_REQUEST_ID", ""))
        known = get("HTTP_IF_NONE_MATCH")
        if known is not None and site.tag in known:
            return "304 Not Modified", [*site.unchanged, named], b""
        coding = coding_of(get("HTTP_ACCEPT_ENCODING", ""))
        packed = found.packed.get(coding)
        if packed is None or not packed.is_small:
            packed = self._pack(found, coding)
        body = packed.with_tail(site.tail, site.minter.mint(session_id, milliseconds), _FOOT)
        return "200 OK", [*site.headers[coding], ("Content-Length", str(len(body))), named], body

    def usual(self, app: FlexApp, placements: Iterable[Placement]) -> list[Wish]:
        """The app's own document, and each placement's as a pasted frame and as the loader's."""
        made = [Wish((app.id, Parameters()), [f"/embed/v1/{app.id}?"])]
        for placement in placements:
            for via, query in (("", ""), ("script", "via=script&")):
                asked = Parameters(key=placement.key, via=via)
                made.append(Wish((app.id, asked), [f"/embed/v1/{app.id}?{query}k={placement.key}"]))
        return made

    def _note_refusal(self, found: Published, referer: str) -> None:
        refusals.note(
            self._services.database,
            found.app_id,
            referer,
            now=self._services.clock.now(),
            placement_id=found.placement_id,
        )

    def _is_current(self) -> bool:
        if self._is_developed:
            built = assets.asset("player.js")
            if built != self._assets:
                self._assets = built
                self._forget(frozenset({EVERYTHING}))
        return super()._is_current()

    def _make(self, session: Session, subject: Subject, key: Key) -> Published:
        asked = key[1]
        document = player_document(session, subject, asked, own_origin=self._own_origin)
        digest = hashlib.blake2b(document.body + document.policy.encode(), digest_size=9)
        asks = subject.app is not None and subject.app.consent_required
        said = (
            ("gpc", asked.dnt),
            ("preview", asked.preview),
            ("script", asked.via == "script"),
            ("ask", asks),
        )
        flags = {name for name, is_set in said if is_set}
        return Published(
            document=document,
            mark=digest.hexdigest(),
            body=document.body,
            needs=needs_of(session, subject),
            is_common=asked.is_common,
            app_id=subject.app.id if subject.app else "",
            placement_id=subject.placement.id if subject.placement else "",
            channel=subject.channel(asked.via),
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
        minter = Minter(
            self._services.signer,
            app_id=found.app_id,
            placement_id=found.placement_id,
            channel=Channel.PLATFORM_PAGE if host == self._own_host else found.channel,
            host=host,
            flags=flags,
            layout=found.document.layout,
        )
        site = _Site(
            until=(hour + 1) * _HOUR_MS,
            flags=flags,
            is_refused=refusals.is_refused(found.ancestors, referer, own_origin=self._own_origin),
            minter=minter,
            tail=_HEAD + minter.beginning,
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
