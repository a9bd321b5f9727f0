"""A market: a producer, an affiliate, tracks with the four licenses, apps of both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from flexapp.catalog.models import LicenseType, Track
from flexapp.config import Settings
from flexapp.gateways.mail import mailer_from
from flexapp.gateways.objects import objects_from
from flexapp.kernel import steps
from flexapp.kernel.clock import FixedClock
from flexapp.kernel.signing import Signer
from flexapp.people.models import Person
from flexapp.storage.session import Database
from flexapp.workflows.services import Services
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_license_types, make_track
from tests.factories.payments import MemoryPayments
from tests.factories.people import make_person


@dataclass
class Market:
    """Kaito sells ``track`` under four licenses; Mara's app picked it; Kaito has an own app."""

    services: Services
    payments: MemoryPayments
    clock: FixedClock
    producer: Person
    affiliate: Person
    track: Track
    other: Track
    basic: LicenseType
    premium: LicenseType
    trackout: LicenseType
    exclusive: LicenseType
    affiliate_key: str
    own_key: str

    @property
    def database(self) -> Database:
        return self.services.database


@pytest.fixture
def payments(clock: FixedClock) -> MemoryPayments:
    return MemoryPayments(clock)


@pytest.fixture
def money(database: Database, settings: Settings, clock: FixedClock, payments: MemoryPayments) -> Services:
    """Real services but for the processor, which is the one of a few lines."""
    return Services(
        settings=settings,
        database=database,
        clock=clock,
        signer=Signer(settings.secret_key),
        payments=payments,
        objects=objects_from(settings),
        mailer=mailer_from(settings, database),
    )


@pytest.fixture
def market(money: Services, payments: MemoryPayments, clock: FixedClock) -> Market:
    with money.database.writing() as session:
        producer = make_person(session, name="Kaito")
        affiliate = make_person(session, name="Mara")
        stranger = make_person(session, name="Noise")
        make_track(session, stranger)
        basic, premium, trackout, exclusive = make_license_types(session, producer)
        track = make_track(session, producer, title="Midnight Trap")
        other = make_track(session, producer, title="Dusty Corner")
        picked = make_app(session, affiliate, name="Mara's blog", picks=(track, other))
        own = make_app(session, producer, name="Kaito's page", own_catalog=True)
        affiliate_key = make_placement(session, picked, money.signer).key
        own_key = make_placement(session, own, money.signer).key
    return Market(
        money,
        payments,
        clock,
        producer,
        affiliate,
        track,
        other,
        basic,
        premium,
        trackout,
        exclusive,
        affiliate_key,
        own_key,
    )


@pytest.fixture(autouse=True)
def no_hook_stays() -> Iterator[None]:
    yield
    steps.install(None)
