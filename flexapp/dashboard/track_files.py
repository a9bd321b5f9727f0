"""The dashboard's files: uploads of scripts, how far the work on them is, previews, the voice tag."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from flexapp.audio import voice_tag
from flexapp.catalog import queries
from flexapp.catalog.models import Track, UploadKind
from flexapp.errors import NotFound
from flexapp.people import queries as people
from flexapp.people.permissions import Permission, check
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person
from flexapp.web.ranges import file_response
from flexapp.web.uploads import received
from flexapp.workflows.receive_upload import drop_voice_tag, limit_of, receive_upload, renew_previews

blueprint = Blueprint("track_files", __name__, url_prefix="/producer-dashboard/tracks")
_MOST_STATES = 50


class NoSuchFile(NotFound):
    """There is no such kind of file, or none was sent."""

    code = "file_not_found"


@blueprint.post("/upload/<kind>")
@allow(Access.SIGNED_IN)
def upload(kind: str) -> tuple[Response, int]:
    """The request's body as a master, stems, a cover or a voice tag; ``?track=`` and ``?filename=``.

    A master without a track becomes a draft. Answers the track's state, or a problem with its reason.
    """
    me = require_person()
    if kind not in set(UploadKind):
        raise NoSuchFile("Send a master, stems, a cover or a voice tag.")
    wanted = UploadKind(kind)
    with received(limit_of(services(), wanted)) as file:
        sent = receive_upload(
            services(), person_id=me.id, kind=wanted, file=file, track_id=request.args.get("track") or None
        )
    if sent.track_id is None:
        return jsonify({"track": None}), 201
    track = queries.own_track(db(), me, sent.track_id)
    return jsonify({"track": state_of(track)}), 201


@blueprint.get("/states.json")
@allow(Access.SIGNED_IN)
def states() -> Response:
    """How far the work on the tracks of ``?ids=a,b`` is; asked every two seconds while one is at work."""
    me = require_person()
    ids = request.args.get("ids", "").split(",")[:_MOST_STATES]
    found = queries.tracks_by_ids(db(), ids)
    answer = jsonify({"tracks": [state_of(track) for track in found.values() if track.producer_id == me.id]})
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/<track_id>/preview.mp3")
@allow(Access.SIGNED_IN)
def preview(track_id: str) -> Response:
    """The producer's own preview in every state, also of drafts; it counts for nothing."""
    track = queries.own_track(db(), require_person(), track_id)
    if track.preview_key is None:
        raise NoSuchFile("This track has no preview yet.")
    return file_response(
        services().objects,
        track.preview_key,
        size=services().objects.size(track.preview_key),
        etag=track.preview_key.split("/")[-2],
        content_type="audio/mpeg",
        cache_control="private, no-cache, no-transform",
    )


@blueprint.get("/voice-tag")
@allow(Access.SIGNED_IN)
def voice_tag_page() -> str:
    """Which tag previews carry, and how to send an own one."""
    me = require_person()
    check(me, Permission.UPLOAD)
    person = people.person_by_id(db(), me.id)
    assert person is not None
    own = queries.newest_voice_tag(db(), me.id) if person.voice_tag_key else None
    return render_template(
        "dashboard/tracks/voice_tag.html",
        own=own,
        tracks=sum(track.preview_key is not None for track in queries.tracks_of(db(), me)),
        first_at=voice_tag.FIRST_AT,
        every=services().settings.voice_tag_every_seconds,
        longest=voice_tag.LONGEST,
    )


@blueprint.get("/voice-tag.wav")
@allow(Access.SIGNED_IN)
def voice_tag_file() -> Response:
    """The tag that previews carry now."""
    person = people.person_by_id(db(), require_person().id)
    key = person.voice_tag_key if person else None
    if key is None:
        return Response(voice_tag.SHIPPED.read_bytes(), mimetype="audio/wav")
    return file_response(
        services().objects,
        key,
        size=services().objects.size(key),
        etag=key.rsplit("/", 1)[-1],
        content_type="audio/wav",
        cache_control="private, no-cache",
    )


@blueprint.post("/voice-tag/drop")
@allow(Access.SIGNED_IN)
def drop_own_tag() -> Response:
    """Back to the product's own tag."""
    drop_voice_tag(services(), person_id=require_person().id)
    flash("New previews carry Flexapp's own tag again.", "good")
    return redirect(url_for(".voice_tag_page"), 303)


@blueprint.post("/voice-tag/renew")
@allow(Access.SIGNED_IN)
def renew() -> Response:
    """Make every preview again with the tag of now."""
    count = renew_previews(services(), person_id=require_person().id)
    noun = "preview" if count == 1 else "previews"
    flash(f"{count} {noun} will carry this tag in a moment.", "good")
    return redirect(url_for(".voice_tag_page"), 303)


def state_of(track: Track) -> dict[str, Any]:
    """What scripts need to show progress."""
    return {
        "id": track.id,
        "title": track.title,
        "url": url_for("tracks.track_page", track_id=track.id),
        "processing": track.processing.value,
        "step": track.processing_step,
        "percent": track.processing_percent,
        "error": track.processing_error,
    }
