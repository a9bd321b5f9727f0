"""Everything that the insights pages show, by program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from flexapp_sdk import Invalid, NotFound

from flexapp.apps.models import FlexApp, Placement
from flexapp.catalog.models import Track
from flexapp.kernel.clock import FixedClock
from flexapp.listening.ingest import append
from flexapp.listening.models import Kind
from flexapp.listening.page_views import count_views
from flexapp.listening.rows import a_page, view_row
from flexapp.listening.upkeep import fold_listens
from flexapp.workflows.services import Services
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_album, make_track
from tests.factories.history import past_listen
from tests.sdk.conftest import Caller

WEEK = timedelta(days=7)
GERMAN = {"country": "DE", "device": "phone", "os": "iOS", "browser": "Safari", "layout": "list"}


@dataclass(frozen=True)
class Heard:
    """Bob's track in Ada's app: yesterday 9 listens of 100 s of 120 s, 3 of them opened the licenses."""

    app: FlexApp
    placement: Placement
    track: Track


@pytest.fixture
def heard(ada: Caller, bob: Caller, services: Services, clock: FixedClock) -> Heard:
    with services.database.writing() as session:
        track = make_track(session, bob.person, duration_ms=120_000, preview_bytes=1_920_000)
        app = make_app(session, ada.person, picks=(track,))
        placement = make_placement(session, app, services.signer, channel="own_site")
        other = make_app(session, bob.person, picks=(track,))
        rows = past_listen(track, at=clock.now() - timedelta(hours=30), seconds=10, app=other)
        for number in range(9):
            at = clock.now() - timedelta(days=1, minutes=number)
            did = (Kind.OPEN,) if number < 3 else ()
            rows += past_listen(
                track,
                at=at,
                seconds=100,
                app=app,
                placement=placement,
                did=did,
                host="blog.example",
                **GERMAN,
            )
        append(session, rows)
        viewed = clock.now() - timedelta(minutes=5)
        claims = a_page(app_id=app.id, placement_id="", channel="platform_page", now=viewed)
        append(session, [view_row(claims, visitor_key="f" * 16)])
    fold_listens(services)
    count_views(services.database)
    return Heard(app, placement, track)


def test_listens_are_told_by_what_they_are_made_of(ada: Caller, bob: Caller, heard: Heard) -> None:
    countries = ada.sdk.insights.breakdown("country", app_id=heard.app.id, since=WEEK)
    assert [(row.value, row.plays, row.listener_days) for row in countries.rows] == [("DE", 9, 9)]
    assert (countries.others, countries.withheld, countries.total.plays) == (None, None, 9)
    for by, value in (("device", "phone"), ("os", "iOS"), ("browser", "Safari"), ("host", "blog.example")):
        assert ada.sdk.insights.breakdown(by, app_id=heard.app.id).rows[0].value == value
    anywhere = bob.sdk.insights.breakdown("layout", track_id=heard.track.id, since=WEEK)
    assert [(row.value, row.starts, row.plays) for row in anywhere.rows] == [("list", 9, 9), ("", 1, 0)]
    top = bob.sdk.insights.breakdown("layout", track_id=heard.track.id, limit=1)
    assert len(top.rows) == 1
    assert top.others is not None
    assert top.others.starts == 1


def test_engagement_has_the_published_formulas(ada: Caller, bob: Caller, heard: Heard) -> None:
    found = ada.sdk.insights.engagement(app_id=heard.app.id, since=WEEK)
    assert (found.listens, found.buckets.whole, found.quality_score, found.quality) == (
        9,
        9,
        100,
        "Excellent",
    )
    assert found.badge == "High"
    assert found.average_listen_seconds == 100
    assert found.completion == 1
    assert found.retention[:8] == (1,) * 8
    assert found.retention[9] == 0
    assert found.listener_days == 9
    assert (found.growth.rate, found.growth.reason) == (None, "too_young")
    assert found.trend.second == 9
    everywhere = bob.sdk.insights.engagement(since=WEEK)
    assert everywhere.listens == 10
    assert everywhere.buckets.skipped == 1
    assert everywhere.listener_days == 9, "ten seconds make nobody a listener"


def test_the_way_to_a_sale_is_told_by_placement_and_website(ada: Caller, heard: Heard) -> None:
    (step,) = ada.sdk.insights.funnel(app_id=heard.app.id, since=WEEK).rows
    assert step.key == heard.placement.id
    assert (step.loads, step.impressions, step.plays, step.opens, step.sales) == (9, 9, 9, 3, 0)
    (site,) = ada.sdk.insights.funnel(by="host", app_id=heard.app.id, since=WEEK).rows
    assert (site.key, site.plays, site.opens) == ("blog.example", 9, 3)
    with pytest.raises(Invalid):
        ada.sdk.insights.funnel(by="host", app_id=heard.app.id, channel="own_site")


def test_activity_is_told_by_channel(ada: Caller, heard: Heard) -> None:
    found = ada.sdk.insights.activity(since=WEEK)
    assert (found.totals.views, found.totals.visits, found.totals.visitors) == (1, 1, 1)
    assert (found.totals.plays, found.totals.downloads, found.totals.tracks_sold) == (9, 0, 0)
    assert [(row.channel, row.plays, row.views) for row in found.channels] == [
        ("own_site", 9, 0),
        ("platform_page", 0, 1),
    ]


def test_days_and_weeks_begin_in_a_zone(ada: Caller, heard: Heard) -> None:
    daily = ada.sdk.insights.plays(
        app_id=heard.app.id, since=datetime(2026, 11, 18, 11, tzinfo=UTC), zone="Pacific/Auckland"
    )
    assert [(point.at.hour, point.plays) for point in daily.points] == [(11, 0), (11, 9), (11, 0)]
    weekly = ada.sdk.insights.plays(app_id=heard.app.id, since=WEEK, interval="week")
    assert [point.plays for point in weekly.points] == [0, 9]
    assert weekly.totals.opens == 3
    assert ada.sdk.insights.plays(since=WEEK, zone="Asia/Calcutta").totals.plays == 9
    with pytest.raises(Invalid):
        ada.sdk.insights.plays(zone="Mars/Olympus")
    early, late = datetime(1, 1, 1, 20, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for wrong in ({"since": early}, {"until": early}, {"since": late}, {"until": late}):
        for call in (ada.sdk.insights.plays, ada.sdk.insights.engagement, ada.sdk.insights.activity):
            with pytest.raises(Invalid, match="from 2000 to 2100"):
                call(**wrong)
    whole = {"since": datetime(2000, 1, 1, tzinfo=UTC), "until": datetime(2100, 12, 31, tzinfo=UTC)}
    assert ada.sdk.insights.plays(**whole, interval="year").totals.plays == 9


def test_an_album_is_its_tracks_together(
    ada: Caller, bob: Caller, heard: Heard, services: Services, clock: FixedClock
) -> None:
    with services.database.writing() as session:
        second, third = (make_track(session, bob.person, duration_ms=120_000) for _ in range(2))
        album = make_album(session, bob.person, [heard.track, second])
        for track in (second, third):
            append(session, past_listen(track, at=clock.now() - timedelta(hours=5), app=heard.app, **GERMAN))
    fold_listens(services)
    told = bob.sdk.insights
    assert told.plays(album_id=album.id, since=WEEK).totals.plays == 10
    assert told.engagement(album_id=album.id, since=WEEK).listener_days == 10
    assert told.breakdown("country", album_id=album.id, since=WEEK).total.plays == 10
    assert [row.plays for row in told.funnel(album_id=album.id, since=WEEK).rows] == [9, 1]
    with pytest.raises(Invalid, match="not both"):
        told.plays(album_id=album.id, track_id=second.id)
    with pytest.raises(Invalid, match="whole apps"):
        told.funnel(album_id=album.id, by="host")
    with pytest.raises(NotFound):
        ada.sdk.insights.plays(album_id=album.id)


def test_nobody_reads_what_is_others(ada: Caller, bob: Caller, heard: Heard) -> None:
    for call in (
        lambda: bob.sdk.insights.engagement(app_id=heard.app.id),
        lambda: bob.sdk.insights.breakdown("country", placement_id=heard.placement.id),
        lambda: ada.sdk.insights.funnel(track_id=heard.track.id),
    ):
        with pytest.raises(NotFound):
            call()
