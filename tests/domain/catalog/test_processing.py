"""From a master to a track that plays and sells, and what happens when a step fails."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from flexapp.audio.refusals import FileRefused
from flexapp.catalog import processing
from flexapp.catalog.models import DeliverableKind, Processing, UploadKind
from flexapp.catalog.offers import offers_for
from flexapp.catalog.operations import add_license_templates, publish
from flexapp.catalog.queries import deliverables_of, license_types_of, own_track
from flexapp.errors import Forbidden
from flexapp.licensing.models import Download
from flexapp.people.models import Person, Role
from flexapp.worker.runtime import Worker
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.process_track import process_track
from flexapp.workflows.receive_upload import local_file, receive_upload, retry_processing
from flexapp.workflows.services import Services
from tests.factories import orders
from tests.factories.payments import MemoryPayments
from tests.factories.people import make_person
from tests.factories.sounds import BEATS, clicks, encoded, tone, wav_bytes, zip_bytes


def test_a_lossless_master_becomes_preview_mp3_and_wav(services, send, track_of, worker: Worker) -> None:
    track_id = send(BEATS / "midnight-trap.flac")
    assert track_of(track_id).processing is Processing.QUEUED
    worker.run_once()
    track = track_of(track_id)
    assert (track.processing, track.processing_percent, track.processing_error) == (
        Processing.READY,
        100,
        None,
    )
    assert track.master_lossless is True
    assert track.duration_ms == 57_857
    assert -16 < track.loudness_lufs < -10
    assert track.suggested_bpm == pytest.approx(140, rel=0.01)
    assert track.suggested_key == "F minor"
    assert len(bytes.fromhex(track.peaks)) == 160
    waveform = json.loads(b"".join(services.objects.read(track.peaks_key)))
    assert waveform["version"] == 2
    with services.database.reading() as session:
        files = deliverables_of(session, [track_id])[track_id]
    assert set(files) == {DeliverableKind.MP3, DeliverableKind.WAV}
    assert files[DeliverableKind.MP3].filename == "Kaito - Midnight Trap.mp3"
    for file in files.values():
        assert services.objects.size(file.object_key) == file.bytes
    assert services.objects.size(track.preview_key) == track.preview_bytes


def test_a_lossy_master_has_no_wav_and_its_tags_describe_it(services, send, track_of, worker: Worker) -> None:
    track_id = send(BEATS / "cold-estate.mp3")
    worker.run_once()
    track = track_of(track_id)
    assert (track.title, track.genre, track.bpm, track.key) == ("Cold Estate", "Drill", 142.0, "C# phrygian")
    assert track.master_lossless is False
    with services.database.reading() as session:
        assert set(deliverables_of(session, [track_id])[track_id]) == {DeliverableKind.MP3}


def test_only_licenses_whose_files_exist_are_offered(
    services, producer, send, track_of, worker: Worker
) -> None:
    with services.database.writing() as session:
        add_license_templates(session, producer, now=services.clock.now(), settings=services.settings)
    lossy = send(encoded(tone(4), "libmp3lame", "mp3"), name="lossy.mp3")
    lossless = send(wav_bytes(tone(4)), name="lossless.wav")
    send(zip_bytes({"kick.wav": wav_bytes(tone(1))}), UploadKind.STEMS, track_id=lossless)
    worker.run_once()
    with services.database.writing() as session:
        tracks = [own_track(session, producer, each) for each in (lossy, lossless)]
        for track in tracks:
            publish(session, track, now=services.clock.now())
        offers = offers_for(session, tracks)
    assert [offer.license_type.name for offer in offers[lossy]] == ["Basic lease"]
    assert [offer.license_type.name for offer in offers[lossless]] == [
        "Basic lease",
        "Premium lease",
        "Trackout lease",
        "Exclusive",
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"a text file named beat.wav\n" * 30, "not_audio"),
        (wav_bytes(tone(1))[:-4000], "truncated"),
        (wav_bytes(tone(1, level=0)), "silent"),
    ],
)
def test_what_is_refused_leaves_no_track_behind(services, producer, send, data: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        send(data, name="beat.wav")
    assert refusal.value.code == code
    with services.database.reading() as session:
        from flexapp.catalog.queries import tracks_of

        assert tracks_of(session, producer) == []
    assert not list((services.settings.home / "tmp").glob("*"))


def test_running_it_twice_changes_nothing(services, send, track_of, worker: Worker) -> None:
    track_id = send(wav_bytes(clicks(120, 8)), name="clicks.wav")
    worker.run_once()
    first = track_of(track_id)
    process_track(services, track_id)
    second = track_of(track_id)
    assert (second.preview_key, second.peaks_key) == (first.preview_key, first.peaks_key)
    assert second.processing is Processing.READY
    with services.database.reading() as session:
        assert len(deliverables_of(session, [track_id])[track_id]) == 2


def test_a_newer_master_wins_over_a_run_that_began_before_it(
    services, send, track_of, worker: Worker
) -> None:
    track_id = send(wav_bytes(tone(3)), name="first.wav")
    with services.database.writing() as session:
        _, master = processing.begin(session, track_id)
    send(wav_bytes(tone(5)), name="second.wav", track_id=track_id)
    with services.database.writing() as session:
        assert processing.fail(session, track_id, upload_id=master.id, reason="late") is False
    worker.run_once()
    assert track_of(track_id).duration_ms == 5_000


def test_a_failed_step_says_why_and_can_be_retried(
    services, producer, send, track_of, worker: Worker
) -> None:
    track_id = send(wav_bytes(tone(3)), name="beat.wav")
    with services.database.writing() as session:
        _, master = processing.begin(session, track_id)
        key, good = master.object_key, b"".join(services.objects.read(master.object_key))
    services.objects.put_bytes(key, good[:-5000], content_type="audio/wav")
    worker.run_once()
    track = track_of(track_id)
    assert track.processing is Processing.FAILED
    assert "cut off" in track.processing_error
    services.objects.put_bytes(key, good, content_type="audio/wav")
    retry_processing(services, person_id=producer.id, track_id=track_id)
    worker.run_once()
    assert track_of(track_id).processing is Processing.READY
    with pytest.raises(processing.NothingToRetry):
        retry_processing(services, person_id=producer.id, track_id=track_id)


def test_an_own_voice_tag_is_cleaned_and_mixed_in(services, producer, send, track_of, worker: Worker) -> None:
    track_id = send(wav_bytes(tone(20, hertz=220)), name="beat.wav")
    worker.run_once()
    before = track_of(track_id).preview_key
    send(wav_bytes(tone(1.0, hertz=900)), UploadKind.VOICE_TAG, name="tag.wav")
    from flexapp.workflows.receive_upload import drop_voice_tag, renew_previews

    assert renew_previews(services, person_id=producer.id) == 1
    worker.run_once()
    tagged = track_of(track_id).preview_key
    assert tagged != before
    drop_voice_tag(services, person_id=producer.id)
    renew_previews(services, person_id=producer.id)
    worker.run_once()
    assert track_of(track_id).preview_key == before


def test_a_voice_tag_of_nine_seconds_is_too_long(send) -> None:
    with pytest.raises(FileRefused) as refusal:
        send(wav_bytes(tone(9)), UploadKind.VOICE_TAG, name="tag.wav")
    assert refusal.value.code == "too_long"


def test_a_cover_hangs_in_two_sizes(services, send, track_of) -> None:
    track_id = send(BEATS / "cold-estate.mp3")
    send(BEATS / "cold-estate.jpg", UploadKind.COVER, track_id=track_id)
    track = track_of(track_id)
    assert services.objects.size(track.cover_small_key) <= 12 * 1024
    assert services.objects.size(track.cover_key) > 20_000


def test_who_is_no_producer_sends_nothing(services: Services, tmp_path: Path) -> None:
    with services.database.writing() as session:
        affiliate: Person = make_person(session, roles=(Role.AFFILIATE,))
    path = tmp_path / "beat.wav"
    path.write_bytes(wav_bytes(tone(1)))
    with pytest.raises(Forbidden):
        receive_upload(services, person_id=affiliate.id, kind=UploadKind.MASTER, file=local_file(path))


def test_a_paid_order_gets_the_files_it_was_promised_whatever_master_came_since(
    services, producer, send, worker: Worker
) -> None:
    payments = MemoryPayments(services.clock)
    services = replace(services, payments=payments)
    with services.database.writing() as session:
        add_license_templates(session, producer, now=services.clock.now(), settings=services.settings)
    track_id = send(wav_bytes(tone(4)), name="lossless.wav")
    worker.run_once()
    with services.database.writing() as session:
        track = own_track(session, producer, track_id)
        publish(session, track, now=services.clock.now())
        premium = next(one for one in license_types_of(session, producer) if one.name == "Premium lease")
        promised = {kind.value: row for kind, row in deliverables_of(session, [track_id])[track_id].items()}
    placed = orders.order(services, track, premium)
    send(encoded(tone(5), "libmp3lame", "mp3"), name="lossy.mp3", track_id=track_id)
    worker.run_once()
    with services.database.reading() as session:
        assert set(deliverables_of(session, [track_id])[track_id]) == {DeliverableKind.MP3}
    payments.pay(placed.checkout_session_id)
    complete_order(services, placed.id)
    with services.database.reading() as session:
        downloads = session.scalars(select(Download)).all()
    assert {file.kind: file.sha256 for file in downloads} == {
        kind: promised[kind].sha256 for kind in ("mp3", "wav")
    }
    for file in downloads:
        data = b"".join(services.objects.read(file.object_key))
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (file.sha256, file.bytes)
        assert file.filename == promised[file.kind].filename
