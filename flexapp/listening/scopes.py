"""Which figures are asked for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Scope:
    """Which totals are asked for; None does not narrow.

    ``person_id`` is what one person may see: everything in their apps, and their tracks in
    everybody's. Give it whenever a person asks.
    """

    person_id: str | None = None
    app_ids: Collection[str] | None = None
    track_ids: Collection[str] | None = None
    placement_id: str | None = None
    channel: str | None = None
