"""Panels on folded listens equal what brute force finds in the plays."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from flexapp.listening import panels, quality
from flexapp.listening.batches import PlayEvent
from flexapp.listening.folding import fold_all
from flexapp.listening.ingest import Ingest
from flexapp.listening.insights import Dimension, breakdown
from flexapp.listening.models import Decision, Kind, Play
from flexapp.listening.panels import Interval, Scope, Step
from flexapp.listening.parts import By, parts
from flexapp.listening.rows import delivery_row, event_row, load_row
from flexapp.listening.sessions import SessionClaims
from flexapp.storage.session import Database
from tests.factories.apps import make_app
from tests.factories.catalog import make_license_type, make_track
from tests.factories.people import make_person

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SINCE = NOON - timedelta(days=6)
TOKYO = ZoneInfo("Asia/Tokyo")


class World:
    """Two owners with an app each, three tracks, and six days of listening."""

    def __init__(self, database: Database, *, sessions: int = 160, seed: int = 7) -> None:
        self.database = database
        with database.writing() as session:
            self.people = [make_person(session) for _ in range(2)]
            self.tracks = [
                make_track(
                    session,
                    person,
                    license_types=[make_license_type(session, person)],
                    files=(),
                    duration_ms=100_000,
                ).id
                for person in (self.people[0], self.people[0], self.people[1])
            ]
            self.apps = [make_app(session, person).id for person in self.people]
        self.chance = random.Random(seed)
        self.ingest = Ingest(database)
        for number in range(sessions):
            self.listen(number, NOON - timedelta(minutes=self.chance.randrange(6 * 24 * 60)))
        fold_all(database, now=NOON)

    def listen(self, number: int, minted: datetime) -> None:
        """One session with one or two plays, in an app or on a page of ours."""
        chance = self.chance
        app = chance.choice([*self.apps, ""])
        host = chance.choice(["blog.example", "blog.example", "shop.example", f"tiny{number}.example"])
        claims = SessionClaims(f"session-{number:06}", app, "", "direct", host, minted)
        key = f"{chance.randrange(40):08x}{minted:%Y%m%d}"
        rows = [load_row(claims)]
        at = 0
        for play in range(chance.randrange(1, 3)):
            track = chance.choice(self.tracks)
            rows.append(delivery_row(claims, track_id=track, count=2_000_000, pieces=(0, 489), now=minted))
            heard = chance.choice([5, 25, 45, 65, 80, 100]) * 1000
            steps = ((Kind.START, (), 0), (Kind.HEARTBEAT, ((0, heard),), heard), (Kind.END, (), 0))
            for seq, (kind, spans, passed) in enumerate(steps):
                at += passed + 500
                event = PlayEvent(f"play-{play:04}", seq, kind, track, spans, 100_000, at)
                now = minted + timedelta(milliseconds=at)
                row = event_row(claims, event, visitor_key=key, flags=(), now=now)
                device = "phone" if number % 3 else "desktop"
                rows.append(
                    {
                        **row,
                        "country": ("AD", "DE", "FR", "JP")[number % 16 and number % 3 + 1],
                        "device": device,
                    }
                )
        self.ingest.submit(rows)

    def plays(self) -> list[Play]:
        """Valid plays that began in the span."""
        with self.database.reading() as session:
            found = session.scalars(select(Play).where(Play.decision == Decision.VALID)).all()
        return [play for play in found if SINCE <= play.started_at < NOON]


def days_of(plays: list[Play], column: str) -> dict[str, Counter[date]]:
    """Different keys of qualified plays by value and day."""
    keys = {
        (getattr(play, column), play.started_at.date(), play.visitor_key)
        for play in plays
        if play.is_qualified and play.visitor_key
    }
    found = defaultdict(Counter)
    for value, day, _ in keys:
        found[value][day] += 1
    return found


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def test_series_cut_days_of_the_zone_and_add_up(world: World) -> None:
    app = world.apps[0]
    plays = [play for play in world.plays() if play.app_id == app]
    assert plays
    by_day = Counter(play.started_at.astimezone(TOKYO).date() for play in plays if play.is_counted)
    scope = Scope(app_ids=[app])
    with world.database.reading() as session:
        days = panels.series(session, scope, since=SINCE, until=NOON, interval=Interval.DAY, zone=TOKYO)
        got = {point.at.astimezone(TOKYO).date(): point.counts.plays for point in days.points}
        assert {day: plays for day, plays in got.items() if plays} == by_day
        assert days.totals.starts == len(plays)
        assert days.totals.listen_ms == sum(play.listen_ms for play in plays)
        for interval in (Interval.HOUR, Interval.WEEK, Interval.MONTH, Interval.YEAR):
            found = panels.series(session, scope, since=SINCE, until=NOON, interval=interval)
            assert sum(point.counts.plays for point in found.points) == days.totals.plays


def test_what_a_person_may_see_is_own_apps_and_own_tracks_anywhere(world: World) -> None:
    person = world.people[0]
    mine = [p for p in world.plays() if p.app_id == world.apps[0] or p.track_id in world.tracks[:2]]
    scope = Scope(person_id=person.id)
    with world.database.reading() as session:
        found = panels.series(session, scope, since=SINCE, until=NOON, interval=Interval.TOTAL)
        assert found.totals.starts == len(mine) < len(world.plays())
        by_track = dict(breakdown(session, Dimension.TRACK, scope=scope, since=SINCE, until=NOON))
        expected = Counter(play.track_id for play in mine)
        assert {track: counts.starts for track, counts in by_track.items() if counts.starts} == expected
        whole = panels.engagement(session, scope, since=SINCE - timedelta(days=1), until=NOON)
    assert whole.retention.listens == len(mine)
    assert whole.retention.percent == sum(play.percent for play in mine)
    assert whole.retention.buckets[-1] == sum(play.is_completed for play in mine)
    assert whole.retention.tenths == tuple(
        sum(play.tenths >> tenth & 1 for play in mine) for tenth in range(10)
    )


def test_parts_of_an_app_equal_those_of_its_listens_and_keep_the_floor(database: Database) -> None:
    world = World(database, sessions=420)
    plays = [play for play in world.plays() if play.app_id == world.apps[1]]
    since = SINCE.replace(hour=0)
    with world.database.reading() as session:
        rolled = Scope(app_ids=[world.apps[1]])
        raw = Scope(app_ids=[world.apps[1]], track_ids=world.tracks)
        for by in By:
            assert parts(session, rolled, by, since=since, until=NOON) == parts(
                session, raw, by, since=since, until=NOON
            ), by
        countries = parts(session, rolled, By.COUNTRY, since=since, until=NOON)
        hosts = parts(session, rolled, By.HOST, since=since, until=NOON)
        funnel = panels.funnel(session, rolled, by=Step.HOST, since=since, until=NOON)
    listeners = days_of(plays, "country")
    crowded = {country for country, days in listeners.items() if max(days.values()) >= 5}
    assert crowded == {"DE", "FR", "JP"} < {*listeners}
    assert {row.value for row in countries.rows} < crowded, "one hides Andorra"
    assert all(row.listeners == listeners[row.value].total() for row in countries.rows)
    assert countries.others is not None
    assert countries.total.listeners == sum(days.total() for days in listeners.values())
    assert countries.total.plays == sum(play.is_counted for play in plays)
    assert {row.value for row in hosts.rows} == {"blog.example", "shop.example"}
    assert hosts.others is not None
    assert hosts.total.listeners == sum(part.listeners for part in (*hosts.rows, hosts.others))
    assert {row.name for row in funnel.rows} == {row.value for row in hosts.rows}
    assert funnel.others is not None
    for row, part in zip([*funnel.rows, funnel.others], [*hosts.rows, hosts.others], strict=True):
        assert (row.counts.starts, row.counts.plays) == (part.starts, part.plays)
        assert row.counts.loads
    assert funnel.withheld is hosts.withheld is None


def test_the_quality_score_and_growth_follow_the_published_formulas() -> None:
    found = quality.Retention(20, 1500, (1, 1, 3, 5, 10), (20,) * 10)
    assert (found.score, found.band, found.badge) == (77, "Good", "Moderate")
    assert quality.Retention().score is None
    long_ago = NOON - timedelta(days=30)
    assert quality.growth_of(115, 100, first_at=long_ago, now=NOON).status == "Exceptional"
    assert quality.growth_of(100, 100, first_at=long_ago, now=NOON).status == "Steady"
    assert quality.growth_of(90, 100, first_at=long_ago, now=NOON).status == "Needs attention"
    assert quality.growth_of(5, 0, first_at=long_ago, now=NOON).reason == "from_zero"
    assert quality.growth_of(5, 5, first_at=NOON - timedelta(days=6), now=NOON).reason == "too_young"
