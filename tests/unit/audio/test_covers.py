"""Covers: square, clean, small."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flexapp.audio.covers import SMALL_BYTES, make_cover
from flexapp.audio.refusals import FileRefused
from tests.factories.sounds import BEATS


def made(folder: Path, data: bytes) -> tuple[Image.Image, Image.Image]:
    source = folder / "source"
    source.write_bytes(data)
    make_cover(source, folder / "large.jpg", folder / "small.webp")
    return Image.open(folder / "large.jpg"), Image.open(folder / "small.webp")


def image_bytes(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def refusal_of(folder: Path, data: bytes) -> str:
    with pytest.raises(FileRefused) as refusal:
        made(folder, data)
    return refusal.value.code


def test_every_cover_of_the_demo_becomes_two_files(tmp_path: Path) -> None:
    for path in BEATS.glob("*.jpg"):
        large, small = made(tmp_path, path.read_bytes())
        assert large.format == "JPEG"
        assert large.size[0] == large.size[1] <= 1200
        assert (small.format, small.size) == ("WEBP", (192, 192))
        assert (tmp_path / "small.webp").stat().st_size <= SMALL_BYTES
        large.close()
        small.close()


def test_noise_still_fits_the_budget(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (1500, 1800, 3), dtype=np.uint8)
    large, small = made(tmp_path, image_bytes(Image.fromarray(noise)))
    assert large.size == (1200, 1200)
    assert (tmp_path / "small.webp").stat().st_size <= SMALL_BYTES
    large.close()
    small.close()


def test_the_place_it_was_taken_is_forgotten_and_it_stands_upright(tmp_path: Path) -> None:
    image = Image.new("RGB", (800, 400), "red")
    image.paste("blue", (0, 0, 400, 400))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "secret place"
    large, small = made(tmp_path, image_bytes(image, "JPEG", exif=exif.tobytes()))
    assert not large.getexif()
    assert b"secret" not in (tmp_path / "large.jpg").read_bytes()
    top, bottom = large.getpixel((200, 20)), large.getpixel((200, 380))
    assert top[2] > 200
    assert bottom[0] > 200
    large.close()
    small.close()


def test_a_transparent_image_lies_on_white(tmp_path: Path) -> None:
    large, small = made(tmp_path, image_bytes(Image.new("RGBA", (400, 400), (0, 0, 0, 0))))
    assert min(large.getpixel((200, 200))) > 250
    large.close()
    small.close()


def test_a_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    assert refusal_of(tmp_path, bomb) == "image_too_large"


def test_what_is_no_image_is_refused(tmp_path: Path) -> None:
    assert refusal_of(tmp_path, b"") == "empty_file"
    assert refusal_of(tmp_path, b"<svg xmlns='http://www.w3.org/2000/svg'/>") == "not_an_image"
    assert refusal_of(tmp_path, image_bytes(Image.new("RGB", (299, 900)))) == "image_too_small"
    whole = image_bytes(Image.effect_noise((600, 600), 50).convert("RGB"), "JPEG")
    assert refusal_of(tmp_path, whole[: len(whole) // 2]) == "not_an_image"
