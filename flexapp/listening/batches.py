"""A report of the player, read: ``{v:1, s:token, c, e:[{p, n, k, b, iv, d, at}, …]}`` (embed-spec 8.2).

Anything malformed refuses the whole body, since only a broken or hostile page sends it. Seconds
become whole milliseconds here, so that everything behind adds up exactly in any order.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

from flexapp.errors import Invalid
from flexapp.kernel.ids import is_id
from flexapp.listening.models import Kind

MAX_BODY = 4096
MAX_EVENTS = 64
MAX_INTERVALS = 64
MAX_SEQ = 1_000_000
_DAY_S = 86_400
_MONTH_MS = 31 * _DAY_S * 1000
_PLAY_ID = re.compile(r"[0-9A-Za-z-]{8,40}")
_SAID = (Kind.START, Kind.HEARTBEAT, Kind.END, Kind.IMPRESSION, Kind.CHECKOUT)
_KINDS = {**{kind.value: kind for kind in _SAID}, "o": Kind.OPEN, "a": Kind.ADD}


class InvalidBatch(Invalid):
    """A body that is no report of a player."""

    code = "invalid_listens"


class PlayEvent(NamedTuple):
    """One event; times in milliseconds."""

    play_id: str
    seq: int
    kind: Kind
    track_id: str
    intervals: tuple[tuple[int, int], ...]
    media_ms: int | None
    at_ms: int


@dataclass(frozen=True)
class Batch:
    """The token as it was sent, its events, and whether the page said that the visitor agreed."""

    token: str
    events: tuple[PlayEvent, ...]
    consent: bool | None = None  #: None: it said nothing


def read_batch(body: bytes) -> Batch:
    """The report in a body; raises InvalidBatch, and nothing else whatever the bytes are."""
    if len(body) > MAX_BODY:
        _refuse(f"A report has at most {MAX_BODY} bytes.")
    try:
        value = _DECODER.decode(body.decode())
    except (ValueError, RecursionError):
        _refuse("The body is no JSON.")
    if not isinstance(value, dict) or value.get("v") != 1:
        _refuse("The body is an object with v = 1.")
    token, events = value.get("s"), value.get("e")
    if not isinstance(token, str) or not token:
        _refuse("s is the session token.")
    if not isinstance(events, list) or not 1 <= len(events) <= MAX_EVENTS:
        _refuse(f"e is a list of 1 to {MAX_EVENTS} events.")
    consent = value.get("c")
    if consent is not None and not isinstance(consent, bool):
        _refuse("c is true or false.")
    return Batch(token, tuple(_event(event) for event in events), consent)


def _event(event: Any) -> PlayEvent:
    if not isinstance(event, dict):
        _refuse("An event is an object.")
    get = event.get
    said = get("k")
    kind = _KINDS.get(said) if isinstance(said, str) else None
    if kind is None:
        _refuse("k is one of s, h, e, i, c, o, a.")
    play_id = get("p")
    if not isinstance(play_id, str) or not _PLAY_ID.fullmatch(play_id):
        _refuse("p is the play's random id.")
    seq = get("n")
    if type(seq) is not int or not 0 <= seq <= MAX_SEQ:
        _refuse("n is a whole number from 0.")
    track_id = get("b") or ""
    if not isinstance(track_id, str) or (track_id and not _is_track(track_id)):
        _refuse("b is a track's id.")
    if not track_id and kind is not Kind.IMPRESSION:
        _refuse("b is missing.")
    media, heard = get("d"), get("iv")
    return PlayEvent(
        play_id,
        seq,
        kind,
        track_id,
        _intervals(heard) if heard else (),
        None if media is None else _whole(media, 1000, most=_DAY_S, name="d") or None,
        _whole(get("at", 0), 1, most=_MONTH_MS, name="at"),
    )


@lru_cache(maxsize=4096)  # the same few come thousands of times a second
def _is_track(text: str) -> bool:
    return is_id(text, "trk")


def _intervals(value: Any) -> tuple[tuple[int, int], ...]:
    if not isinstance(value, list) or len(value) > MAX_INTERVALS:
        _refuse(f"iv is a list of at most {MAX_INTERVALS} intervals.")
    found = []
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2:
            _refuse("An interval is [from, to].")
        start = _whole(pair[0], 1000, most=_DAY_S, name="iv")
        end = _whole(pair[1], 1000, most=_DAY_S, name="iv")
        if end < start:
            _refuse("An interval ends after it begins.")
        if end > start:
            found.append((start, end))
    return tuple(found)


def _whole(value: Any, times: int, *, most: int, name: str) -> int:
    """A number so many times, rounded; what is no number compares with nothing."""
    if (type(value) is not int and type(value) is not float) or not 0 <= value <= most:
        _refuse(f"{name} is a number from 0 to {most}.")
    return round(value * times)


def _refuse(message: str) -> NoReturn:
    raise InvalidBatch(message if " " in message else f"{message} is no number.")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
