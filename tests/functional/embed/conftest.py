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


def _peaks(title: str) -> str:
    """160 levels that wander as music does, so that a document weighs what a real one does."""
    dice, level, levels = random.Random(title), 120, []
    for _ in range(160):
        level = min(255, max(10, level + dice.randint(-60, 60)))
        levels.append(level)
    return bytes(levels).hex()


@pytest.fixture
def stage(services: Services) -> Stage:
    """An app of ten real-looking beats."""
    words = "Midnight Trap,Dusty Corner,Warehouse Light,Rooftop Rain,Rollers Only,Cold Estate,Lagos Sunrise,"
    titles = (words + "Neon Perreo,Ember & Ash,Night bus to Peckham").split(",")
    with services.database.writing() as session:
        owner = make_person(session, name="Nina Curates")
        producer = make_person(session, name="Kaito Sounds")
        types = make_license_types(session, producer)
        tracks = tuple(
            make_track(
                session,
                producer,
                title=title,
                license_types=types,
                peaks=_peaks(title),
                cover_key="c/1.jpg",
                cover_small_key="c/1.webp",
            )
            for title in titles
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
