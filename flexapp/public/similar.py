"""Beats like one beat: of its genre and mood, near in tempo, in its key, others' too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from flexapp.catalog.models import Track
from flexapp.catalog.queries import public_tracks

_LOOKED_AT = 60
_TEMPO_REACH = 40.0  #: beats a minute at which two tempos have nothing in common


def similar_tracks(
    session: Session, track: Track, *, among: Sequence[Track] | None = None, most: int
) -> list[Track]:
    """The most alike of ``among``, or of what is on show everywhere, the most alike first.

    Without ``among`` the track's own producer is left out: their other beats have a list of their own.
    """
    found: dict[str, Track] = {}
    sources: Iterable[Sequence[Track]]
    if among is not None:
        sources = (among,)
    else:
        others = track.producer_id
        sources = (
            public_tracks(session, genre=track.genre or None, except_producer_id=others, limit=_LOOKED_AT),
            public_tracks(session, except_producer_id=others, limit=_LOOKED_AT),
        )
    for some in sources:
        for other in some:
            found.setdefault(other.id, other)
    found.pop(track.id, None)
    return sorted(found.values(), key=lambda other: -likeness(track, other))[:most]


def likeness(one: Track, other: Track) -> float:
    """0 for nothing in common; genre counts most, then tempo, mood, key and tags."""
    points = 0.0
    if one.genre and one.genre.casefold() == other.genre.casefold():
        points += 4
    if one.mood and one.mood.casefold() == other.mood.casefold():
        points += 2
    if one.key and one.key == other.key:
        points += 1
    if one.bpm and other.bpm:
        points += 3 * max(0.0, 1 - abs(one.bpm - other.bpm) / _TEMPO_REACH)
    return points + min(2, len({*one.tags} & {*other.tags}))
