"""Slugs of tracks: readable, unique in the whole house, and never handed to somebody else later."""

from __future__ import annotations

from sqlalchemy.orm import Session

from flexapp.catalog.queries import taken_slugs
from flexapp.kernel.slugs import free_slug, slugify


def free_track_slug(session: Session, title: str, *, track_id: str | None = None) -> str:
    """The title's slug, numbered from 2 when a track has or had it; a track may return to its own."""
    base = slugify(title, fallback="beat")
    return free_slug(base, taken_slugs(session, base, except_track_id=track_id).__contains__)
