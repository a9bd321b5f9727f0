"""Every select of the catalog."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Select, cast, exists, func, or_, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from flexapp.catalog.models import (
    Album,
    AlbumTrack,
    Deliverable,
    DeliverableKind,
    LicenseType,
    Processing,
    Track,
    TrackLicense,
    Upload,
    UploadKind,
    Visibility,
)
from flexapp.errors import NotFound
from flexapp.people.models import OldSlug, Person


class TrackNotFound(NotFound):
    """There is no such track, or it is none of the caller's business."""

    code = "track_not_found"


class AlbumNotFound(NotFound):
    """There is no such album, or it is another producer's."""

    code = "album_not_found"


class LicenseTypeNotFound(NotFound):
    """There is no such license type, or it is another producer's."""

    code = "license_type_not_found"


def track_by_id(session: Session, track_id: str) -> Track | None:
    """The track, unless it was deleted."""
    track = session.get(Track, track_id)
    return track if track is not None and track.deleted_at is None else None


def track_by_slug(session: Session, slug: str) -> Track | None:
    """The track at a slug that it has now."""
    return session.scalars(select(Track).where(Track.slug == slug, Track.deleted_at.is_(None))).one_or_none()


def track_by_old_slug(session: Session, slug: str) -> Track | None:
    """The track that had this slug once: its page redirects."""
    target = session.scalars(
        select(OldSlug.target_id).where(OldSlug.kind == "track", OldSlug.slug == slug)
    ).one_or_none()
    return track_by_id(session, target) if target else None


def own_track(session: Session, producer: Person, track_id: str) -> Track:
    """The producer's track; raises TrackNotFound for anybody else's."""
    track = track_by_id(session, track_id)
    if track is None or track.producer_id != producer.id:
        raise TrackNotFound("There is no such track.")
    return track


def tracks_of(session: Session, producer: Person) -> list[Track]:
    """A producer's tracks in every state, newest first."""
    return list(
        session.scalars(tracks_of_select(producer).order_by(Track.created_at.desc(), Track.id.desc()))
    )


def album_by_id(session: Session, album_id: str) -> Album | None:
    """The album, unless it was deleted."""
    album = session.get(Album, album_id)
    return album if album is not None and album.deleted_at is None else None


def own_album(session: Session, producer: Person, album_id: str) -> Album:
    """The producer's album; raises AlbumNotFound for anybody else's."""
    album = album_by_id(session, album_id)
    if album is None or album.producer_id != producer.id:
        raise AlbumNotFound("There is no such album.")
    return album


def tracks_of_album(session: Session, album: Album) -> list[Track]:
    """Its tracks in order, without the deleted."""
    query = select(Track).join(AlbumTrack, AlbumTrack.track_id == Track.id)
    query = query.where(AlbumTrack.album_id == album.id, Track.deleted_at.is_(None))
    return list(session.scalars(query.order_by(AlbumTrack.position, Track.id)))


def tracks_of_select(
    producer: Person,
    *,
    visibility: Visibility | None = None,
    processing: Processing | None = None,
    search: str | None = None,
) -> Select[Track]:
    """The same as a select, for keyset pages by (created_at, id); ``search`` is part of a title."""
    query = select(Track).where(Track.producer_id == producer.id, Track.deleted_at.is_(None))
    if visibility is not None:
        query = query.where(Track.visibility == visibility)
    if processing is not None:
        query = query.where(Track.processing == processing)
    if search:
        query = query.where(Track.title.icontains(search.strip(), autoescape=True))
    return query


def tracks_by_ids(session: Session, ids: Iterable[str]) -> dict[str, Track]:
    """Tracks by id, without the deleted."""
    rows = session.scalars(select(Track).where(Track.id.in_(list(ids)), Track.deleted_at.is_(None)))
    return {track.id: track for track in rows}


def listed() -> ColumnElement[bool]:
    """The condition of ``standing.is_listed`` in SQL."""
    return (
        (Track.visibility == Visibility.PUBLISHED)
        & Track.preview_key.is_not(None)
        & Track.deleted_at.is_(None)
        & Track.sold_exclusively_at.is_(None)
    )


def public_tracks(
    session: Session,
    *,
    producer_id: str | None = None,
    except_producer_id: str | None = None,
    for_affiliates: bool = False,
    genre: str | None = None,
    mood: str | None = None,
    tag: str | None = None,
    bpm_from: float | None = None,
    bpm_to: float | None = None,
    search: str | None = None,
    limit: int = 50,
) -> list[Track]:
    """Listed tracks, newest first; ``for_affiliates`` leaves those whose producer allows affiliate sales.

    ``genre``, ``mood`` and ``tag`` match whole and without case, ``search`` is part of a title, a genre or
    the producer's name.
    """
    query = select(Track).join(Person, Person.id == Track.producer_id)
    query = query.where(listed(), Person.deleted_at.is_(None))
    if producer_id is not None:
        query = query.where(Track.producer_id == producer_id)
    if except_producer_id is not None:
        query = query.where(Track.producer_id != except_producer_id)
    if for_affiliates:
        query = query.where(Person.allows_affiliate_sales.is_(true()))
    for column, word in ((Track.genre, genre), (Track.mood, mood)):
        if word:
            query = query.where(func.lower(column) == word.lower())
    if tag:
        query = query.where(_has_tag(session, tag.lower()))
    if bpm_from is not None:
        query = query.where(Track.bpm >= bpm_from)
    if bpm_to is not None:
        query = query.where(Track.bpm <= bpm_to)
    if search:
        words = search.strip()
        query = query.where(
            or_(
                *(
                    column.icontains(words, autoescape=True)
                    for column in (Track.title, Track.genre, Person.name)
                )
            )
        )
    order = (Track.published_at.desc(), Track.id.desc())
    return list(session.scalars(query.order_by(*order).limit(limit)))


def license_types_of(session: Session, producer: Person, *, active_only: bool = False) -> list[LicenseType]:
    """A producer's license types in their order."""
    query = select(LicenseType).where(LicenseType.producer_id == producer.id)
    if active_only:
        query = query.where(LicenseType.is_active.is_(true()))
    return list(session.scalars(query.order_by(LicenseType.position, LicenseType.created_at, LicenseType.id)))


def own_license_type(session: Session, producer: Person, license_type_id: str) -> LicenseType:
    """The producer's license type; raises LicenseTypeNotFound for anybody else's."""
    license_type = session.get(LicenseType, license_type_id)
    if license_type is None or license_type.producer_id != producer.id:
        raise LicenseTypeNotFound("There is no such license type.")
    return license_type


def license_choices(session: Session, track_ids: Sequence[str]) -> list[tuple[TrackLicense, LicenseType]]:
    """What each of the tracks offers, active types only, in the producers' order."""
    query = (
        select(TrackLicense, LicenseType)
        .join(LicenseType, LicenseType.id == TrackLicense.license_type_id)
        .where(TrackLicense.track_id.in_(track_ids), LicenseType.is_active.is_(true()))
        .order_by(LicenseType.position, LicenseType.created_at, LicenseType.id)
    )
    return [(choice, license_type) for choice, license_type in session.execute(query)]


def track_licenses_of(session: Session, track: Track) -> list[TrackLicense]:
    """The choices of one track, inactive types included."""
    return list(session.scalars(select(TrackLicense).where(TrackLicense.track_id == track.id)))


def deliverables_of(
    session: Session, track_ids: Sequence[str]
) -> dict[str, dict[DeliverableKind, Deliverable]]:
    """The files that exist, by track and kind; every given track has an entry."""
    found: dict[str, dict[DeliverableKind, Deliverable]] = {track_id: {} for track_id in track_ids}
    for row in session.scalars(select(Deliverable).where(Deliverable.track_id.in_(track_ids))):
        found[row.track_id][row.kind] = row
    return found


def newest_upload(session: Session, track: Track, kind: UploadKind) -> Upload | None:
    """The last file of a kind that was sent for a track."""
    query = select(Upload).where(Upload.track_id == track.id, Upload.kind == kind)
    return session.scalars(query.order_by(Upload.created_at.desc(), Upload.id.desc()).limit(1)).one_or_none()


def newest_voice_tag(session: Session, producer_id: str) -> Upload | None:
    """The last own voice tag that a producer sent."""
    query = select(Upload).where(Upload.person_id == producer_id, Upload.kind == UploadKind.VOICE_TAG)
    return session.scalars(query.order_by(Upload.created_at.desc(), Upload.id.desc()).limit(1)).one_or_none()


def cover_sizes(session: Session, tracks: Iterable[Track]) -> dict[str, tuple[int, int]]:
    """How large the images were that covers were made from, in pixels, by track id, where it is known."""
    keys = {track.id: track.cover_key for track in tracks if track.cover_key}
    query = select(Upload.track_id, Upload.facts).where(
        Upload.track_id.in_(list(keys)),
        Upload.kind == UploadKind.COVER,
        Upload.object_key.in_(list(keys.values())),
    )
    rows = session.execute(query) if keys else ()
    return {
        track_id: (int(facts["width"]), int(facts["height"]))
        for track_id, facts in rows
        if track_id is not None and "width" in facts and "height" in facts
    }


def taken_slugs(session: Session, base: str, *, except_track_id: str | None) -> set[str]:
    """Slugs that begin with ``base`` and that another track has or had."""
    mine = except_track_id or ""
    now = session.scalars(
        select(Track.slug).where(Track.slug.startswith(base, autoescape=True), Track.id != mine)
    )
    once = session.scalars(
        select(OldSlug.slug).where(
            OldSlug.kind == "track",
            OldSlug.slug.startswith(base, autoescape=True),
            OldSlug.target_id != mine,
        )
    )
    return {*now, *once}


def old_slug_row(session: Session, slug: str) -> OldSlug | None:
    """The record of a slug that some track had."""
    return session.scalars(select(OldSlug).where(OldSlug.kind == "track", OldSlug.slug == slug)).one_or_none()


def _has_tag(session: Session, tag: str) -> ColumnElement[bool]:
    if session.get_bind().dialect.name == "postgresql":
        return cast(Track.tags, JSONB).contains([tag])
    values = func.json_each(Track.tags).table_valued("value")
    return exists(select(values.c.value).where(values.c.value == tag))
