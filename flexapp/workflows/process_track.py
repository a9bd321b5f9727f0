"""Work on a track's master: preview, waveform, files to hand over, suggestions.

May be killed at any moment and run again: it works in a folder of its own, stores every file whole under
the hash of its content, and changes the track in one transaction at the end.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from flexapp.audio import voice_tag
from flexapp.audio.refusals import FileRefused
from flexapp.audio.runner import AudioFailed, Bounds, run
from flexapp.catalog import processing
from flexapp.catalog.models import DeliverableKind
from flexapp.catalog.processing import Processed, StoredFile
from flexapp.errors import NotFound
from flexapp.people.models import Person
from flexapp.workflows.services import Services
from flexapp.workflows.workspace import workspace

_PRODUCING = Bounds(cpu_seconds=600, wall_seconds=1200)
_TELL_EVERY = 0.7
_TYPES = {
    "preview": ("preview.mp3", "audio/mpeg"),
    "peaks": ("peaks.json", "application/json"),
    "mp3": ("full.mp3", "audio/mpeg"),
    "wav": ("full.wav", "audio/wav"),
}
log = structlog.get_logger("flexapp.audio")


@dataclass(frozen=True)
class _Run:
    """What one run needs to know, read once at its beginning."""

    track_id: str
    upload_id: str
    master_key: str
    tag_key: str | None
    title: str
    artist: str


def process_track(services: Services, track_id: str) -> None:
    """Make everything from the newest master of a track; a refusal ends in ``failed`` with its sentence.

    Raises Upstream when objects cannot be read or stored: the job is tried again later.
    """
    began = _begin(services, track_id)
    if began is None:
        return
    try:
        with workspace(services.settings, "track") as folder:
            made = _made(services, began, folder)
    except FileRefused as error:
        _fail(services, began, error.message)
        return
    except AudioFailed as error:
        log.error("audio failed", track_id=track_id, exc_info=error)
        _fail(services, began, "The work on this file broke off on our side. Try it again.")
        return
    with services.database.writing() as session:
        processing.finish(session, track_id, made, artist=began.artist, now=services.clock.now())


def _begin(services: Services, track_id: str) -> _Run | None:
    with services.database.writing() as session:
        found = processing.begin(session, track_id)
        if found is None:
            return None
        track, master = found
        producer = session.get(Person, track.producer_id)
        assert producer is not None
        return _Run(
            track_id, master.id, master.object_key, producer.voice_tag_key, track.title, producer.name
        )


def _made(services: Services, began: _Run, folder: Path) -> Processed:
    master = folder / "master"
    services.objects.fetch_to(began.master_key, master)
    result = run(
        "produce",
        master,
        bounds=_PRODUCING,
        on_progress=_Teller(services, began.track_id),
        out=str(folder),
        tag=str(_tag(services, began, folder)),
        tag_every=services.settings.voice_tag_every_seconds,
        most_seconds=services.settings.max_audio_seconds,
        title=began.title,
        artist=began.artist,
    )
    stored = {name: _store(services, began.track_id, name, file) for name, file in result["files"].items()}
    return Processed(
        upload_id=began.upload_id,
        duration_ms=result["duration_ms"],
        loudness_lufs=result["loudness_lufs"],
        suggested_bpm=result["suggested_bpm"],
        suggested_key=result["suggested_key"],
        peaks=result["peaks"],
        is_lossless=result["facts"]["lossless"],
        waveform=stored["peaks"],
        preview=stored["preview"],
        deliverables={
            kind: stored[kind.value]
            for kind in (DeliverableKind.MP3, DeliverableKind.WAV)
            if kind.value in stored
        },
    )


def _store(services: Services, track_id: str, name: str, file: dict[str, Any]) -> StoredFile:
    filename, content_type = _TYPES[name]
    key = f"tracks/{track_id}/{file['sha256'][:24]}/{filename}"
    services.objects.put_file(key, Path(file["path"]), content_type=content_type)
    return StoredFile(key, file["bytes"], file["sha256"])


def _tag(services: Services, began: _Run, folder: Path) -> Path:
    if began.tag_key is None:
        return voice_tag.SHIPPED
    own = folder / "tag.wav"
    try:
        services.objects.fetch_to(began.tag_key, own)
    except NotFound:
        return voice_tag.SHIPPED
    return own


def _fail(services: Services, began: _Run, reason: str) -> None:
    with services.database.writing() as session:
        processing.fail(session, began.track_id, upload_id=began.upload_id, reason=reason)


class _Teller:
    """Writes progress down, at most every 0.7 s."""

    def __init__(self, services: Services, track_id: str) -> None:
        self._services, self._track_id = services, track_id
        self._told = 0.0

    def __call__(self, step: str, percent: int) -> None:
        now = time.monotonic()
        if now - self._told < _TELL_EVERY:
            return
        self._told = now
        with self._services.database.writing() as session:
            processing.note_progress(session, self._track_id, step=step, percent=percent)
