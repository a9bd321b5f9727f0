"""A producer with ten beats, an affiliate's app that shows them, and its placement."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from flexapp.workflows.services import Services
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_license_types, make_track
from tests.factories.people import make_person


@dataclass(frozen=True)
class Stage:
    """Ids and keys of what the tests look at."""

    owner_id: str
    producer_id: str
    app_id: str
    slug: str
    placement_id: str
    key: str
    track_ids: tuple[str, ...]
    track_slugs: tuple[str, ...]


BEATS = (
    ("Midnight Trap", 140, "F minor", "Trap"),
    ("Dusty Corner", 90, "D minor", "Boom Bap"),
    ("Warehouse Light", 124, "A minor", "House"),
    ("Rooftop Rain", 78, "C major", "Lo-Fi"),
    ("Rollers Only", 174, "G minor", "Drum & Bass"),
    ("Cold Estate", 142, "C# phrygian", "Drill"),
    ("Lagos Sunrise", 104, "E major", "Afrobeats"),
    ("Neon Perreo", 95, "B minor", "Reggaeton"),
    ("Ember & Ash", 133, "F# minor", "Trap"),
    ("Night bus to Peckham", 68, "A# minor", "R&B"),
)


def _peaks(title: str) -> str:
    """160 levels that wander; they compress a little worse than those of real music."""
    dice, level, levels = random.Random(title), 120, []
    for _ in range(160):
        level = min(255, max(10, level + dice.randint(-60, 60)))
        levels.append(level)
    return bytes(levels).hex()


@pytest.fixture
def stage(services: Services) -> Stage:
    """An app of ten real-looking beats."""
    with services.database.writing() as session:
        owner = make_person(session, name="Nina Curates")
        producer = make_person(session, name="Kaito Sounds")
        types = make_license_types(session, producer)
        tracks = tuple(
            make_track(
                session,
                producer,
                title=title,
                key=key,
                genre=genre,
                bpm=tempo,
                duration_ms=42_040 + tempo * 113,
                license_types=types,
                peaks=_peaks(title),
                cover_key="c/1.jpg",
                cover_small_key="c/1.webp",
            )
            for title, tempo, key, genre in BEATS
        )
        app = make_app(session, owner, picks=tracks)
        placement = make_placement(session, app, services.signer, channel="affiliate")
        return Stage(
            owner.id,
            producer.id,
            app.id,
            app.slug,
            placement.id,
            placement.key,
            tuple(track.id for track in tracks),
            tuple(track.slug for track in tracks),
        )
