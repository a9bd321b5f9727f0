"""Tracks as visitors meet them: the same rows for the API and for anybody's page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from flexapp.catalog.models import Track
from flexapp.catalog.offers import Offer, offers_for
from flexapp.people.models import Person
from flexapp.people.queries import people_by_ids


def lineup_rows(session: Session, tracks: Sequence[Track], base_url: str) -> list[dict[str, Any]]:
    """A JSON object for each track, in their order: what it is, who made it, and what can be bought now."""
    people = people_by_ids(session, {track.producer_id for track in tracks})
    offers = offers_for(session, tracks)
    return [_row(track, people[track.producer_id], offers[track.id], base_url) for track in tracks]


def producer_row(person: Person) -> dict[str, str]:
    """The public part of a person."""
    return {"id": person.id, "name": person.name, "slug": person.slug}


def _row(track: Track, producer: Person, offers: Sequence[Offer], base_url: str) -> dict[str, Any]:
    cover = f"{base_url}/media/{track.id}/cover.jpg" if track.cover_key else None
    return {
        "id": track.id,
        "title": track.title,
        "slug": track.slug,
        "producer": producer_row(producer),
        "genre": track.genre,
        "bpm": track.bpm,
        "key": track.key,
        "duration_seconds": None if track.duration_ms is None else track.duration_ms / 1000,
        "url": f"{base_url}/t/{track.slug}",
        "cover_url": cover,
        "offers": [
            {
                "license_type_id": offer.license_type.id,
                "name": offer.license_type.name,
                "price": {"amount": offer.price, "currency": offer.currency},
                "is_default": offer.is_default,
                "is_exclusive": offer.is_exclusive,
                "deliverables": list(offer.deliverables),
            }
            for offer in offers
        ],
    }
