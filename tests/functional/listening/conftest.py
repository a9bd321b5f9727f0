"""Two people, an app of one with a pick of the other, a placement, and three beats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from flexapp.apps.models import Channel, FlexApp, Placement
from flexapp.catalog.models import Track
from flexapp.gateways.geo import MmdbNetworks
from flexapp.kernel.clock import FixedClock
from flexapp.listening import insights
from flexapp.listening.insights import Counts
from flexapp.people.models import Person
from flexapp.workflows.services import Services
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import NOON, make_license_type, make_track
from tests.factories.listening import Listener, settle
from tests.factories.mmdb import write_mmdb
from tests.factories.people import make_person

NETWORKS = {
    "192.0.2.0/25": {"autonomous_system_number": 16509},  # Amazon Web Services
    "2001:db8:dc::/48": {"autonomous_system_number": 24940},  # Hetzner
    "192.0.2.128/25": {"autonomous_system_number": 13335},  # relays of browsers among others
}


@dataclass
class Scene:
    """Who is there, and the figures of their listening."""

    services: Services
    clock: FixedClock
    producer: Person
    affiliate: Person
    app: FlexApp
    placement: Placement
    beat: Track  #: 2 minutes
    other: Track  #: 3 minutes
    short: Track  #: 40 seconds
    listener: Callable[..., Listener]

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.clock.advance(timedelta(seconds=seconds))

    def settle(self) -> None:
        """Store and fold everything."""
        settle(self.services)

    def counts(self, **scope: Any) -> Counts:
        """All figures of a month around now."""
        now = self.clock.now()
        with self.services.database.reading() as session:
            return insights.plays(
                session,
                since=now - timedelta(days=30),
                until=now + timedelta(days=1),
                interval="total",
                **scope,
            ).totals


@pytest.fixture
def scenes(client: FlaskClient, services: Services, clock: FixedClock, tmp_path: Path) -> Callable[[], Scene]:
    """Makes scenes with people and beats of their own in one database, each at noon."""
    object.__setattr__(services, "networks", MmdbNetworks(write_mmdb(tmp_path / "networks.mmdb", NETWORKS)))

    def make() -> Scene:
        clock.moment = NOON
        with services.database.writing() as session:
            producer, affiliate = make_person(session), make_person(session)
            types = [make_license_type(session, producer)]
            beat, other, short = (
                make_track(session, producer, license_types=types, files=(), duration_ms=seconds * 1000)
                for seconds in (120, 180, 40)
            )
            app = make_app(session, affiliate, picks=(beat, other, short))
            placement = make_placement(session, app, services.signer, channel=Channel.AFFILIATE)

        def listener(**options: Any) -> Listener:
            options.setdefault("app", app)
            if options["app"] is not None:
                options.setdefault("placement", placement)
            return Listener(client, services, **options)

        return Scene(services, clock, producer, affiliate, app, placement, beat, other, short, listener)

    return make


@pytest.fixture
def scene(scenes: Callable[[], Scene]) -> Scene:
    """One of them."""
    return scenes()
