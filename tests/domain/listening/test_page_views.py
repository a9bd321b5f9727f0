"""Views become visits and visitors by person, hour and channel, in whatever parts they are counted."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from flexapp.kernel.clock import FixedClock
from flexapp.listening.ingest import append
from flexapp.listening.models import FoldCursor
from flexapp.listening.page_views import CURSOR, Viewed, count_views, views_of
from flexapp.listening.rollups import HourlyViews
from flexapp.listening.rows import a_page, view_row
from flexapp.people.models import Person
from flexapp.storage.session import Database
from flexapp.workflows.services import Services
from tests.factories.apps import make_app
from tests.factories.catalog import make_track
from tests.factories.people import make_person

OWN, SITE = "platform_page", "own_site"


def view(
    database: Database,
    at: datetime,
    *,
    app: str = "",
    channel: str = OWN,
    key: str | None = None,
    flags: frozenset[str] = frozenset(),
    **of: str,
) -> None:
    """One page that was handed out."""
    claims = a_page(app_id=app, placement_id="", channel=channel, now=at, flags=flags)
    with database.writing() as session:
        append(session, [view_row(claims, visitor_key=key, **of)])


def test_views_make_visits_and_visitors_of_whose_work_was_shown(
    services: Services, clock: FixedClock
) -> None:
    database, noon = services.database, clock.now()
    with database.writing() as session:
        producer, affiliate, noise = (make_person(session) for _ in range(3))
        track = make_track(session, producer)
        app = make_app(session, affiliate, picks=(track,))
        other = make_track(session, noise)

    def minutes(count: int) -> datetime:
        return noon + timedelta(minutes=count)

    # One visitor: the app's page, then the track's in it, and again after a pause, in another channel.
    view(database, minutes(0), app=app.id, channel=SITE, key="a" * 16)
    view(database, minutes(10), app=app.id, channel=SITE, key="a" * 16, track_id=track.id)
    view(database, minutes(50), key="a" * 16, track_id=track.id)
    # A second visitor on the producer's page, one who is not followed, a program, and somebody else's track.
    view(database, minutes(1), key="b" * 16, producer_id=producer.id)
    view(database, minutes(2), producer_id=producer.id)
    view(database, minutes(3), producer_id=producer.id, flags=frozenset({"bot"}))
    view(database, minutes(4), key="c" * 16, track_id=other.id)

    def told(person: Person, since: int = -12 * 60, until: int = 12 * 60) -> dict[str, Viewed]:
        sums: defaultdict[str, Viewed] = defaultdict(Viewed)
        with database.reading() as session:
            found = views_of(session, person.id, since=minutes(since), until=minutes(until))
        for (_, channel), viewed in found.items():
            sums[channel] += viewed
        return dict(sums)

    assert count_views(database) == 7
    assert count_views(database) == 0, "nothing new"
    assert told(producer) == {SITE: Viewed(views=1, visits=1, visitors=1), OWN: Viewed(3, 2, 1)}
    assert told(affiliate) == {SITE: Viewed(2, 1, 1)}
    assert told(noise) == {OWN: Viewed(1, 1, 1)}

    # The next view bridges the pause: what that visitor did is summed again, not added to.
    view(database, minutes(30), key="a" * 16, producer_id=producer.id)
    view(database, minutes(100), key="a" * 16, producer_id=producer.id)
    view(database, minutes(24 * 60), key="d" * 16, producer_id=producer.id)
    assert count_views(database) == 3
    assert told(producer) == {SITE: Viewed(1, 1, 1), OWN: Viewed(5, 2, 1)}

    # Hours of a span, and nothing of the next.
    assert told(producer, 60, 12 * 60) == {OWN: Viewed(1, 1, 0)}
    assert told(producer, -60, 0) == {}
    assert told(producer, 24 * 60, 25 * 60) == {OWN: Viewed(1, 1, 1)}
    assert told(producer, 23 * 60, 24 * 60) == {}


def test_views_counted_in_parts_are_those_counted_at_once(services: Services, clock: FixedClock) -> None:
    database, dice = services.database, random.Random(7)
    with database.writing() as session:
        one, other = make_person(session), make_person(session)
    for number in range(60):
        at = clock.now() + timedelta(minutes=number * 7, seconds=dice.randint(-900, 900))
        view(
            database,
            at,
            channel=dice.choice((OWN, SITE)),
            key=dice.choice(("a" * 16, "b" * 16, None)),
            producer_id=dice.choice((one, other)).id,
        )
        if number % 7 == 0:
            count_views(database)
    count_views(database)
    with database.writing() as session:
        parts = sorted(tuple(row) for row in session.execute(select(*HourlyViews.__table__.columns)))
        session.execute(delete(HourlyViews))
        session.execute(delete(FoldCursor).where(FoldCursor.name == CURSOR))
    count_views(database)
    with database.reading() as session:
        whole = sorted(tuple(row) for row in session.execute(select(*HourlyViews.__table__.columns)))
    assert [row for row in parts if any(row[3:])] == whole
    assert len(whole) > 10
