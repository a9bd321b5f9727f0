"""Is this zip a set of stems? Every byte is unpacked once, counted and thrown away; nothing is written.

The directory is bounded before it is read, the counted bytes while they come out, so that no zip bomb
(nested, overlapping or with lying sizes) takes more than its limits. That holds for every entry: what a
computer leaves behind in a zip need not be audio and is no stem, but it is named and counted like the rest.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from flexapp.audio.headers import HEAD, read_header
from flexapp.audio.refusals import FileRefused, refused

_SLICE = 256 * 1024
_MOST_ENTRIES = 1024
_MOST_DIRECTORY = 1024 * 1024
_FARTHEST = 22 + 65_536 + 76  # the end record, its longest comment, and zip64's two records before it
_LEFT_BEHIND = ("__MACOSX/",)
_LEFT_FILES = (".ds_store", "thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class StemLimits:
    """Bytes packed and unpacked, number of audio files."""

    packed: int
    unpacked: int
    files: int


def check_stems(path: Path, limits: StemLimits) -> dict[str, Any]:
    """``{"files": [{"name", "format", "bytes", "seconds"}], "unpacked": bytes}`` of a good zip.

    Raises FileRefused: too_large, not_a_zip, zip_damaged, zip_encrypted, zip_unsafe_name, zip_not_audio,
    zip_stem_damaged, zip_too_many_files, zip_too_large, zip_empty.
    """
    size = path.stat().st_size
    if size == 0:
        raise refused("empty_file")
    if size > limits.packed:
        raise refused("too_large", found=_mb(size), most=_mb(limits.packed))
    _bound_directory(path, size)
    try:
        with zipfile.ZipFile(path) as archive:
            return _check(archive, limits)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        UnicodeDecodeError,
        NotImplementedError,
        OSError,
    ) as error:
        raise refused("zip_damaged", name="it") from error


def _check(archive: zipfile.ZipFile, limits: StemLimits) -> dict[str, Any]:
    entries = archive.infolist()
    if len(entries) > _MOST_ENTRIES:
        raise refused("zip_too_many_files", found=f"{len(entries):,}", most=limits.files)
    for entry in entries:
        _safe(entry)
    stems = [entry for entry in entries if not entry.is_dir() and not _left_behind(entry.filename)]
    if not stems:
        raise refused("zip_empty")
    if len(stems) > limits.files:
        raise refused("zip_too_many_files", found=len(stems), most=limits.files)
    names = [entry.filename.lower() for entry in entries if not entry.is_dir()]
    if len(set(names)) != len(names):
        raise refused("zip_unsafe_name", name="two files of the same name")
    if sum(entry.file_size for entry in entries) > limits.unpacked:
        raise refused("zip_too_large", most=_mb(limits.unpacked))
    files, unpacked = [], 0
    for entry in entries:
        head, count = _unpack(archive, entry, limits, unpacked)
        unpacked += count
        if not entry.is_dir() and not _left_behind(entry.filename):
            files.append(_stem(entry.filename, head, count))
    return {"files": files, "unpacked": unpacked}


def _unpack(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: StemLimits, before: int
) -> tuple[bytes, int]:
    """The first bytes of an entry and its true size; its checksum is compared on the way."""
    head, count = bytearray(), 0
    try:
        with archive.open(entry) as file:
            while part := file.read(_SLICE):
                count += len(part)
                if before + count > limits.unpacked:
                    raise refused("zip_too_large", most=_mb(limits.unpacked))
                if len(head) < HEAD:
                    head += part[: HEAD - len(head)]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise refused("zip_damaged", name=_shown(entry.filename)) from error
    if count != entry.file_size:
        raise refused("zip_damaged", name=_shown(entry.filename))
    return bytes(head), count


def _stem(name: str, head: bytes, size: int) -> dict[str, Any]:
    try:
        header = read_header(head, size)
    except FileRefused as error:
        code = "zip_stem_damaged" if error.code in ("empty_file", "damaged") else "zip_not_audio"
        raise refused(code, name=_shown(name)) from error
    if header.missing_bytes:
        raise refused("zip_stem_damaged", name=_shown(name))
    seconds = round(header.frames / header.rate, 2) if header.frames else None
    return {"name": name, "format": header.format, "bytes": size, "seconds": seconds}


def _safe(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename  # filename ends at a NUL
    if entry.flag_bits & 0x41:
        raise refused("zip_encrypted")
    parts = PurePosixPath(name.replace("\\", "/")).parts
    is_link = entry.external_attr >> 16 & 0o170000 == 0o120000
    if (
        not name
        or name.startswith(("/", "\\"))
        or ".." in parts
        or ":" in name
        or "\\" in name
        or is_link
        or not name.isprintable()
        or len(name) > 255
        or any(part.endswith((" ", ".")) for part in parts)
    ):
        raise refused("zip_unsafe_name", name=_shown(name))


def _left_behind(name: str) -> bool:
    return name.startswith(_LEFT_BEHIND) or name.rsplit("/", 1)[-1].lower() in _LEFT_FILES


def _bound_directory(path: Path, size: int) -> None:
    """Look at the end record by hand: a huge directory would be read into memory whole.

    zipfile reads the zip64 record where the locator stands, right before the end record, and believes it
    over the small one, whatever that says; this reads the same place.
    """
    with path.open("rb") as file:
        if file.read(4) not in (b"PK\x03\x04", b"PK\x05\x06"):
            raise refused("not_a_zip")
        reach = min(size, _FARTHEST)
        file.seek(size - reach)
        tail = file.read(reach)
    has_no_comment = tail[-22:-18] == b"PK\x05\x06" and tail[-2:] == b"\0\0"
    at = len(tail) - 22 if has_no_comment else tail.rfind(b"PK\x05\x06")
    if at < 0 or at + 22 > len(tail):
        raise refused("zip_damaged", name="it")
    entries, directory = struct.unpack_from("<HI", tail, at + 10)
    has_large = (
        at >= 76 and tail[at - 76 : at - 72] == b"PK\x06\x06" and tail[at - 20 : at - 16] == b"PK\x06\x07"
    )
    if has_large:
        entries, directory = struct.unpack_from("<QQ", tail, at - 76 + 32)
    elif entries == 0xFFFF or directory == 0xFFFFFFFF:
        raise refused("zip_damaged", name="it")
    if entries > _MOST_ENTRIES or directory > _MOST_DIRECTORY:
        raise refused("zip_too_many_files", found=f"{entries:,}", most=64)


def _shown(name: str) -> str:
    plain = "".join(mark if mark.isprintable() else "?" for mark in name)
    return plain if len(plain) <= 60 else f"{plain[:57]}…"


def _mb(count: int) -> str:
    return f"{count / 1024 / 1024:,.0f}"
