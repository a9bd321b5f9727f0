"""The eight beats of the demo go the whole way: upload, suggestions, previews with their voice tags."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from numpy.typing import NDArray

from flexapp.audio import voice_tag
from flexapp.audio.decoding import decode
from flexapp.audio.voice_tag import FIRST_AT, RATE, offsets, read_tag
from flexapp.catalog.queries import track_by_id
from flexapp.worker.runtime import Worker
from flexapp.workflows.services import Services
from tests.factories.people import bearer, make_api_token, make_person
from tests.factories.sounds import BEATS, without_tags

pytestmark = pytest.mark.slow
SCORES = json.loads((BEATS / "beats.json").read_text())


def found_at(preview: NDArray[np.float32], tag: NDArray[np.float32]) -> list[float]:
    """Seconds where the tag sounds: peaks of the normalized cross-correlation above 0.6."""
    size = 1 << (len(preview) + len(tag)).bit_length()
    likeness = np.fft.irfft(np.fft.rfft(preview, size) * np.conj(np.fft.rfft(tag, size)), size)
    energy = np.concatenate(([0.0], np.cumsum(preview.astype(np.float64) ** 2)))
    count = len(preview) - len(tag)
    norm = np.sqrt(energy[len(tag) : len(tag) + count] - energy[:count] + 1e-6) * np.sqrt((tag**2).sum())
    score = likeness[:count] / norm
    places = []
    while score.max() > 0.6:
        at = int(score.argmax())
        places.append(at / RATE)
        score[max(0, at - RATE) : at + RATE] = 0
    return sorted(places)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_all_eight_are_taken_heard_and_tagged(
    client: FlaskClient, services: Services, worker: Worker, tmp_path: Path
) -> None:
    with services.database.writing() as session:
        headers = bearer(make_api_token(session, make_person(session, name="Kaito")))
    tracks = {}
    for score in SCORES:
        made = client.post("/api/v1/tracks", json={"title": score["title"]}, headers=headers).get_json()
        answer = client.post(
            f"/api/v1/tracks/{made['id']}/files/master?filename={score['slug']}.mp3",
            data=without_tags(BEATS / f"{score['slug']}.mp3"),
            headers={**headers, "Content-Type": "audio/mpeg"},
        )
        assert answer.status_code == 201, answer.text
        tracks[score["slug"]] = made["id"]
    worker.run_once()
    tag = read_tag(voice_tag.SHIPPED)
    for score in SCORES:
        with services.database.reading() as session:
            track = track_by_id(session, tracks[score["slug"]])
        assert track is not None
        assert (track.processing, track.bpm) == ("ready", None)
        assert track.suggested_bpm is not None
        assert any(abs(track.suggested_bpm * factor / score["bpm"] - 1) < 0.01 for factor in (0.5, 1, 2))
        assert track.duration_ms == pytest.approx(score["seconds"] * 1000, abs=100)
        heard = client.get(f"/media/{track.id}.mp3")
        assert heard.status_code == 404
        client.post(f"/api/v1/tracks/{track.id}/publish", json={}, headers=headers)
        heard = client.get(f"/media/{track.id}.mp3")
        assert (heard.status_code, heard.mimetype) == (200, "audio/mpeg")
        assert not heard.data.startswith(b"ID3")
        path = tmp_path / "preview.mp3"
        path.write_bytes(heard.data)
        mid = np.concatenate([block.mean(axis=0) for block in decode(path, "mp3", rate=RATE, channels=2)])
        assert len(mid) / RATE == pytest.approx(track.duration_ms / 1000, abs=0.06)
        assert len(heard.data) * 8 / (len(mid) / RATE) == pytest.approx(128_000, rel=0.02)
        expected = offsets(track.duration_ms / 1000, len(tag) / RATE, every=15.0)
        assert expected[:3] == [FIRST_AT, FIRST_AT + 15, FIRST_AT + 30]
        assert found_at(mid, tag) == pytest.approx(expected, abs=0.005)
