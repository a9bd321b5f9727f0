"""Tracks as visitors meet them, with producers and offers read for all at once."""

from __future__ import annotations

from collections.abc import Sequence

from flexapp.api.shapes.tracks import LineupTrack
from flexapp.catalog.models import Track
from flexapp.catalog.offers import offers_for
from flexapp.people.queries import people_by_ids
from flexapp.web.context import db, services


def lineup_shapes(tracks: Sequence[Track]) -> list[LineupTrack]:
    """The public shapes of the tracks, in their order."""
    people = people_by_ids(db(), [track.producer_id for track in tracks])
    offers = offers_for(db(), tracks)
    base_url = services().settings.base_url
    return [LineupTrack.of(track, people[track.producer_id], offers[track.id], base_url) for track in tracks]
