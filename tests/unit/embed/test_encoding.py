"""Bodies compressed once and continued by each view's tail: every decoder reads both as one."""

from __future__ import annotations

import gzip
import random

import brotli
from hypothesis import given, settings
from hypothesis import strategies as st

from embed.encoding import Encoder

tails = st.binary(min_size=1, max_size=2000)


@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=4000), tail=tails, is_common=st.booleans())
def test_body_and_tail_come_out_as_one(body: bytes, tail: bytes, is_common: bool) -> None:
    encoder = Encoder()
    for _ in range(2):
        data, coding = encoder.encode(body, tail, "br", is_common=is_common)
        assert (brotli.decompress(data), coding) == (body + tail, "br")
        data, coding = encoder.encode(body, tail, "gzip", is_common=is_common)
        assert (gzip.decompress(data), coding) == (body + tail, "gzip")
    assert encoder.encode(body, tail, "") == (body + tail, None)


def test_many_views_of_one_body_differ_in_their_tail_alone() -> None:
    encoder, body = Encoder(), b"<p>the same for everybody</p>" * 200
    views = [encoder.encode(body, f"token {number:04d}".encode(), "br")[0] for number in range(5)]
    assert len({view[:-16] for view in views}) == 1
    assert len(set(views)) == 5


def test_new_odd_bodies_are_quick_and_wanted_ones_small() -> None:
    encoder = Encoder()
    words = random.Random(1)
    body = " ".join(
        words.choice(["play", "pause", "seek", "buy", "trap", "house"]) for _ in range(8000)
    ).encode()
    first = encoder.encode(body, b"t", "br", is_common=False)[0]
    second = encoder.encode(body, b"t", "br", is_common=False)[0]
    common = Encoder().encode(body, b"t", "br")[0]
    assert len(second) < len(first)
    assert second == common


def test_old_bodies_are_forgotten() -> None:
    encoder = Encoder()
    for number in range(300):
        encoder.encode(f"body {number}".encode(), b"t", "gzip")
    assert len(encoder._kept) == 256


def test_the_callers_wishes_are_read_like_the_header_means_them() -> None:
    encoder = Encoder()
    for header, coding in (
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0", "gzip"),
        ("GZIP", "gzip"),
        ("br;q=x", None),
        ("identity", None),
        ("*", None),
        ("", None),
    ):
        assert encoder.encode(b"body", b"tail", header)[1] == coding, header
