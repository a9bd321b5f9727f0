"""Tracks: describe, license, publish."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from flexapp.api.license_types import minor_units
from flexapp.api.lineups import lineup_shapes
from flexapp.api.room import room
from flexapp.api.shapes.tracks import (
    LicenseChoices,
    LineupPage,
    PickableQuery,
    ProcessingState,
    PublishIn,
    Track,
    TrackIn,
    TrackLicense,
    TrackLicenses,
    TrackPage,
    TrackPatch,
    TrackQuery,
)
from flexapp.apps.queries import select_pickable_tracks
from flexapp.catalog import operations, processing, queries
from flexapp.catalog.models import Track as StoredTrack
from flexapp.catalog.models import Visibility
from flexapp.catalog.offers import choices_for
from flexapp.errors import Invalid
from flexapp.people.permissions import Permission, check
from flexapp.storage.paging import paginate
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person

tracks = room("tracks", "Tracks", "The sellable beats of a producer.")


class NotShown(Invalid):
    """Publishing shows a track: as published or unlisted."""

    code = "not_shown"


class TrackPath(BaseModel):
    """A track in the path."""

    track_id: str


def own(path: TrackPath) -> StoredTrack:
    """The caller's track; raises TrackNotFound for anybody else's."""
    return queries.own_track(db(), require_person(), path.track_id)


def shapes(rows: Sequence[StoredTrack]) -> list[Track]:
    """The shapes of the caller's tracks, their files read for all at once."""
    producer, base_url = require_person(), services().settings.base_url
    files = queries.deliverables_of(db(), [row.id for row in rows])
    return [Track.of(row, producer, files[row.id].values(), base_url) for row in rows]


def shape(row: StoredTrack) -> Track:
    """The shape of one of the caller's tracks."""
    return shapes([row])[0]


@tracks.get("/tracks", responses={200: TrackPage})
@allow(Access.TOKEN)
def list_tracks(query: TrackQuery) -> TrackPage:
    """The caller's tracks in every state, newest first."""
    page = paginate(
        db(),
        queries.tracks_of_select(
            require_person(), visibility=query.visibility, processing=query.processing, search=query.query
        ),
        key=(StoredTrack.created_at, StoredTrack.id),
        signer=services().signer,
        cursor=query.cursor,
        limit=query.limit,
    )
    return TrackPage(data=shapes(page.data), next_cursor=page.next_cursor)


@tracks.get("/tracks/pickable", responses={200: LineupPage})
@allow(Access.TOKEN)
def list_pickable_tracks(query: PickableQuery) -> LineupPage:
    """Published tracks of other producers who allow affiliate sales: what an app may pick."""
    page = paginate(
        db(),
        select_pickable_tracks(
            owner_id=require_person().id,
            text=query.query or "",
            genre=query.genre or "",
            bpm_min=query.bpm_min,
            bpm_max=query.bpm_max,
        ),
        key=(StoredTrack.published_at, StoredTrack.id),
        signer=services().signer,
        cursor=query.cursor,
        limit=query.limit,
    )
    return LineupPage(data=lineup_shapes(page.data), next_cursor=page.next_cursor)


@tracks.post("/tracks", responses={201: Track})
@allow(Access.TOKEN)
def create_track(body: TrackIn) -> tuple[Track, int]:
    """A new draft, waiting for its audio; it offers each of the caller's active license types."""
    producer = require_person()
    check(producer, Permission.UPLOAD)
    row = operations.create_track(
        db(),
        producer,
        title=body.title,
        genre=body.genre,
        mood=body.mood,
        tags=body.tags,
        bpm=body.bpm,
        key=body.key,
        description=body.description,
        now=services().clock.now(),
        settings=services().settings,
    )
    return shape(row), 201


@tracks.get("/tracks/<track_id>", responses={200: Track})
@allow(Access.TOKEN)
def get_track(path: TrackPath) -> Track:
    """One of the caller's tracks."""
    return shape(own(path))


@tracks.patch("/tracks/<track_id>", responses={200: Track})
@allow(Access.TOKEN)
def update_track(path: TrackPath, body: TrackPatch) -> Track:
    """Change what is given; a bpm of null is unknown. A new title brings a new address."""
    row = operations.update_track(
        db(),
        own(path),
        title=body.title,
        genre=body.genre,
        mood=body.mood,
        tags=body.tags,
        bpm=body.bpm,
        clear_bpm="bpm" in body.model_fields_set and body.bpm is None,
        key=body.key,
        description=body.description,
        now=services().clock.now(),
    )
    return shape(row)


@tracks.delete("/tracks/<track_id>", responses={204: None})
@allow(Access.TOKEN)
def delete_track(path: TrackPath) -> tuple[str, int]:
    """Take it away from everybody; licenses that were sold keep their files."""
    operations.delete_track(db(), own(path), now=services().clock.now())
    return "", 204


@tracks.get("/tracks/<track_id>/processing", responses={200: ProcessingState})
@allow(Access.TOKEN)
def get_processing(path: TrackPath) -> ProcessingState:
    """How far the work on its audio is; cheap, for polling."""
    return ProcessingState.of(own(path))


@tracks.post("/tracks/<track_id>/retry", responses={200: Track})
@allow(Access.TOKEN)
def retry_processing(path: TrackPath) -> Track:
    """Work on its audio again after a step failed."""
    row = own(path)
    processing.retry(db(), row, now=services().clock.now())
    return shape(row)


@tracks.post("/tracks/<track_id>/publish", responses={200: Track})
@allow(Access.TOKEN)
def publish_track(path: TrackPath, body: PublishIn) -> Track:
    """Show it to everybody, or unlisted to those who have the link; it appears once its preview is ready."""
    if body.visibility is Visibility.DRAFT:
        sentence = "Choose published or unlisted; unpublish makes it a draft."
        raise NotShown(sentence, fields={"visibility": sentence})
    return shape(operations.set_visibility(db(), own(path), body.visibility, now=services().clock.now()))


@tracks.post("/tracks/<track_id>/unpublish", responses={200: Track})
@allow(Access.TOKEN)
def unpublish_track(path: TrackPath) -> Track:
    """Make it a draft again: it leaves every lineup."""
    return shape(operations.set_visibility(db(), own(path), Visibility.DRAFT, now=services().clock.now()))


@tracks.get("/tracks/<track_id>/licenses", responses={200: TrackLicenses})
@allow(Access.TOKEN)
def list_track_licenses(path: TrackPath) -> TrackLicenses:
    """The active license types chosen for it, each with the reason when it cannot be offered."""
    return _licenses(own(path))


@tracks.put("/tracks/<track_id>/licenses", responses={200: TrackLicenses})
@allow(Access.TOKEN)
def set_track_licenses(path: TrackPath, body: LicenseChoices) -> TrackLicenses:
    """Offer exactly these license types, each at its own price or an override; one is the default."""
    row = own(path)
    choices = [
        operations.LicenseChoice(
            license_type_id=choice.license_type_id,
            price_override=None
            if choice.price_override is None
            else minor_units(choice.price_override, field="price_override"),
            is_default=choice.is_default,
        )
        for choice in body.licenses
    ]
    operations.set_track_licenses(db(), row, choices, settings=services().settings)
    return _licenses(row)


def _licenses(row: StoredTrack) -> TrackLicenses:
    chosen = {choice.license_type_id: choice for choice in queries.track_licenses_of(db(), row)}
    offers = choices_for(db(), row)
    return TrackLicenses(data=[TrackLicense.of(offer, chosen[offer.license_type.id]) for offer in offers])
