"""Files sent through the SDK to the real app, and worked on by the real worker."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from flexapp_sdk import Conflict, Invalid, NotFound, ProcessingFailed, ProcessingTimeout, UploadRefused

from flexapp.catalog.models import Processing, Track
from flexapp.worker.runtime import Worker
from flexapp.workflows.services import Services
from tests.factories.people import bearer, make_api_token
from tests.sdk.conftest import Caller

BEATS = Path(__file__).resolve().parents[2] / "flexapp" / "demo" / "beats"
MASTER = BEATS / "dusty-corner.flac"
COVER = BEATS / "dusty-corner.jpg"


@pytest.mark.slow
def test_a_beat_is_uploaded_and_becomes_ready(ada: Caller, worker: Worker) -> None:
    told: list[tuple[int, int]] = []
    ada.sdk.license_types.add_templates()
    track = ada.sdk.tracks.upload(
        MASTER, title="Dusty corner", tags=["dusty"], cover=COVER, progress=lambda *sent: told.append(sent)
    )
    assert track.processing == "queued"
    assert track.cover_url
    assert (MASTER.stat().st_size, MASTER.stat().st_size) in told
    with pytest.raises(ProcessingTimeout):
        ada.sdk.tracks.wait_ready(track.id, timeout=0)
    worker.run_once()
    ready = ada.sdk.tracks.wait_ready(track.id, timeout=5)
    assert ready.is_ready
    assert ready.duration_seconds
    assert ready.suggested_bpm
    assert {file.kind for file in ready.files} == {"mp3", "wav"}
    assert [one.unavailable_reason is None for one in ada.sdk.tracks.licenses(track.id)] == [
        True,
        True,
        False,
        False,
    ]


def test_what_is_no_audio_is_refused_and_leaves_no_draft(ada: Caller, tmp_path: Path) -> None:
    text = tmp_path / "notes.wav"
    text.write_text("These are notes, not sound.\n" * 50)
    with pytest.raises(UploadRefused) as refused:
        ada.sdk.tracks.upload(text, title="Notes")
    assert refused.value.code == "not_audio"
    assert "no audio" in str(refused.value)
    (tmp_path / "empty.wav").touch()
    with pytest.raises(UploadRefused) as empty:
        ada.sdk.tracks.upload(tmp_path / "empty.wav")
    assert empty.value.code == "empty_file"
    assert list(ada.sdk.tracks.list()) == []


def test_a_missing_file_is_said_before_anything_is_made(ada: Caller) -> None:
    with pytest.raises(FileNotFoundError):
        ada.sdk.tracks.upload("/nowhere/beat.wav")
    assert list(ada.sdk.tracks.list()) == []


def test_stems_that_are_no_zip_are_refused(ada: Caller, tmp_path: Path) -> None:
    track = ada.sdk.tracks.create(title="Stemless")
    fake = tmp_path / "stems.zip"
    fake.write_bytes(b"PK not really")
    with pytest.raises(UploadRefused):
        ada.sdk.tracks.upload_file(track.id, "stems", fake)
    odd = tmp_path / "odd.zip"
    with zipfile.ZipFile(odd, "w") as file:
        file.writestr("readme.txt", "hello")
    with pytest.raises(UploadRefused) as refused:
        ada.sdk.tracks.upload_file(track.id, "stems", odd)
    assert refused.value.code == "zip_not_audio"


def test_kinds_and_tracks_that_do_not_exist_are_404(ada: Caller, bob: Caller) -> None:
    track = ada.sdk.tracks.create(title="Mine")
    with pytest.raises(NotFound) as kind:
        ada.sdk.tracks.upload_file(track.id, "video", COVER)
    assert kind.value.code == "file_kind_not_found"
    with pytest.raises(NotFound) as stranger:
        bob.sdk.tracks.upload_file(track.id, "cover", COVER)
    assert stranger.value.code == "track_not_found"


def test_a_cover_may_come_as_a_form(ada: Caller, app: Flask, services: Services) -> None:
    track = ada.sdk.tracks.create(title="Covered")
    with services.database.writing() as session:
        headers = bearer(make_api_token(session, ada.person))
    path = f"/api/v1/tracks/{track.id}/files/cover"
    answer = app.test_client().post(
        path, headers=headers, data={"file": (io.BytesIO(COVER.read_bytes()), "front.jpg")}
    )
    assert answer.status_code == 201, answer.text
    assert answer.json is not None
    assert answer.json["cover_url"].endswith(f"/media/{track.id}/cover.jpg")
    for data in ({}, {"image": (io.BytesIO(b"x"), "x.jpg")}):
        refused = app.test_client().post(path, headers=headers, data=data, content_type="multipart/form-data")
        assert refused.status_code == 422
        assert refused.json is not None
        assert refused.json["code"] == "file_missing"


def test_the_same_key_takes_a_file_once(ada: Caller, app: Flask, services: Services) -> None:
    track = ada.sdk.tracks.create(title="Covered")
    with services.database.writing() as session:
        headers = bearer(make_api_token(session, ada.person)) | {"Idempotency-Key": "cover-1"}
    path = f"/api/v1/tracks/{track.id}/files/cover?filename=front.jpg"
    client = app.test_client()
    first = client.post(path, headers=headers, data=COVER.read_bytes())
    again = client.post(path, headers=headers, data=COVER.read_bytes())
    other = client.post(path, headers=headers, data=(BEATS / "cold-estate.jpg").read_bytes())
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert other.json is not None
    assert other.json["code"] == "idempotency_key_reused"


def test_a_refused_file_gives_its_key_back(ada: Caller, app: Flask, services: Services) -> None:
    track = ada.sdk.tracks.create(title="Covered")
    with services.database.writing() as session:
        headers = bearer(make_api_token(session, ada.person)) | {"Idempotency-Key": "cover-1"}
    path = f"/api/v1/tracks/{track.id}/files/cover?filename=front.jpg"
    client = app.test_client()
    assert client.post(path, headers=headers, data=b"no image").status_code == 422
    assert client.post(path, headers=headers, data=COVER.read_bytes()).status_code == 201


def test_failed_work_is_said_and_tried_again(ada: Caller, services: Services) -> None:
    track = ada.sdk.tracks.create(title="Broken")
    with services.database.writing() as session:
        row = session.get_one(Track, track.id)
        row.processing = Processing.FAILED
        row.processing_error = "The decoder ran out of memory."
    with pytest.raises(ProcessingFailed, match="out of memory") as failed:
        ada.sdk.tracks.wait_ready(track.id, timeout=1)
    assert failed.value.track_id == track.id
    with pytest.raises(Conflict, match="nothing to repeat"):
        ada.sdk.tracks.retry(track.id)


def test_a_title_is_made_of_the_files_name(ada: Caller, tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        ada.sdk.tracks.create(title="x" * 121)
    named = tmp_path / "cold_estate-final.jpg"
    named.write_bytes(COVER.read_bytes())
    with pytest.raises(UploadRefused):
        ada.sdk.tracks.upload(named)
