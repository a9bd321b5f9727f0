"""The states of the work on a track's audio: queued, running, ready or failed.

Each run is bound to the master it began with. When a newer one arrives meanwhile, the older run's end
changes nothing: the newer upload has its own job.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from flexapp.catalog.models import Deliverable, DeliverableKind, Processing, Track, Upload, UploadKind
from flexapp.catalog.queries import deliverables_of, newest_upload
from flexapp.errors import Conflict
from flexapp.kernel.ids import new_id
from flexapp.outbox.operations import enqueue

JOB = "track.process"


class NothingToRetry(Conflict):
    """The work on this track's audio is done or under way, or no audio was sent yet."""

    code = "nothing_to_retry"


@dataclass(frozen=True)
class StoredFile:
    """A file that lies among the objects."""

    key: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Processed:
    """What one run made of a master; times in milliseconds, ``peaks`` 320 hexadecimal digits."""

    upload_id: str
    duration_ms: int
    loudness_lufs: float | None
    suggested_bpm: float | None
    suggested_key: str | None
    peaks: str
    is_lossless: bool
    waveform: StoredFile
    preview: StoredFile
    deliverables: dict[DeliverableKind, StoredFile]


def queue(session: Session, track: Track, *, key: str, now: datetime) -> None:
    """Promise the work on a track's newest master; ``key`` names the reason, once each."""
    track.processing = Processing.QUEUED
    track.processing_step = "waiting"
    track.processing_percent = 0
    track.processing_error = None
    session.flush()
    enqueue(session, JOB, key=f"{JOB}:{track.id}:{key}", payload={"track_id": track.id}, run_at=now, now=now)


def retry(session: Session, track: Track, *, now: datetime) -> None:
    """Queue the work again after it failed; raises NothingToRetry in every other state."""
    if track.processing is not Processing.FAILED or newest_upload(session, track, UploadKind.MASTER) is None:
        raise NothingToRetry("There is nothing to repeat: only work that failed is tried again.")
    queue(session, track, key=new_id("job"), now=now)


def begin(session: Session, track_id: str) -> tuple[Track, Upload] | None:
    """Mark a run as begun; None when the track is gone or has no audio."""
    track = session.get(Track, track_id, with_for_update=True)
    if track is None or track.deleted_at is not None:
        return None
    master = newest_upload(session, track, UploadKind.MASTER)
    if master is None:
        return None
    track.processing = Processing.RUNNING
    track.processing_step = "fetching the file"
    track.processing_percent = 1
    track.processing_error = None
    session.flush()
    return track, master


def note_progress(session: Session, track_id: str, *, step: str, percent: int) -> None:
    """Show how far a run is."""
    session.execute(
        update(Track)
        .where(Track.id == track_id, Track.processing == Processing.RUNNING)
        .values(processing_step=step, processing_percent=percent)
    )


def fail(session: Session, track_id: str, *, upload_id: str, reason: str) -> bool:
    """End a run with the reason; the step that failed stays on record. False when it was overtaken."""
    track = _current(session, track_id, upload_id)
    if track is None:
        return False
    track.processing = Processing.FAILED
    track.processing_error = reason
    session.flush()
    return True


def finish(session: Session, track_id: str, made: Processed, *, artist: str, now: datetime) -> bool:
    """Hang everything a run made into the track, in one go. False when it was overtaken."""
    track = _current(session, track_id, made.upload_id)
    if track is None:
        return False
    track.duration_ms = made.duration_ms
    track.loudness_lufs = made.loudness_lufs
    track.suggested_bpm, track.suggested_key = made.suggested_bpm, made.suggested_key
    track.peaks, track.peaks_key = made.peaks, made.waveform.key
    track.preview_key, track.preview_bytes = made.preview.key, made.preview.bytes
    track.master_lossless = made.is_lossless
    _replace_deliverables(session, track, made.deliverables, artist=artist, now=now)
    track.processing = Processing.READY
    track.processing_step, track.processing_percent = "done", 100
    track.processing_error = None
    track.revision += 1
    session.flush()
    return True


def put_deliverable(
    session: Session, track: Track, kind: DeliverableKind, file: StoredFile, *, artist: str, now: datetime
) -> Deliverable:
    """Hand over this file from now on; licenses already sold keep the one they were sold with."""
    row = deliverables_of(session, [track.id])[track.id].get(kind)
    if row is None:
        row = Deliverable(track_id=track.id, kind=kind)
        session.add(row)
    row.object_key, row.bytes, row.sha256 = file.key, file.bytes, file.sha256
    row.filename = deliverable_filename(track, kind, artist)
    row.content_type = CONTENT_TYPES[kind]
    row.created_at = now
    session.flush()
    return row


CONTENT_TYPES = {
    DeliverableKind.MP3: "audio/mpeg",
    DeliverableKind.WAV: "audio/wav",
    DeliverableKind.STEMS: "application/zip",
}
_ENDINGS = {DeliverableKind.MP3: ".mp3", DeliverableKind.WAV: ".wav", DeliverableKind.STEMS: " stems.zip"}


def deliverable_filename(track: Track, kind: DeliverableKind, artist: str) -> str:
    """``Kaito - Cold Estate.mp3``, without what file systems refuse."""
    name = "".join("-" if mark in '\\/:*?"<>|' or not mark.isprintable() else mark for mark in track.title)
    maker = "".join("-" if mark in '\\/:*?"<>|' or not mark.isprintable() else mark for mark in artist)
    return f"{maker} - {name}"[:200].strip(" .") + _ENDINGS[kind]


def _replace_deliverables(
    session: Session,
    track: Track,
    files: dict[DeliverableKind, StoredFile],
    *,
    artist: str,
    now: datetime,
) -> None:
    made_here: Sequence[Any] = (DeliverableKind.MP3, DeliverableKind.WAV)
    for kind, row in deliverables_of(session, [track.id])[track.id].items():
        if kind in made_here and kind not in files:
            session.delete(row)
    for kind, file in files.items():
        put_deliverable(session, track, kind, file, artist=artist, now=now)


def _current(session: Session, track_id: str, upload_id: str) -> Track | None:
    track = session.get(Track, track_id, with_for_update=True)
    if track is None or track.deleted_at is not None:
        return None
    master = newest_upload(session, track, UploadKind.MASTER)
    return track if master is not None and master.id == upload_id else None
