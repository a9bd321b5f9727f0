"""Tracks, license types and files, made in the state a test needs; no audio is processed."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from flexapp.catalog.license_templates import TEMPLATES
from flexapp.catalog.models import (
    Album,
    AlbumTrack,
    Deliverable,
    DeliverableKind,
    LicenseType,
    Processing,
    Track,
    TrackLicense,
    Visibility,
)
from flexapp.catalog.queries import license_types_of
from flexapp.gateways.ports import Objects
from flexapp.people.models import Person

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ALL_KINDS = tuple(DeliverableKind)
_count = itertools.count(1)
_TYPES = {
    DeliverableKind.MP3: "audio/mpeg",
    DeliverableKind.WAV: "audio/wav",
    DeliverableKind.STEMS: "application/zip",
}
_ENDS = {DeliverableKind.MP3: "mp3", DeliverableKind.WAV: "wav", DeliverableKind.STEMS: "zip"}


def make_license_type(session: Session, producer: Person, **fields: Any) -> LicenseType:
    """One license type; a basic lease at 29.99 unless told otherwise."""
    number = next(_count)
    values: dict[str, Any] = {
        "name": f"Lease {number}",
        "default_price": 2999,
        "currency": "usd",
        "terms": "You may release one song with this beat, and name the producer.",
        "caps": {"copies": 2000, "streams": 100_000, "videos": 1, "performances": 0, "term_months": 24},
        "deliverables": ["mp3"],
        "position": number,
        "created_at": NOON,
    }
    license_type = LicenseType(producer_id=producer.id, **{**values, **fields})
    session.add(license_type)
    session.flush()
    return license_type


def make_license_types(session: Session, producer: Person) -> list[LicenseType]:
    """The four ready ones: Basic 29.99, Premium 65.00, Trackout 149.00, Exclusive 499.00."""
    return [
        make_license_type(
            session,
            producer,
            name=template.name,
            default_price=template.price,
            terms=template.terms,
            caps=dict(template.caps),
            deliverables=[kind.value for kind in template.deliverables],
            is_exclusive=template.is_exclusive,
        )
        for template in TEMPLATES
    ]


def make_track(
    session: Session,
    producer: Person,
    *,
    license_types: Sequence[LicenseType] | None = None,
    files: Sequence[DeliverableKind] = ALL_KINDS,
    objects: Objects | None = None,
    **fields: Any,
) -> Track:
    """A published track, ready to play and to sell, with its files and license types (first is default).

    Without ``license_types`` the producer's are used, or the four ready ones are made. With ``objects``
    the preview, the peaks and every deliverable hold real bytes (a different small text each).
    """
    number = next(_count)
    values: dict[str, Any] = {
        "slug": f"beat-{number}",
        "title": f"Beat {number}",
        "genre": "Trap",
        "mood": "Dark",
        "tags": ["dark", "808"],
        "bpm": 140.0,
        "key": "F minor",
        "visibility": Visibility.PUBLISHED,
        "processing": Processing.READY,
        "processing_percent": 100,
        "duration_ms": 57_860,
        "loudness_lufs": -11.5,
        "peaks": "".join(f"{(place * 7 + number) % 256:02x}" for place in range(160)),
        "peaks_key": f"test/{number}/peaks.json",
        "preview_key": f"test/{number}/preview.mp3",
        "preview_bytes": 0,
        "master_lossless": DeliverableKind.WAV in files,
        "created_at": NOON,
        "published_at": NOON,
    }
    track = Track(producer_id=producer.id, **{**values, **fields})
    session.add(track)
    session.flush()
    _put_media(track, number, objects)
    for kind in files:
        make_deliverable(session, track, kind, objects=objects)
    chosen = license_types
    if chosen is None:
        chosen = license_types_of(session, producer, active_only=True) or make_license_types(
            session, producer
        )
    for place, license_type in enumerate(chosen):
        session.add(TrackLicense(track_id=track.id, license_type_id=license_type.id, is_default=place == 0))
    session.flush()
    return track


def make_deliverable(
    session: Session, track: Track, kind: DeliverableKind, *, objects: Objects | None = None
) -> Deliverable:
    """A file of a track; real bytes when ``objects`` are given."""
    data = f"{kind.value} of {track.id}\n".encode() * 50
    key = f"test/{track.id}/{kind.value}.{_ENDS[kind]}"
    if objects is not None:
        objects.put_bytes(key, data, content_type=_TYPES[kind])
    row = Deliverable(
        track_id=track.id,
        kind=kind,
        object_key=key,
        filename=f"{track.title}.{_ENDS[kind]}",
        content_type=_TYPES[kind],
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        created_at=NOON,
    )
    session.add(row)
    session.flush()
    return row


def _put_media(track: Track, number: int, objects: Objects | None) -> None:
    if objects is None or track.preview_key is None or track.peaks_key is None:
        return
    preview = bytes((place * number) % 251 for place in range(40_000))
    objects.put_bytes(track.preview_key, preview, content_type="audio/mpeg")
    objects.put_bytes(
        track.peaks_key,
        b'{"version":2,"channels":1,"sample_rate":44100,"samples_per_pixel":512,"bits":8,"length":1,"data":[-9,9]}',
        content_type="application/json",
    )
    track.preview_bytes = len(preview)


def make_album(
    session: Session, producer: Person, tracks: Sequence[Track], *, title: str = "Nights"
) -> Album:
    """An album of these tracks, in this order."""
    album = Album(producer_id=producer.id, slug=f"album-{next(_count)}", title=title, created_at=NOON)
    session.add(album)
    session.flush()
    places = enumerate(tracks)
    session.add_all(
        AlbumTrack(album_id=album.id, track_id=track.id, position=place) for place, track in places
    )
    session.flush()
    return album
