"""Tracks: upload, describe, license, publish."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

from flexapp_sdk._protocol import Call, Upload, segment
from flexapp_sdk._transport import Progress
from flexapp_sdk.errors import ApiError, ProcessingFailed, ProcessingTimeout
from flexapp_sdk.models import LineupTrack, Money, Processing, Track, TrackLicense, Visibility
from flexapp_sdk.paging import Listing
from flexapp_sdk.resources._base import UNSET, Resource, Unset, given

_FIRST_LOOK, _LONGEST_LOOK = 0.25, 3.0


class Tracks(Resource):
    """Your tracks."""

    def list(
        self,
        *,
        visibility: str | None = None,
        processing: str | None = None,
        query: str | None = None,
        limit: int | None = None,
    ) -> Listing[Track]:
        """Yours, newest first; ``query`` looks in titles."""
        return self._list(
            Track, "/tracks", limit=limit, visibility=visibility, processing=processing, query=query
        )

    def pickable(
        self,
        *,
        query: str | None = None,
        genre: str | None = None,
        bpm_min: float | None = None,
        bpm_max: float | None = None,
        limit: int | None = None,
    ) -> Listing[LineupTrack]:
        """Published tracks of other producers who allow affiliate sales: what ``apps.add_pick`` takes."""
        return self._list(
            LineupTrack,
            "/tracks/pickable",
            limit=limit,
            query=query,
            genre=genre,
            bpm_min=bpm_min,
            bpm_max=bpm_max,
        )

    def get(self, track_id: str) -> Track:
        """One of yours."""
        return Track.model_validate(self._get(f"/tracks/{segment(track_id)}"))

    def create(
        self,
        *,
        title: str,
        genre: str | Unset = UNSET,
        mood: str | Unset = UNSET,
        tags: Iterable[str] | Unset = UNSET,
        bpm: float | Unset | None = UNSET,
        key: str | Unset = UNSET,
        description: str | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> Track:
        """A draft without audio; ``upload`` makes one with it."""
        body = given(
            title=title,
            genre=genre,
            mood=mood,
            tags=tags if isinstance(tags, Unset) else [*tags],
            bpm=bpm,
            key=key,
            description=description,
        )
        return Track.model_validate(self._send("POST", "/tracks", body, key=idempotency_key))

    def upload(
        self,
        path: str | os.PathLike[str],
        *,
        title: str | None = None,
        genre: str | Unset = UNSET,
        mood: str | Unset = UNSET,
        tags: Iterable[str] | Unset = UNSET,
        bpm: float | Unset | None = UNSET,
        key: str | Unset = UNSET,
        description: str | Unset = UNSET,
        cover: str | os.PathLike[str] | None = None,
        stems: str | os.PathLike[str] | None = None,
        progress: Progress | None = None,
    ) -> Track:
        """A new draft from a master (WAV, AIFF, FLAC or MP3), with its cover and stems if given.

        The files are streamed. ``title`` defaults to the file's name. Returns while the server
        still works on the audio: see ``wait_ready``. Raises UploadRefused with the reason, and
        takes the draft away again.
        """
        paths = {"master": path, "cover": cover, "stems": stems}
        files = [(kind, _file(one)) for kind, one in paths.items() if one is not None]
        track = self.create(
            title=title or _title(files[0][1]),
            genre=genre,
            mood=mood,
            tags=tags,
            bpm=bpm,
            key=key,
            description=description,
        )
        try:
            for kind, file in files:
                track = self.upload_file(track.id, kind, file, progress=progress)
        except ApiError:
            self.delete(track.id)
            raise
        return track

    def upload_file(
        self, track_id: str, kind: str, path: str | os.PathLike[str], *, progress: Progress | None = None
    ) -> Track:
        """Send a file of a track: ``master``, ``stems`` (a zip) or ``cover`` (an image)."""
        file = _file(path)
        call = Call(
            "POST",
            f"/tracks/{segment(track_id)}/files/{segment(kind)}",
            params={"filename": file.name},
            upload=Upload(file),
        )
        return Track.model_validate(self._client.request(call, progress=progress))

    def wait_ready(self, track_id: str, timeout: float = 300.0) -> Track:
        """Wait until preview and files are made.

        Raises ProcessingFailed with the step's reason, ProcessingTimeout after ``timeout`` seconds.
        """
        end = time.monotonic() + timeout
        pause = _FIRST_LOOK
        while True:
            track = self.get(track_id)
            if track.processing == Processing.READY:
                return track
            if track.processing == Processing.FAILED:
                raise ProcessingFailed(
                    track.processing_error or "The work on the audio failed.", track_id=track_id
                )
            left = end - time.monotonic()
            if left <= 0:
                raise ProcessingTimeout(
                    f"“{track.title}” is still {track.processing} after {timeout:g} s.",
                    track_id=track_id,
                )
            self._client.pause(min(pause, left))
            pause = min(_LONGEST_LOOK, pause * 1.5)

    def retry(self, track_id: str) -> Track:
        """Work on the audio again after it failed."""
        return Track.model_validate(self._send("POST", f"/tracks/{segment(track_id)}/retry"))

    def update(
        self,
        track_id: str,
        *,
        title: str | Unset = UNSET,
        genre: str | Unset = UNSET,
        mood: str | Unset = UNSET,
        tags: Iterable[str] | Unset = UNSET,
        bpm: float | Unset | None = UNSET,
        key: str | Unset = UNSET,
        description: str | Unset = UNSET,
    ) -> Track:
        """Change what is given."""
        body = given(
            title=title,
            genre=genre,
            mood=mood,
            tags=tags if isinstance(tags, Unset) else [*tags],
            bpm=bpm,
            key=key,
            description=description,
        )
        return Track.model_validate(self._send("PATCH", f"/tracks/{segment(track_id)}", body))

    def licenses(self, track_id: str) -> tuple[TrackLicense, ...]:
        """The license types of a track, each with the reason when it cannot be offered."""
        rows = self._get(f"/tracks/{segment(track_id)}/licenses")["data"]
        return tuple(TrackLicense.model_validate(row) for row in rows)

    def set_licenses(
        self,
        track_id: str,
        license_type_ids: Iterable[str],
        *,
        default: str | None = None,
        prices: dict[str, Money] | None = None,
    ) -> tuple[TrackLicense, ...]:
        """Offer exactly these license types; ``prices`` overrides by id, ``default`` is preselected."""
        ids = [*license_type_ids]
        chosen = default or (ids[0] if ids else None)
        body = {
            "licenses": [
                {
                    "license_type_id": one,
                    "price_override": _money((prices or {}).get(one)),
                    "is_default": one == chosen,
                }
                for one in ids
            ]
        }
        rows = self._send("PUT", f"/tracks/{segment(track_id)}/licenses", body)["data"]
        return tuple(TrackLicense.model_validate(row) for row in rows)

    def publish(self, track_id: str, *, unlisted: bool = False) -> Track:
        """Show it: to everybody, or to those who have the link."""
        visibility = Visibility.UNLISTED if unlisted else Visibility.PUBLISHED
        path = f"/tracks/{segment(track_id)}/publish"
        return Track.model_validate(self._send("POST", path, {"visibility": visibility}))

    def unpublish(self, track_id: str) -> Track:
        """Make it a draft again: it leaves every lineup."""
        return Track.model_validate(self._send("POST", f"/tracks/{segment(track_id)}/unpublish"))

    def delete(self, track_id: str) -> None:
        """Take it away; licenses that were sold stay valid."""
        self._send("DELETE", f"/tracks/{segment(track_id)}")


def _file(path: str | os.PathLike[str]) -> Path:
    file = Path(path).expanduser()
    if not file.is_file():
        raise FileNotFoundError(f"There is no file {file}.")
    return file


def _title(file: Path) -> str:
    words = " ".join(file.stem.replace("_", " ").replace("-", " ").split())
    return (words.title() if words.islower() else words)[:120] or "Untitled"


def _money(money: Money | None) -> dict[str, object] | None:
    return None if money is None else {"amount": money.amount, "currency": money.currency}
