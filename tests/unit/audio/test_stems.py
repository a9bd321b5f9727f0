"""Zips of stems: honest ones pass, bombs and tricks do not."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from flexapp.audio.refusals import FileRefused
from flexapp.audio.stems import StemLimits, check_stems
from tests.factories.sounds import BEATS, tone, wav_bytes, zip_bytes

MEGABYTE = 1024 * 1024
LIMITS = StemLimits(packed=500 * MEGABYTE, unpacked=2048 * MEGABYTE, files=64)
STEM = wav_bytes(tone(0.5))


def refusal_of(folder: Path, data: bytes, limits: StemLimits = LIMITS) -> str:
    path = folder / "stems.zip"
    path.write_bytes(data)
    with pytest.raises(FileRefused) as refusal:
        check_stems(path, limits)
    return refusal.value.code


def test_the_stems_of_the_demo_pass(tmp_path: Path) -> None:
    path = tmp_path / "stems.zip"
    names = [f"midnight-trap.{part}.flac" for part in ("bass", "drums", "melody")]
    path.write_bytes(zip_bytes({name: (BEATS / name).read_bytes() for name in names}))
    facts = check_stems(path, LIMITS)
    assert [file["name"] for file in facts["files"]] == names
    assert {file["format"] for file in facts["files"]} == {"flac"}
    assert facts["files"][0]["seconds"] == pytest.approx(57.86, abs=0.01)


def test_what_a_mac_adds_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "stems.zip"
    path.write_bytes(
        zip_bytes(
            {"Stems/kick.wav": STEM, "__MACOSX/Stems/._kick.wav": b"\0\5", "Stems/.DS_Store": b"\0\0\0\1Bud1"}
        )
    )
    assert len(check_stems(path, LIMITS)["files"]) == 1


@pytest.mark.parametrize(
    "name", ["../kick.wav", "/etc/kick.wav", "a/../../kick.wav", "C:/kick.wav", "kick.wav ", "..\\kick.wav"]
)
def test_names_that_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    assert refusal_of(tmp_path, zip_bytes({name: STEM})) == "zip_unsafe_name"


def test_a_link_is_refused(tmp_path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        entry = zipfile.ZipInfo("kick.wav")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    assert refusal_of(tmp_path, target.getvalue()) == "zip_unsafe_name"


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    assert refusal_of(tmp_path, zip_bytes({"kick.wav": STEM, "KICK.wav": STEM})) == "zip_unsafe_name"


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    assert refusal_of(tmp_path, zip_bytes({f"{n}.wav": STEM for n in range(65)})) == "zip_too_many_files"


def test_a_directory_of_many_thousands_is_refused_before_it_is_read(tmp_path: Path) -> None:
    data = zip_bytes({f"{n}.wav": b"" for n in range(3000)}, compression=zipfile.ZIP_STORED)
    assert refusal_of(tmp_path, data) == "zip_too_many_files"


def test_a_text_among_stems_is_refused_by_name(tmp_path: Path) -> None:
    assert refusal_of(tmp_path, zip_bytes({"kick.wav": STEM, "readme.txt": b"hello"})) == "zip_not_audio"


def test_a_zip_in_a_zip_is_no_stem(tmp_path: Path) -> None:
    assert refusal_of(tmp_path, zip_bytes({"more.zip": zip_bytes({"kick.wav": STEM})})) == "zip_not_audio"


def test_a_cut_stem_is_refused_by_name(tmp_path: Path) -> None:
    assert refusal_of(tmp_path, zip_bytes({"kick.wav": STEM[:-500]})) == "zip_stem_damaged"


def test_an_empty_zip_and_no_zip_are_refused(tmp_path: Path) -> None:
    assert refusal_of(tmp_path, zip_bytes({})) == "zip_empty"
    assert refusal_of(tmp_path, b"Rar!\x1a\x07") == "not_a_zip"
    assert refusal_of(tmp_path, b"") == "empty_file"
    assert refusal_of(tmp_path, zip_bytes({"kick.wav": STEM})[:-30]) == "zip_damaged"


def test_what_unpacks_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    small = StemLimits(packed=MEGABYTE, unpacked=MEGABYTE, files=64)
    bomb = zip_bytes({"silence.wav": wav_bytes(tone(1.0, level=0), bits=16) + bytes(40 * MEGABYTE)})
    assert len(bomb) < 100_000
    assert refusal_of(tmp_path, bomb, small) == "zip_too_large"


def test_a_bomb_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    """The directory and the entry both say 1000 bytes; 40 MB come out."""
    size = 40 * MEGABYTE
    data = bytearray(zip_bytes({"silence.wav": STEM + bytes(size)}))
    true_size, lie = struct.pack("<I", len(STEM) + size), struct.pack("<I", 1000)
    assert data.count(true_size) == 2
    assert refusal_of(tmp_path, bytes(data.replace(true_size, lie))) == "zip_damaged"


def test_a_password_is_refused(tmp_path: Path) -> None:
    data = bytearray(zip_bytes({"kick.wav": STEM}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    assert refusal_of(tmp_path, bytes(data)) == "zip_encrypted"


def test_a_packed_size_above_the_limit_is_refused(tmp_path: Path) -> None:
    tiny = StemLimits(packed=1000, unpacked=MEGABYTE, files=64)
    assert refusal_of(tmp_path, zip_bytes({"kick.wav": STEM}, compression=0), tiny) == "too_large"


JUNK = ("__MACOSX/x.bin", "Stems/.DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX/more/")


@pytest.mark.parametrize(
    "name",
    [
        *("__MACOSX/../../kick.wav", "../.DS_Store", "/Thumbs.db", "__MACOSX/..\\x"),
        *("../", "a/../../b/", "C:/desktop.ini"),
    ],
)
def test_unsafe_names_of_what_is_left_behind_and_of_folders_are_refused(tmp_path: Path, name: str) -> None:
    assert refusal_of(tmp_path, zip_bytes({"kick.wav": STEM, name: b""})) == "zip_unsafe_name"


def test_a_link_among_what_is_left_behind_is_refused(tmp_path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("kick.wav", STEM)
        entry = zipfile.ZipInfo("__MACOSX/._kick.wav")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    assert refusal_of(tmp_path, target.getvalue()) == "zip_unsafe_name"


@pytest.mark.parametrize("name", JUNK)
def test_what_is_left_behind_counts_when_it_is_unpacked(tmp_path: Path, name: str) -> None:
    small = StemLimits(packed=MEGABYTE, unpacked=MEGABYTE, files=64)
    data = zip_bytes({"kick.wav": STEM, name: bytes(40 * MEGABYTE)})
    assert refusal_of(tmp_path, data, small) == "zip_too_large"


@pytest.mark.parametrize("name", JUNK)
def test_what_is_left_behind_may_not_lie_about_its_size(tmp_path: Path, name: str) -> None:
    size = 40 * MEGABYTE
    data = zip_bytes({"kick.wav": STEM, name: bytes(size)})
    true_size, lie = struct.pack("<I", size), struct.pack("<I", 1000)
    assert data.count(true_size) == 2
    assert refusal_of(tmp_path, data.replace(true_size, lie)) == "zip_damaged"


def test_what_is_left_behind_is_neither_audio_nor_one_of_the_files(tmp_path: Path) -> None:
    path = tmp_path / "stems.zip"
    stems = {f"Stems/{number}.wav": STEM for number in range(64)}
    junk = {f"__MACOSX/Stems/._{number}.wav": b"x" for number in range(64)}
    path.write_bytes(zip_bytes({"Stems/": b"", **stems, **junk}))
    facts = check_stems(path, LIMITS)
    assert len(facts["files"]) == 64
    assert facts["unpacked"] == 64 * len(STEM) + 64


def large_end(entries: int, directory: int, offset: int) -> bytes:
    """The two zip64 records that stand before the end record."""
    head = struct.pack("<4sQ2H2L", b"PK\x06\x06", 44, 45, 45, 0, 0)
    where = struct.pack("<4sLQL", b"PK\x06\x07", 0, offset + directory, 1)
    return head + struct.pack("<4Q", entries, entries, directory, offset) + where


def small_end(entries: int, directory: int, offset: int) -> bytes:
    return struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, entries, entries, directory, offset, 0)


def directory_of(data: bytes) -> tuple[bytes, int, int]:
    """What stands before the end record, the directory's length and its offset."""
    end = data.rindex(b"PK\x05\x06")
    directory, offset = struct.unpack_from("<II", data, end + 12)
    return data[:end], directory, offset


def test_zip64_sizes_count_even_when_the_small_record_denies_them(tmp_path: Path) -> None:
    """zipfile believes the zip64 record whenever its locator is there."""
    many = zip_bytes({f"{number}.wav": b"" for number in range(3000)}, compression=zipfile.ZIP_STORED)
    data, directory, offset = directory_of(many)
    liar = small_end(1, 100, offset)
    for claimed in ((3000, directory), (1, directory), (1, 1 << 40)):
        hidden = data + large_end(*claimed, offset) + liar
        assert refusal_of(tmp_path, hidden) == "zip_too_many_files"


def test_an_honest_zip64_passes_and_one_without_its_record_does_not(tmp_path: Path) -> None:
    data, directory, offset = directory_of(zip_bytes({"kick.wav": STEM}))
    full = small_end(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    path = tmp_path / "stems.zip"
    path.write_bytes(data + large_end(1, directory, offset) + full)
    assert len(check_stems(path, LIMITS)["files"]) == 1
    assert refusal_of(tmp_path, data + b"PK\x06\x06" + bytes(80) + full) == "zip_damaged"


def test_an_end_record_within_an_end_record_hides_nothing(tmp_path: Path) -> None:
    """The offset's bytes read like the beginning of an end record; zipfile takes the outer one."""
    many = zip_bytes({f"{number}.wav": b"" for number in range(3000)}, compression=zipfile.ZIP_STORED)
    data, directory, _ = directory_of(many)
    trick = small_end(3000, directory, int.from_bytes(b"PK\x05\x06", "little"))
    assert refusal_of(tmp_path, data + trick) == "zip_too_many_files"
