"""Reports of players, and everything else that may come through the door."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.listening.batches import MAX_BODY, InvalidBatch, read_batch
from flexapp.listening.models import Kind

TRACK = "trk_" + "0" * 26
EVENT = {"p": "a1b2c3d4-0000", "n": 1, "k": "h", "b": TRACK, "iv": [[0, 1.5]], "d": 57.86, "at": 10_000.4}


def body(*events: Any, **head: Any) -> bytes:
    return json.dumps({"v": 1, "s": "token", "e": list(events), **head}).encode()


def test_a_report_is_read_in_whole_milliseconds() -> None:
    batch = read_batch(body(EVENT))
    assert batch.token == "token"
    (event,) = batch.events
    assert (event.kind, event.seq, event.track_id) == (Kind.HEARTBEAT, 1, TRACK)
    assert (event.intervals, event.media_ms, event.at_ms) == (((0, 1500),), 57_860, 10_000)


@pytest.mark.parametrize("said", [True, False, None])
def test_what_the_page_said_of_consent_travels_along(said: bool | None) -> None:
    assert read_batch(body(EVENT, c=said)).consent is said
    with pytest.raises(InvalidBatch):
        read_batch(body(EVENT, c="yes"))


def test_what_may_be_left_out() -> None:
    (event,) = read_batch(body({"p": "a1b2c3d4", "n": 0, "k": "i"})).events
    assert (event.track_id, event.intervals, event.media_ms, event.at_ms) == ("", (), None, 0)


def test_empty_intervals_are_dropped() -> None:
    (event,) = read_batch(body({**EVENT, "iv": [[2, 2], [3, 4]]})).events
    assert event.intervals == ((3000, 4000),)


@pytest.mark.parametrize(
    "change",
    [
        {"p": "short"},
        {"p": "x" * 41},
        {"p": "a1b2c3d4\x00"},
        {"p": None},
        {"p": 12345678},
        {"n": -1},
        {"n": 1.5},
        {"n": True},
        {"n": 10**7},
        {"n": "1"},
        {"k": "x"},
        {"k": "l"},
        {"k": "d"},
        {"k": ["s"]},
        {"k": None},
        {"b": "trk_1"},
        {"b": "app_" + "0" * 26},
        {"b": None},
        {"b": 7},
        {"iv": [[0]]},
        {"iv": [[0, 1, 2]]},
        {"iv": [[2, 1]]},
        {"iv": [[-1, 1]]},
        {"iv": [["0", "1"]]},
        {"iv": [[0, True]]},
        {"iv": [[0, 10**9]]},
        {"iv": [[0, 10**400]]},
        {"iv": "0-1"},
        {"iv": {"0": 1}},
        {"iv": [[0, 1]] * 65},
        {"d": -1},
        {"d": "57"},
        {"d": 10**9},
        {"at": -1},
        {"at": 10**12},
        {"at": None},
    ],
    ids=str,
)
def test_a_wrong_event_refuses_the_report(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidBatch):
        read_batch(body({**EVENT, **change}))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"v":1}',
        b'{"v":2,"s":"t","e":[]}',
        b'{"v":1,"s":"","e":[{}]}',
        b'{"v":1,"s":"t","e":[]}',
        b'{"v":1,"s":"t","e":{}}',
        b'{"v":1,"s":"t","e":[[]]}',
        b"[" * 4000,
        b'{"a":' * 800 + b"1" + b"}" * 800,
        body(*[EVENT] * 3, s=None),
        body(EVENT).replace(b"1.5", b"NaN"),
        body(EVENT).replace(b"1.5", b"Infinity"),
        body(EVENT).replace(b"1.5", b"-Infinity"),
        body(EVENT).replace(b"1.5", b"1e999"),
        body(EVENT).replace(b"1.5", b"9" * 3000),
        b" " * (MAX_BODY + 1),
    ],
    ids=lambda raw: raw[:30].decode("latin-1"),
)
def test_a_wrong_body_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidBatch):
        read_batch(raw)


@given(st.binary(max_size=300))
def test_no_bytes_do_anything_but_be_read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(InvalidBatch):
        read_batch(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(st.fixed_dictionaries(dict.fromkeys(("p", "n", "k", "b", "iv", "d", "at"), JSON)))
def test_no_event_does_anything_but_be_read_or_refused(event: dict[str, Any]) -> None:
    with contextlib.suppress(InvalidBatch):
        read_batch(body({**EVENT, **event}))
