"""Tracks as visitors meet them, for callers with a token.

These doors open for the owner of an app alone and answer by token, scope and pace, so they are asked
of the database each time. What anybody may know of a lineup is published at ``/embed/v1/lineups/<id>``
(``embed/lineups.py``), the same rows from memory.
"""

from __future__ import annotations

from collections.abc import Sequence

from flexapp.api.shapes.tracks import LineupTrack
from flexapp.catalog.models import Track
from flexapp.web.context import db, services
from flexapp.web.lineups import lineup_rows


def lineup_shapes(tracks: Sequence[Track]) -> list[LineupTrack]:
    """The public shapes of the tracks, in their order."""
    rows = lineup_rows(db(), tracks, services().settings.base_url)
    return [LineupTrack.model_validate(row) for row in rows]
