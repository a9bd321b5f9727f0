"""Files by key in a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flexapp.config import Settings
from flexapp.gateways.objects import SLICE, ObjectNotFound, ObjectsUnavailable, objects_from
from flexapp.gateways.ports import Objects


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return objects_from(Settings(home=tmp_path, objects_url=(tmp_path / "a folder").as_uri()))


def test_what_was_put_comes_back_whole_and_in_parts(objects: Objects, tmp_path: Path) -> None:
    data = os.urandom(3 * SLICE + 77)
    path = tmp_path / "source"
    path.write_bytes(data)
    objects.put_file("a/b/c.bin", path, content_type="application/octet-stream")
    assert objects.size("a/b/c.bin") == len(data)
    parts = list(objects.read("a/b/c.bin"))
    assert b"".join(parts) == data
    assert max(map(len, parts)) == SLICE
    assert b"".join(objects.read("a/b/c.bin", SLICE - 5, 10)) == data[SLICE - 5 : SLICE + 5]
    assert b"".join(objects.read("a/b/c.bin", len(data))) == b""
    objects.fetch_to("a/b/c.bin", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == data


def test_a_missing_object_is_missing_at_once_and_deleting_it_is_no_error(objects: Objects) -> None:
    for ask in (objects.size, objects.read):
        with pytest.raises(ObjectNotFound):
            ask("no/such")
    objects.delete("no/such")


def test_a_reader_that_stops_early_holds_no_file(objects: Objects) -> None:
    objects.put_bytes("x", bytes(5 * SLICE), content_type="text/plain")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(50):
        next(objects.read("x"))
    assert len(os.listdir("/proc/self/fd")) <= before + 1


@pytest.mark.parametrize("key", ["../x", "/etc/passwd", "a//b", "a/../b", "", "a\0b", "a\\b"])
def test_a_key_never_leaves_the_folder(objects: Objects, key: str) -> None:
    with pytest.raises(ValueError, match="object key"):
        objects.put_bytes(key, b"x", content_type="text/plain")
    with pytest.raises(ValueError, match="object key"):
        objects.read(key)


def test_the_check_leaves_nothing_behind(objects: Objects, tmp_path: Path) -> None:
    objects.check()
    assert [path for path in (tmp_path / "a folder").rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(ObjectsUnavailable):
        objects_from(Settings(home=tmp_path, objects_url=(blocked / "below").as_uri()))
    with pytest.raises(ObjectsUnavailable):
        objects_from(Settings(home=tmp_path, objects_url="ftp://example.com/x"))
