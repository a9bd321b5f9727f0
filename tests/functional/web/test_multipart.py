"""Files sent as forms: streamed to disk, with nothing large in memory whatever the form holds."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flexapp.workflows.services import Services
from tests.factories.catalog import make_track
from tests.factories.people import bearer, make_api_token, make_person
from tests.factories.sounds import BEATS, tone, wav_bytes

BOUNDARY = b"flexapp-test"
MEGABYTE = 1024 * 1024
COVER = BEATS / "cold-estate.jpg"


class Sent:
    """A body made while it is read; ``taken`` counts what was."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._rest, self.taken = parts, b"", 0

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._rest = part
        size = len(self._rest) if size < 0 else size
        out, self._rest = self._rest[:size], self._rest[size:]
        self.taken += len(out)
        return out


Post = Callable[..., TestResponse]


@pytest.fixture
def post(client: FlaskClient, services: Services) -> Post:
    """Send a body as a form to a track's files."""
    with services.database.writing() as session:
        ada = make_person(session)
        track = make_track(session, ada)
        headers = bearer(make_api_token(session, ada))

    def send(body: Sent, length: int, kind: str = "master") -> TestResponse:
        return client.post(
            f"/api/v1/tracks/{track.id}/files/{kind}",
            headers=headers,
            environ_overrides={
                "wsgi.input": body,
                "CONTENT_LENGTH": str(length),
                "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY.decode()}",
            },
        )

    return send


def part(head: bytes, data: bytes) -> bytes:
    return b"--" + BOUNDARY + b"\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + data + b"\r\n"


def form(*parts: bytes) -> tuple[Sent, int]:
    body = b"".join([*parts, b"--" + BOUNDARY + b"--\r\n"])
    return Sent(iter([body])), len(body)


@pytest.mark.parametrize(
    "head",
    [
        b'Content-Disposition: form-data; name="file"\r\n\r\n',
        b'Content-Disposition: form-data; name="note"\r\n\r\n',
        b"X-Long: ",
    ],
)
def test_a_large_part_without_a_filename_is_refused_before_it_is_read(post: Post, head: bytes) -> None:
    def endless() -> Iterator[bytes]:
        yield b"--" + BOUNDARY + b"\r\n" + head
        for _ in range(100 * 16):
            yield b"x" * (MEGABYTE // 16)

    body = Sent(endless())
    answer = post(body, 100 * MEGABYTE)
    assert answer.status_code == 413
    assert answer.get_json()["code"] == "upload_too_large"
    assert "64 KB in any other" in answer.get_json()["detail"]
    assert body.taken < MEGABYTE // 4


def test_many_parts_are_refused(post: Post) -> None:
    assert post(*form(*(part(b'name="x"', b"1") for _ in range(9)))).status_code == 413


def test_a_large_file_beside_a_small_field_is_taken(post: Post) -> None:
    data = wav_bytes(tone(30.0))
    assert len(data) > 2 * MEGABYTE
    answer = post(*form(part(b'name="note"', b"n" * 40_000), part(b'name="file"; filename="beat.wav"', data)))
    assert answer.status_code == 201, answer.text


def test_bytes_that_look_like_boundaries_come_through(post: Post) -> None:
    """Line ends at every place of a read, and beginnings of the boundary that are none."""
    cover = COVER.read_bytes() + (b"\r\n--" + BOUNDARY[:-1]) * 3000 + secrets.token_bytes(200_000)
    answer = post(*form(part(b'name="file"; filename="front.jpg"', cover)), kind="cover")
    assert answer.status_code == 201, answer.text


def test_a_form_without_a_boundary_is_refused(client: FlaskClient, services: Services) -> None:
    with services.database.writing() as session:
        ada = make_person(session)
        track = make_track(session, ada)
        headers = bearer(make_api_token(session, ada))
    answer = client.post(
        f"/api/v1/tracks/{track.id}/files/cover",
        headers=headers,
        data=b"--x--",
        content_type="multipart/form-data",
    )
    assert (answer.status_code, answer.get_json()["code"]) == (422, "upload_broken")
