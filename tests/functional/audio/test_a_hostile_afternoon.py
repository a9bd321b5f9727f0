"""What nobody should send, sent to a real server: it stays up, says why, and stays small."""

from __future__ import annotations

import http.client
import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.sounds import BEATS, tone, wav_bytes
from tests.functional.audio.serving import MemoryWatch, ServerProcess, running

pytestmark = pytest.mark.slow
MEGABYTE = 1024 * 1024
GROWTH = 64 * MEGABYTE


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running(tmp_path_factory.mktemp("home")) as server:
        track = draft(server)
        assert send(server, track, "master", (BEATS / "cold-estate.mp3").read_bytes()).status_code == 201
        wait_ready(server, track)
        yield server


def draft(server: ServerProcess) -> str:
    answer = server.request("POST", "/api/v1/tracks", json={"title": "Hostile"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def send(server: ServerProcess, track: str, kind: str, data: object, filename: str = "beat.wav"):
    return server.request("POST", f"/api/v1/tracks/{track}/files/{kind}?filename={filename}", data=data)


def wait_ready(server: ServerProcess, track: str) -> dict[str, object]:
    for _ in range(600):
        state = server.request("GET", f"/api/v1/tracks/{track}").json()
        if state["processing"] in ("ready", "failed"):
            return state
        time.sleep(0.2)
    raise AssertionError(state)


def zeros(count: int) -> Iterator[bytes]:
    block = bytes(MEGABYTE)
    for _ in range(count):
        yield block


def is_up(server: ServerProcess) -> bool:
    return server.request("GET", "/api/v1/me").status_code == 200


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"a text file that somebody named beat.wav\n" * 100, "not_audio"),
        ((BEATS / "midnight-trap.flac").read_bytes()[:2_000_000], "truncated"),
        (b"", "empty_file"),
        (wav_bytes(tone(2, level=0)), "silent"),
    ],
)
def test_each_bad_master_is_refused_with_its_reason(server: ServerProcess, data: bytes, code: str) -> None:
    answer = send(server, draft(server), "master", data)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == code
    assert answer.json()["detail"].endswith(".")
    assert is_up(server)


def test_a_gigabyte_that_says_so_is_refused_before_it_is_read(server: ServerProcess) -> None:
    track = draft(server)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    with MemoryWatch(server) as memory:
        connection.putrequest("POST", f"/api/v1/tracks/{track}/files/master?filename=big.wav")
        connection.putheader("Authorization", f"Bearer {server.token}")
        connection.putheader("Content-Length", str(1024 * MEGABYTE))
        connection.endheaders()
        answer = connection.getresponse()
        problem = json.loads(answer.read())
    connection.close()
    assert (answer.status, problem["code"]) == (413, "upload_too_large")
    assert "1,024 MB" in problem["detail"]
    assert memory.growth < GROWTH
    assert is_up(server)


def test_a_gigabyte_without_a_length_is_cut_at_the_limit(server: ServerProcess) -> None:
    """Chunked: the sender hears 413, or finds the connection closed on it while it still pushes."""
    track = draft(server)
    with MemoryWatch(server) as memory:
        try:
            answer = send(server, track, "master", zeros(1024))
            assert answer.status_code == 413
        except OSError:
            pass
    assert memory.growth < GROWTH
    assert is_up(server)
    assert left_behind(server) == []


def test_a_file_of_almost_the_limit_is_streamed_to_disk(server: ServerProcess) -> None:
    track = draft(server)
    with MemoryWatch(server) as memory:
        answer = send(server, track, "master", zeros(480))
    assert (answer.status_code, answer.json()["code"]) == (422, "not_audio")
    assert memory.growth < GROWTH
    assert left_behind(server) == []


def test_a_zip_bomb_as_stems_is_refused(server: ServerProcess) -> None:
    target = io.BytesIO()
    with (
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("kick.wav", "w", force_zip64=True) as entry,
    ):
        entry.write(wav_bytes(tone(1)))
        for block in zeros(2200):
            entry.write(block)
    assert len(target.getvalue()) < 4 * MEGABYTE
    with MemoryWatch(server) as memory:
        answer = send(server, draft(server), "stems", target.getvalue(), "stems.zip")
    assert (answer.status_code, answer.json()["code"]) == (422, "zip_too_large")
    assert memory.growth < GROWTH
    assert is_up(server)


def test_a_connection_that_breaks_leaves_nothing(server: ServerProcess) -> None:
    track = draft(server)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("POST", f"/api/v1/tracks/{track}/files/master?filename=big.wav")
    connection.putheader("Authorization", f"Bearer {server.token}")
    connection.putheader("Content-Length", str(50 * MEGABYTE))
    connection.endheaders()
    connection.send(bytes(5 * MEGABYTE))
    connection.close()
    for _ in range(100):
        if not left_behind(server):
            break
        time.sleep(0.1)
    assert left_behind(server) == []
    assert is_up(server)


def test_killed_while_it_works_it_finishes_after_the_next_start(server: ServerProcess) -> None:
    track = draft(server)
    assert send(server, track, "master", (BEATS / "dusty-corner.flac").read_bytes()).status_code == 201
    for _ in range(200):
        state = server.request("GET", f"/api/v1/tracks/{track}").json()
        if state["processing"] == "running":
            break
        time.sleep(0.05)
    assert state["processing"] == "running"
    server.kill()
    server.start_again()
    assert wait_ready(server, track)["processing"] == "ready"


def left_behind(server: ServerProcess) -> list[Path]:
    """Folders of work that should have ended."""
    return list((server.home / "tmp").glob("upload-*"))
