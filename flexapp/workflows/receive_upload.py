"""A file has arrived whole on this disk: check it, store it, and set in motion what it is for.

Nothing is written to the database before the file was checked and lies among the objects; a process that
dies in between leaves at most an object that nobody names.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from flexapp.audio.refusals import refused
from flexapp.audio.runner import Bounds, run
from flexapp.catalog import operations, processing
from flexapp.catalog.models import DeliverableKind, Track, Upload, UploadKind
from flexapp.catalog.processing import StoredFile
from flexapp.catalog.queries import own_track, tracks_of
from flexapp.catalog.vocabulary import InvalidDescription, checked_bpm, checked_key
from flexapp.errors import Invalid, NotFound
from flexapp.kernel.ids import new_id
from flexapp.people.models import Person
from flexapp.people.permissions import Permission, check
from flexapp.workflows.services import Services
from flexapp.workflows.workspace import workspace

_CHECKING = Bounds(cpu_seconds=120, wall_seconds=240)
_UNPACKING = Bounds(cpu_seconds=180, wall_seconds=300)
_DRAWING = Bounds(cpu_seconds=30, wall_seconds=60)
_AUDIO_TYPES = {"wav": "audio/wav", "aiff": "audio/aiff", "flac": "audio/flac", "mp3": "audio/mpeg"}
MAX_COVER_BYTES = 20 * 1024 * 1024
MAX_VOICE_TAG_BYTES = 20 * 1024 * 1024


class TrackMissing(Invalid):
    """This kind of file belongs to a track, and none was named."""

    code = "track_missing"


@dataclass(frozen=True)
class ReceivedFile:
    """A file on this disk, named as its sender named it."""

    path: Path
    filename: str
    bytes: int
    sha256: str


def local_file(path: Path) -> ReceivedFile:
    """A file that lies here already (the demo's beats); it is left where it is."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1024 * 1024):
            digest.update(part)
    return ReceivedFile(path, path.name, path.stat().st_size, digest.hexdigest())


def limit_of(services: Services, kind: UploadKind) -> int:
    """How many bytes a file of this kind may have."""
    if kind is UploadKind.COVER:
        return MAX_COVER_BYTES
    return MAX_VOICE_TAG_BYTES if kind is UploadKind.VOICE_TAG else services.settings.max_upload_bytes


def receive_upload(
    services: Services,
    *,
    person_id: str,
    kind: UploadKind,
    file: ReceivedFile,
    track_id: str | None = None,
    title: str | None = None,
) -> Upload:
    """Take a master, stems, a cover or a voice tag; returns its record (``track_id`` says of which track).

    A master without a track makes a draft, described by the file's own tags and its name. Raises FileRefused
    with the reason, TrackNotFound for anybody else's track, Forbidden for who is no producer. No transaction
    may be open: checking takes seconds.
    """
    with services.database.reading() as session:
        person = _person(session, person_id)
        check(person, Permission.UPLOAD)
        if track_id is not None:
            own_track(session, person, track_id)
    if track_id is None and kind in (UploadKind.STEMS, UploadKind.COVER):
        raise TrackMissing("Say which track this file belongs to.")
    if file.bytes == 0:
        raise refused("empty_file")
    if file.bytes > (limit := limit_of(services, kind)):
        raise refused("too_large", found=f"{file.bytes / 1048576:,.0f}", most=f"{limit // 1048576:,}")
    upload = Upload(
        id=new_id("upl"),
        person_id=person_id,
        track_id=track_id,
        kind=kind,
        filename=file.filename[:255],
        bytes=file.bytes,
        sha256=file.sha256,
    )
    take = {
        UploadKind.MASTER: _take_master,
        UploadKind.STEMS: _take_stems,
        UploadKind.COVER: _take_cover,
        UploadKind.VOICE_TAG: _take_voice_tag,
    }[kind]
    take(services, upload, file, title)
    services.wake_worker()
    return upload


def _take_master(services: Services, upload: Upload, file: ReceivedFile, title: str | None) -> None:
    facts = run("check_master", file.path, bounds=_CHECKING, most_seconds=services.settings.max_audio_seconds)
    upload.facts = facts
    upload.object_key = f"uploads/{upload.id}/master.{facts['format']}"
    services.objects.put_file(upload.object_key, file.path, content_type=_AUDIO_TYPES[facts["format"]])
    with services.database.writing() as session:
        person = _person(session, upload.person_id)
        now = services.clock.now()
        if upload.track_id is None:
            track = operations.create_track(
                session, person, title=_title(title, facts["tags"], file), now=now, settings=services.settings
            )
            upload.track_id = track.id
        else:
            track = own_track(session, person, upload.track_id)
        _describe(track, facts["tags"])
        upload.created_at = now
        session.add(upload)
        session.flush()
        processing.queue(session, track, key=upload.id, now=now)


def _take_stems(services: Services, upload: Upload, file: ReceivedFile, _title: str | None) -> None:
    settings = services.settings
    upload.facts = run(
        "check_stems",
        file.path,
        bounds=_UNPACKING,
        limits={
            "packed": settings.max_upload_bytes,
            "unpacked": settings.max_stems_unpacked_bytes,
            "files": settings.max_stems_files,
        },
    )
    upload.object_key = f"uploads/{upload.id}/stems.zip"
    services.objects.put_file(upload.object_key, file.path, content_type="application/zip")
    with services.database.writing() as session:
        person, track, now = _own(services, session, upload)
        upload.created_at = now
        session.add(upload)
        stored = StoredFile(upload.object_key, file.bytes, file.sha256)
        processing.put_deliverable(session, track, DeliverableKind.STEMS, stored, artist=person.name, now=now)
        track.revision += 1


def _take_cover(services: Services, upload: Upload, file: ReceivedFile, _title: str | None) -> None:
    with workspace(services.settings, "cover") as folder:
        large, small = folder / "large.jpg", folder / "small.webp"
        upload.facts = run("make_cover", file.path, bounds=_DRAWING, large=str(large), small=str(small))
        upload.object_key = f"covers/{upload.track_id}/{upload.id}.jpg"
        small_key = f"covers/{upload.track_id}/{upload.id}.webp"
        services.objects.put_file(upload.object_key, large, content_type="image/jpeg")
        services.objects.put_file(small_key, small, content_type="image/webp")
    with services.database.writing() as session:
        _, track, now = _own(services, session, upload)
        upload.created_at = now
        session.add(upload)
        track.cover_key, track.cover_small_key = upload.object_key, small_key
        track.revision += 1


def _take_voice_tag(services: Services, upload: Upload, file: ReceivedFile, _title: str | None) -> None:
    with workspace(services.settings, "tag") as folder:
        made = folder / "tag.wav"
        upload.facts = run("make_voice_tag", file.path, bounds=_DRAWING, out=str(made))
        upload.object_key = f"voice-tags/{upload.person_id}/{upload.id}.wav"
        services.objects.put_file(upload.object_key, made, content_type="audio/wav")
    with services.database.writing() as session:
        person = _person(session, upload.person_id)
        upload.created_at = services.clock.now()
        session.add(upload)
        person.voice_tag_key = upload.object_key


def drop_voice_tag(services: Services, *, person_id: str) -> None:
    """Go back to the product's own tag; previews made from now on carry it."""
    with services.database.writing() as session:
        _person(session, person_id).voice_tag_key = None


def renew_previews(services: Services, *, person_id: str) -> int:
    """Work on every track of a producer again, so that each preview carries the tag of now."""
    now = services.clock.now()
    with services.database.writing() as session:
        person = _person(session, person_id)
        tracks = [track for track in tracks_of(session, person) if track.preview_key is not None]
        for track in tracks:
            processing.queue(session, track, key=new_id("job"), now=now)
    services.wake_worker()
    return len(tracks)


def retry_processing(services: Services, *, person_id: str, track_id: str) -> None:
    """Try failed work on a track again; raises NothingToRetry, TrackNotFound."""
    with services.database.writing() as session:
        track = own_track(session, _person(session, person_id), track_id)
        processing.retry(session, track, now=services.clock.now())
    services.wake_worker()


def _own(services: Services, session: Session, upload: Upload) -> tuple[Person, Track, Any]:
    person = _person(session, upload.person_id)
    assert upload.track_id is not None
    return person, own_track(session, person, upload.track_id), services.clock.now()


def _person(session: Session, person_id: str) -> Person:
    person = session.get(Person, person_id)
    if person is None or person.deleted_at is not None:
        raise NotFound("There is no such account.")
    return person


def _title(given: str | None, tags: dict[str, str], file: ReceivedFile) -> str:
    stem = Path(file.filename.replace("\\", "/")).stem
    from_name = " ".join(stem.replace("_", " ").replace("-", " ").split())
    if from_name.islower():
        from_name = from_name.title()
    return (given or tags.get("title") or from_name or "Untitled")[:120]


def _describe(track: Track, tags: dict[str, str]) -> None:
    """Fill what the producer left empty from the file's tags; what makes no sense there is left out."""
    if not track.genre:
        track.genre = tags.get("genre", "")[:60]
    try:
        if track.bpm is None and tags.get("bpm"):
            track.bpm = checked_bpm(float(tags["bpm"].replace(",", ".")))
    except (ValueError, InvalidDescription):
        track.bpm = None
    try:
        if not track.key and tags.get("key"):
            track.key = checked_key(tags["key"])
    except InvalidDescription:
        track.key = ""
