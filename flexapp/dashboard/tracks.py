"""A producer's tracks: the list with its drop zone, and one track's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from flexapp.catalog import operations, queries
from flexapp.catalog.models import DeliverableKind, Processing, Track, UploadKind, Visibility
from flexapp.catalog.offers import choices_for
from flexapp.catalog.standing import is_reachable
from flexapp.catalog.vocabulary import GENRES, KEYS, MOODS
from flexapp.dashboard import forms
from flexapp.errors import Conflict, Invalid
from flexapp.people.permissions import Permission, check
from flexapp.storage.paging import paginate
from flexapp.web.access import Access, allow
from flexapp.web.context import commit_now, db, services
from flexapp.web.identity import require_person
from flexapp.web.problems import status_of
from flexapp.workflows.receive_upload import retry_processing

blueprint = Blueprint("tracks", __name__, url_prefix="/producer-dashboard/tracks")
Answer = str | Response | tuple[str, int]
_PAGE = 50
_VIEWS = {"": "All", "published": "Published", "unlisted": "Unlisted", "draft": "Drafts"}


@blueprint.get("")
@allow(Access.SIGNED_IN)
def tracks_page() -> Answer:
    """Every track, newest first, with what each offers and how far its audio is."""
    me = require_person()
    check(me, Permission.UPLOAD)
    view = request.args.get("show", "")
    view = view if view in _VIEWS else ""
    query = queries.tracks_of_select(me, visibility=Visibility(view) if view else None)
    page = paginate(
        db(),
        query,
        key=(Track.created_at, Track.id),
        signer=services().signer,
        cursor=request.args.get("cursor"),
        limit=_PAGE,
    )
    return render_template(
        "dashboard/tracks/list.html",
        tracks=[row_of(track) for track in page.data],
        views=[(label, f"{blueprint.url_prefix}?show={key}", key == view) for key, label in _VIEWS.items()],
        view=view,
        next_url=url_for(".tracks_page", show=view or None, cursor=page.next_cursor)
        if page.next_cursor
        else "",
        first_url=url_for(".tracks_page", show=view or None) if request.args.get("cursor") else "",
        has_licenses=bool(queries.license_types_of(db(), me, active_only=True)),
        limits=_limits(),
    )


@blueprint.get("/<track_id>")
@allow(Access.SIGNED_IN)
def track_page(track_id: str) -> Answer:
    """One track: description, licenses and prices, files, cover, state."""
    return _page(queries.own_track(db(), require_person(), track_id))


@blueprint.post("/<track_id>")
@allow(Access.SIGNED_IN)
def save_track(track_id: str) -> Answer:
    """Change the description; a button beside the suggestions takes a tempo or a key along."""
    track = queries.own_track(db(), require_person(), track_id)

    def save() -> None:
        tempo = request.form.get("take_bpm")
        bpm = float(tempo) if tempo else forms.number("bpm")
        operations.update_track(
            db(),
            track,
            title=forms.text("title"),
            genre=forms.text("genre"),
            mood=forms.text("mood"),
            tags=request.form.get("tags", "").split(","),
            bpm=bpm,
            clear_bpm=bpm is None,
            key=request.form.get("take_key") or forms.text("key"),
            description=forms.text("description"),
            now=services().clock.now(),
        )

    return _saved(track, save, "The track is saved.")


@blueprint.post("/<track_id>/licenses")
@allow(Access.SIGNED_IN)
def save_licenses(track_id: str) -> Answer:
    """Choose what the track offers, at which price, and the default."""
    me = require_person()
    track = queries.own_track(db(), me, track_id)

    def save() -> None:
        chosen = set(request.form.getlist("offered"))
        default = request.form.get("default")
        operations.set_track_licenses(
            db(),
            track,
            [
                operations.LicenseChoice(
                    each.id,
                    price_override=forms.amount(f"price_{each.id}", each.currency),
                    is_default=each.id == default,
                )
                for each in queries.license_types_of(db(), me)
                if each.id in chosen
            ],
            settings=services().settings,
        )

    return _saved(track, save, "Licenses and prices are saved.", anchor="licenses")


@blueprint.post("/<track_id>/visibility")
@allow(Access.SIGNED_IN)
def save_visibility(track_id: str) -> Answer:
    """Draft, published or unlisted."""
    track = queries.own_track(db(), require_person(), track_id)
    wanted = request.form.get("visibility", "")
    sentences = {
        Visibility.PUBLISHED: "The track is published.",
        Visibility.UNLISTED: "The track opens for everybody with its link.",
        Visibility.DRAFT: "The track is a draft: only you see it.",
    }

    def save() -> None:
        if wanted not in set(Visibility):
            raise Invalid("Choose draft, published or unlisted.")
        operations.set_visibility(db(), track, Visibility(wanted), now=services().clock.now())

    return _saved(track, save, sentences.get(Visibility(wanted)) if wanted in set(Visibility) else "")


@blueprint.post("/<track_id>/retry")
@allow(Access.SIGNED_IN)
def retry(track_id: str) -> Answer:
    """Try failed work on the audio again."""
    retry_processing(services(), person_id=require_person().id, track_id=track_id)
    flash("The work on the audio begins again.", "good")
    return redirect(url_for(".track_page", track_id=track_id), 303)


@blueprint.post("/<track_id>/delete")
@allow(Access.SIGNED_IN)
def delete(track_id: str) -> Answer:
    """Take it away; licenses that were sold keep their files."""
    track = queries.own_track(db(), require_person(), track_id)
    operations.delete_track(db(), track, now=services().clock.now())
    commit_now()
    flash(f"“{track.title}” is deleted. Licenses that were sold stay valid.", "good")
    return redirect(url_for(".tracks_page"), 303)


def row_of(track: Track) -> dict[str, Any]:
    """What the list shows of a track; ``problems`` are reasons why nobody can buy it yet."""
    offers = choices_for(db(), track)
    open_offers = [offer for offer in offers if offer.unavailable_reason is None]
    cheapest = min(open_offers, key=lambda offer: offer.price, default=None)
    return {
        "track": track,
        "from_price": cheapest.money if cheapest else None,
        "offers": len(open_offers),
        "is_live": is_reachable(track),
        "is_working": track.processing in (Processing.QUEUED, Processing.RUNNING) and has_master(track),
        "has_failed": track.processing is Processing.FAILED,
        "waits_for_audio": track.preview_key is None and not has_master(track),
    }


def has_master(track: Track) -> bool:
    """Whether any audio was sent for it."""
    return queries.newest_upload(db(), track, UploadKind.MASTER) is not None


def _page(track: Track, *, status: int = 200, error: Invalid | Conflict | None = None) -> Answer:
    me = require_person()
    files = queries.deliverables_of(db(), [track.id])[track.id]
    types = queries.license_types_of(db(), me)
    chosen = {row.license_type_id: row for row in queries.track_licenses_of(db(), track)}
    reasons = {offer.license_type.id: offer.unavailable_reason for offer in choices_for(db(), track)}
    master = queries.newest_upload(db(), track, UploadKind.MASTER)
    stems = queries.newest_upload(db(), track, UploadKind.STEMS)
    page = render_template(
        "dashboard/tracks/track.html",
        track=track,
        row=row_of(track),
        form=request.form if error is not None and "title" in request.form else _form_of(track),
        errors=error.fields if error is not None else {},
        problem=error.message if error is not None else "",
        files=[files[kind] for kind in DeliverableKind if kind in files],
        missing=[kind for kind in DeliverableKind if kind not in files],
        master=master,
        stems=stems,
        licenses=[
            {"type": each, "choice": chosen.get(each.id), "reason": reasons.get(each.id)}
            for each in types
            if each.is_active or each.id in chosen
        ],
        tempos=_tempos(track),
        genres=GENRES,
        moods=MOODS,
        keys=_keys(track),
        limits=_limits(),
        base_url=services().settings.base_url,
    )
    return page if status == 200 else (page, status)


def _saved(track: Track, save: Callable[[], None], sentence: str | None, anchor: str = "") -> Answer:
    """Do it and come back to the page; when it is refused, show the page again with the reason."""
    try:
        save()
    except (Invalid, Conflict) as error:
        db().rollback()
        return _page(
            queries.own_track(db(), require_person(), track.id), status=status_of(error), error=error
        )
    flash(sentence or "Saved.", "good")
    return redirect(url_for(".track_page", track_id=track.id, _anchor=anchor or None), 303)


def _form_of(track: Track) -> dict[str, Any]:
    return {
        "title": track.title,
        "genre": track.genre,
        "mood": track.mood,
        "tags": ", ".join(track.tags),
        "bpm": f"{track.bpm:g}" if track.bpm is not None else "",
        "key": track.key,
        "description": track.description,
    }


def _tempos(track: Track) -> list[tuple[str, float, bool]]:
    """The suggestion with its half and its double: (label, value, whether it is taken)."""
    found = track.suggested_bpm
    if found is None:
        return []
    options = (("Half", found / 2), ("Suggested", found), ("Double", found * 2))
    return [
        (label, round(value, 2), track.bpm is not None and abs(track.bpm - value) < 0.05)
        for label, value in options
        if 20 <= value <= 400
    ]


def _keys(track: Track) -> list[tuple[str, str]]:
    known = KEYS if not track.key or track.key in KEYS else (*KEYS, track.key)
    return [("", "Unknown"), *((key, key) for key in known)]


def _limits() -> dict[str, int]:
    settings = services().settings
    return {
        "bytes": settings.max_upload_bytes,
        "megabytes": settings.max_upload_bytes // 1048576,
        "minutes": settings.max_audio_seconds // 60,
    }
