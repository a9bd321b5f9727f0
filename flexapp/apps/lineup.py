"""The lineup: what an app shows now, resolved from its sources.

Sources are taken in their order; a track shows where it comes first and never again. What is
unpublished, sold exclusively or deleted is left out, and so are picks of producers who do not
(or no longer) allow affiliate sales.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from flexapp.apps.models import FlexApp, Source, SourceKind
from flexapp.apps.queries import own_catalog, picked_tracks, sources_of
from flexapp.catalog.models import Track

MAX_TRACKS = 100


def lineup_of(session: Session, app: FlexApp) -> list[Track]:
    """The tracks of the app in order, at most 100."""
    sources = sources_of(session, app.id)
    own: Sequence[Track] = ()
    if any(source.kind is SourceKind.RULE for source in sources):
        own = own_catalog(session, app.owner_id)
    picks = [source.track_id for source in sources if source.track_id is not None]
    picked = picked_tracks(session, picks, owner_id=app.owner_id) if picks else ()
    return resolve(sources, own=own, picked=picked)


def resolve(sources: Iterable[Source], *, own: Sequence[Track], picked: Iterable[Track]) -> list[Track]:
    """The lineup from tracks that may be shown: ``own`` newest first, ``picked`` in any order."""
    by_id = {track.id: track for track in picked}
    lineup: dict[str, Track] = {}
    for source in sources:
        if source.kind is SourceKind.RULE:
            found = [track for track in own if matches(source, track)]
            tracks = found[: source.newest] if source.newest else found
        else:
            track = by_id.get(source.track_id or "")
            tracks = [track] if track else []
        for track in tracks:
            lineup.setdefault(track.id, track)
    return list(lineup.values())[:MAX_TRACKS]


def matches(rule: Source, track: Track) -> bool:
    """Whether a track has the rule's genre, tag and tempo; a condition left empty holds for all."""
    if rule.genre and rule.genre.casefold() != track.genre.casefold():
        return False
    if rule.tag and rule.tag.casefold() not in {tag.casefold() for tag in track.tags}:
        return False
    if rule.bpm_min is None and rule.bpm_max is None:
        return True
    if track.bpm is None:
        return False
    low = rule.bpm_min if rule.bpm_min is not None else float("-inf")
    high = rule.bpm_max if rule.bpm_max is not None else float("inf")
    return low <= track.bpm <= high
