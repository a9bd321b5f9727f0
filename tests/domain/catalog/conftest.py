"""A producer and files of the demo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flexapp.catalog.models import UploadKind
from flexapp.catalog.queries import track_by_id
from flexapp.people.models import Person
from flexapp.workflows.receive_upload import local_file, receive_upload
from flexapp.workflows.services import Services
from tests.factories.people import make_person

Send = Callable[..., str]


@pytest.fixture
def producer(services: Services) -> Person:
    """Kaito; a second producer is the noise that no query may return."""
    with services.database.writing() as session:
        make_person(session, name="Somebody Else")
        return make_person(session, name="Kaito")


@pytest.fixture
def send(services: Services, producer: Person, tmp_path: Path) -> Send:
    """Send bytes or a path as a file of a kind; returns the track's id ("" for a voice tag)."""

    def sent(
        data: bytes | Path,
        kind: UploadKind = UploadKind.MASTER,
        *,
        name: str = "file",
        track_id: str | None = None,
    ) -> str:
        if isinstance(data, bytes):
            path = tmp_path / name
            path.write_bytes(data)
        else:
            path = data
        upload = receive_upload(
            services, person_id=producer.id, kind=kind, file=local_file(path), track_id=track_id
        )
        return upload.track_id or ""

    return sent


@pytest.fixture
def track_of(services: Services):
    """The track as it stands now."""

    def loaded(track_id: str):
        with services.database.reading() as session:
            return track_by_id(session, track_id)

    return loaded
