"""Views become visits and visitors by person and channel, counted again whenever a day is viewed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flexapp.kernel.clock import FixedClock
from flexapp.listening.ingest import append
from flexapp.listening.page_views import Viewed, count_views, views_of
from flexapp.listening.rows import a_page, view_row
from flexapp.storage.session import Database
from flexapp.workflows.services import Services
from tests.factories.apps import make_app
from tests.factories.catalog import make_track
from tests.factories.people import make_person

DAY = date(2026, 11, 20)
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

    assert count_views(database) == 1
    assert count_views(database) == 0, "nothing new"
    with database.reading() as session:
        assert views_of(session, producer.id, first=DAY, last=DAY) == {
            (DAY, SITE): Viewed(views=1, visits=1, visitors=1),
            (DAY, OWN): Viewed(views=3, visits=2, visitors=1),
        }
        assert views_of(session, affiliate.id, first=DAY, last=DAY) == {(DAY, SITE): Viewed(2, 1, 1)}
        assert views_of(session, noise.id, first=DAY, last=DAY) == {(DAY, OWN): Viewed(1, 1, 1)}

    # The next view bridges the pause: the same day is counted again, not added to.
    view(database, minutes(30), key="a" * 16, producer_id=producer.id)
    view(database, noon + timedelta(days=1), key="d" * 16, producer_id=producer.id)
    assert count_views(database) == 2
    with database.reading() as session:
        found = views_of(session, producer.id, first=DAY, last=DAY + timedelta(days=1))
        assert found[DAY, SITE] == Viewed(1, 1, 1)
        assert found[DAY, OWN] == Viewed(4, 1, 1)
        assert found[DAY + timedelta(days=1), OWN] == Viewed(1, 1, 1)
