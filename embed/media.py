"""Previews, covers and waveforms for any page in the world; what is licensed is never reachable here.

``/media/<track>.mp3?s=<session token>`` counts the bytes it delivers to the token's session, and which of the
file they are: a play is proven with them. A session gets five times the file at most. Without a token it
plays as well and counts for nobody.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from flask import Blueprint, Response, request

from embed import artwork
from flexapp.catalog.models import Track
from flexapp.catalog.queries import TrackNotFound, track_by_id
from flexapp.catalog.standing import is_reachable
from flexapp.kernel.ids import is_id
from flexapp.listening import deliveries, sessions
from flexapp.listening.pieces import pieces_of
from flexapp.listening.quota import DeliveredEnough, Quota
from flexapp.listening.sessions import SessionClaims
from flexapp.web.access import Access, allow
from flexapp.web.context import services
from flexapp.web.ranges import Span, file_response
from flexapp.workflows.services import Services

blueprint = Blueprint("media", __name__)
_quota = Quota()

_PREVIEW = "private, max-age=3600, no-transform"
_FOR_GOOD = "public, max-age=31536000, immutable, no-transform"
_FOR_A_WHILE = "public, max-age=300, no-transform"


@blueprint.get("/media/<track_id>.mp3")
@allow(Access.STRANGER)
def preview(track_id: str) -> Response:
    """The tagged preview by ranges; who was listening when it was sold may go on to its end."""
    track = _track(track_id)
    sending = _sending(track.id)
    if not is_reachable(track, since=sending.since if sending else None) or track.preview_key is None:
        raise TrackNotFound("There is no such track.")
    size = track.preview_bytes or services().objects.size(track.preview_key)
    if sending is not None:
        sending.size = size
    response = file_response(
        services().objects,
        track.preview_key,
        size=size,
        etag=tag_of(track.preview_key),
        content_type="audio/mpeg",
        cache_control=_PREVIEW,
        on_sent=sending.sent if sending else None,
        on_closed=sending.over if sending else None,
    )
    if sending is not None and request.method == "GET":
        sending.begin(response)
    return _open(response)


@blueprint.get("/media/<track_id>/cover.<any(webp, jpg):kind>")
@allow(Access.STRANGER)
def cover(track_id: str, kind: str) -> Response:
    """The cover, 1200 JPEG or 192 WebP; drafts and sold tracks keep theirs, for dashboards and receipts."""
    track = _track(track_id)
    key = track.cover_small_key if kind == "webp" else track.cover_key
    if key is None:
        raise TrackNotFound("This track has no cover.")
    return _whole(key, "image/webp" if kind == "webp" else "image/jpeg")


@blueprint.get("/media/<track_id>/cover-512.jpg")
@allow(Access.STRANGER)
def medium_cover(track_id: str) -> Response:
    """The cover in 512 pixels, for the system's own controls."""
    key = _track(track_id).cover_key
    if key is None:
        raise TrackNotFound("This track has no cover.")
    response = Response(artwork.medium(services().objects.read, key), mimetype="image/jpeg")
    response.set_etag(tag_of(f"{key}@{artwork.MEDIUM}"))
    response.headers["Cache-Control"] = _FOR_GOOD if request.args.get("v") else _FOR_A_WHILE
    response.make_conditional(request)
    return _open(response)


@blueprint.get("/peaks/<track_id>.json")
@allow(Access.STRANGER)
def peaks(track_id: str) -> Response:
    """The waveform in audiowaveform's JSON, version 2, of whatever anybody may hear."""
    track = _track(track_id)
    if not is_reachable(track) or track.peaks_key is None:
        raise TrackNotFound("There is no such track.")
    return _whole(track.peaks_key, "application/json")


def tag_of(key: str) -> str:
    """An entity tag: keys name their content, so equal keys hold equal bytes."""
    return hashlib.sha256(key.encode()).hexdigest()[:24]


class _Sending:
    """One answer to a session: its bytes are taken from the quota, counted, and given back when unsent."""

    def __init__(self, serving: Services, claims: SessionClaims, track_id: str) -> None:
        self._serving, self._claims, self._track_id = serving, claims, track_id
        self._sent = self._promised = 0
        self.size = 0  #: of the preview

    @property
    def since(self) -> datetime:
        """When the session's document was handed out."""
        return self._claims.minted_at

    def sent(self, count: int, out: Span) -> None:
        """So many more bytes were taken, and this part is out; it runs when the request is over, too."""
        self._sent += count
        pieces = pieces_of(out.start, out.end, size=self.size)
        deliveries.record(self._serving, self._claims, self._track_id, count, pieces)

    def begin(self, response: Response) -> None:
        """Raises DeliveredEnough."""
        length = int(response.headers.get("Content-Length", 0))
        session_id = self._claims.session_id
        with self._serving.database.reading() as session:
            stored = deliveries.delivered(session, session_id, self._track_id)
        try:
            _quota.take(session_id, self._track_id, length, size=self.size, stored=stored)
        except DeliveredEnough:
            response.close()
            raise
        self._promised = length

    def over(self) -> None:
        """What was promised and not taken may be fetched later."""
        unsent, self._promised = self._promised - self._sent, 0
        if unsent > 0:
            _quota.give_back(self._claims.session_id, self._track_id, unsent)


def _sending(track_id: str) -> _Sending | None:
    """For the session of ``?s=``; None plays as well, and counts for nobody."""
    serving = services()
    claims = sessions.read(serving.signer, request.args.get("s", ""), serving.clock.now())
    return _Sending(serving, claims, track_id) if claims is not None else None


def _whole(key: str, content_type: str) -> Response:
    """With ``?v=`` the address belongs to one version and is kept for good."""
    return _open(
        file_response(
            services().objects,
            key,
            size=services().objects.size(key),
            etag=tag_of(key),
            content_type=content_type,
            cache_control=_FOR_GOOD if request.args.get("v") else _FOR_A_WHILE,
        )
    )


def _track(track_id: str) -> Track:
    """Read in a session of its own, closed before the first byte goes out."""
    if is_id(track_id, "trk"):
        with services().database.reading() as session:
            track = track_by_id(session, track_id)
            if track is not None:
                return track
    raise TrackNotFound("There is no such track.")


def _open(response: Response) -> Response:
    """Readable from every page, without credentials."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "Content-Range, Content-Length, ETag, Accept-Ranges"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Timing-Allow-Origin"] = "*"
    return response
