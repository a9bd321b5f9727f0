"""Where a track stands with the world: who may see it and whether it can be bought."""

from __future__ import annotations

from datetime import datetime

from flexapp.catalog.models import Track, Visibility


def is_playable(track: Track) -> bool:
    """There is a preview to play; it stays while newer audio is being worked on."""
    return track.preview_key is not None and track.deleted_at is None


def is_reachable(track: Track, *, since: datetime | None = None) -> bool:
    """Everybody with the link may open it: published or unlisted, playable, not sold exclusively.

    Who opened it ``since`` then, before it was sold, may go on listening.
    """
    sold_at = track.sold_exclusively_at
    return (
        track.visibility in (Visibility.PUBLISHED, Visibility.UNLISTED)
        and is_playable(track)
        and (sold_at is None or (since is not None and since < sold_at))
    )


def is_listed(track: Track) -> bool:
    """It shows in lists and lineups."""
    return track.visibility is Visibility.PUBLISHED and is_reachable(track)


def is_sellable(track: Track) -> bool:
    """A license of it may be sold now, if one is offered."""
    return is_reachable(track)
