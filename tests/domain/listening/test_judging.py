"""Rules over many plays: each doubts what it says, leaves alone what it does not, and can be undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from flexapp.apps.models import FlexApp, Placement
from flexapp.catalog.models import Track
from flexapp.config import PlayLimits
from flexapp.listening import insights, judging, reviewing, suspects
from flexapp.listening.models import Decision, Play, RulesOfDay
from flexapp.workflows.services import Services
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_license_type, make_track
from tests.factories.listening import settle
from tests.factories.people import make_person
from tests.factories.plays import hear

FIRST_MORNING = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
LIMITS = PlayLimits(
    visitor_hour=3,
    visitor_day=5,
    network_track_least=6,
    network_track_day=8,
    network_placement_day=7,
    placement_track_day=40,
    quiet_placement_day=10,
    uniform_least=4,
    unloaded_least=4,
    keyless_least=4,
)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass
class Scene:
    services: Services
    tracks: list[Track]
    app: FlexApp
    placement: Placement
    morning: datetime = FIRST_MORNING

    @property
    def evening(self) -> datetime:
        return self.morning.replace(hour=23, minute=50)

    @property
    def there(self) -> dict[str, str]:
        return {"app_id": self.app.id, "placement_id": self.placement.id}

    def judge(self, limits: PlayLimits = LIMITS) -> judging.Judged:
        settle(self.services)
        [done] = judging.judge_days(
            self.services.database, limits=limits, own_host="flexapp.example", now=self.evening, days=1
        )
        return done

    def waiting(self) -> dict[str, int]:
        """The day's suspects by reason."""
        query = select(Play.reason, func.count()).where(
            Play.decision == Decision.SUSPECT, Play.started_at.between(self.morning, self.evening)
        )
        with self.services.database.reading() as session:
            return {row[0]: row[1] for row in session.execute(query.group_by(Play.reason))}

    def counted(self) -> int:
        """The day's plays in the totals."""
        with self.services.database.reading() as session:
            return insights.plays(
                session, since=self.morning, until=self.evening, interval="total"
            ).totals.plays


@pytest.fixture
def scene(services: Services) -> Scene:
    services.clock.moment = FIRST_MORNING.replace(hour=23)  # type: ignore[attr-defined]
    with services.database.writing() as session:
        producer, affiliate = make_person(session), make_person(session)
        types = [make_license_type(session, producer)]
        tracks = [
            make_track(session, producer, license_types=types, files=(), duration_ms=120_000)
            for _ in range(8)
        ]
        app = make_app(session, affiliate, picks=tracks, allowed_origins=["https://blog.example"])
        placement = make_placement(session, app, services.signer)
    return Scene(services, tracks, app, placement)


def one_visitor_in_a_hurry(scene: Scene) -> None:
    for number, track in enumerate(scene.tracks[:5]):
        hear(scene.services, track, at=scene.morning + number * 2 * MINUTE, visitor="a" * 16)


def one_visitor_all_day(scene: Scene) -> None:
    for number in range(7):
        hear(scene.services, scene.tracks[number], at=scene.morning + number * HOUR, visitor="a" * 16)


def replays_of_one_visitor(scene: Scene) -> None:
    for number in range(8):
        hear(scene.services, scene.tracks[0], at=scene.morning + number * 2 * MINUTE, visitor="a" * 16)


def one_network_on_one_beat(scene: Scene) -> None:
    for number in range(6):
        hear(scene.services, scene.tracks[0], at=scene.morning + number * HOUR, network="n" * 16)
    for number in range(13):  # 6 of 19 are 31.6 %
        hear(scene.services, scene.tracks[0], at=scene.morning + number * HOUR, network=f"{number:016}")


def a_network_among_many(scene: Scene) -> None:
    for number in range(6):
        hear(scene.services, scene.tracks[0], at=scene.morning + number * HOUR, network="n" * 16)
    for number in range(14):  # 6 of 20 are just 30 %
        hear(scene.services, scene.tracks[0], at=scene.morning + number * HOUR, network=f"{number:016}")


def a_network_over_its_cap(scene: Scene) -> None:
    for number in range(10):
        hear(scene.services, scene.tracks[0], at=scene.morning + number * HOUR, network="n" * 16)
    for number in range(30):
        hear(scene.services, scene.tracks[0], at=scene.morning, network=f"{number:016}")


def a_network_over_its_cap_in_one_place(scene: Scene) -> None:
    for number in range(9):
        where = {"at": scene.morning + number * HOUR, "network": "n" * 16}
        hear(scene.services, scene.tracks[number % 8], **where, **scene.there)  # type: ignore[arg-type]


def a_beat_over_its_cap(scene: Scene) -> None:
    for number in range(43):
        hear(scene.services, scene.tracks[0], at=scene.morning + number * MINUTE)


def a_busy_place_where_nobody_buys(scene: Scene) -> None:
    for number in range(11):
        hear(scene.services, scene.tracks[number % 8], at=scene.morning + number * HOUR, **scene.there)


def most_stop_at_30_seconds(scene: Scene) -> None:
    for number in range(4):
        hear(scene.services, scene.tracks[0], at=scene.morning, seconds=30 + number / 4)
    for number in range(3):
        hear(scene.services, scene.tracks[0], at=scene.morning, seconds=40 + number)


def some_stop_at_30_seconds(scene: Scene) -> None:
    for seconds in (30, 30.5, 31, 31, 31.1, 60, 60, 60):
        hear(scene.services, scene.tracks[0], at=scene.morning, seconds=seconds)


def players_that_were_never_handed_out(scene: Scene) -> None:
    for number in range(7):
        hear(scene.services, scene.tracks[0], at=scene.morning, is_loaded=number < 3)


def old_browsers_among_others(scene: Scene) -> None:
    for number in range(8):
        hear(scene.services, scene.tracks[0], at=scene.morning, is_loaded=number < 4)


def a_page_that_may_not_show_it(scene: Scene) -> None:
    hear(
        scene.services,
        scene.tracks[0],
        at=scene.morning,
        host="thief.example",
        is_loaded=False,
        **scene.there,
    )
    hear(scene.services, scene.tracks[0], at=scene.morning, host="once.example", **scene.there)
    hear(scene.services, scene.tracks[0], at=scene.morning, is_loaded=False, **scene.there)


def nobody_is_known(scene: Scene) -> None:
    for number in range(6):
        hear(scene.services, scene.tracks[0], at=scene.morning, visitor=None if number < 4 else "")


def nobody_agreed(scene: Scene) -> None:
    for _ in range(6):
        hear(scene.services, scene.tracks[0], at=scene.morning, visitor=None, flags=["ask"])


CASES: list[tuple[Callable[[Scene], None], dict[str, int], int]] = [
    (one_visitor_in_a_hurry, {"visitor_hour": 2}, 3),
    (one_visitor_all_day, {"visitor_day": 2}, 5),
    (replays_of_one_visitor, {}, 1),
    (one_network_on_one_beat, {"network_spike": 6}, 13),
    (a_network_among_many, {}, 20),
    (a_network_over_its_cap, {"network_track": 2}, 38),
    (a_network_over_its_cap_in_one_place, {"network_placement": 2}, 7),
    (a_beat_over_its_cap, {"placement_track": 3}, 40),
    (a_busy_place_where_nobody_buys, {"quiet_placement": 11}, 0),
    (most_stop_at_30_seconds, {"uniform": 4}, 3),
    (some_stop_at_30_seconds, {}, 8),
    (players_that_were_never_handed_out, {"unloaded": 4}, 3),
    (old_browsers_among_others, {}, 8),
    (a_page_that_may_not_show_it, {"foreign_host": 1}, 2),
    (nobody_is_known, {"keyless": 4}, 2),
    (nobody_agreed, {}, 6),
]


def test_each_rule_doubts_what_it_says(scene: Scene) -> None:
    wrong = {}
    for listen, waiting, counted in CASES:  # each on a day of its own
        scene.services.clock.moment = scene.evening  # type: ignore[attr-defined]
        listen(scene)
        scene.judge()
        for _ in range(2):
            if (scene.waiting(), scene.counted()) != (waiting, counted):
                wrong[listen.__name__] = (scene.waiting(), scene.counted())
            assert scene.judge().changed == 0, "a second run changes nothing"
        scene.morning += timedelta(days=1)
    assert not wrong


def test_other_limits_let_go_and_the_same_ones_find_the_same(scene: Scene) -> None:
    one_visitor_in_a_hurry(scene)
    most_stop_at_30_seconds(scene)
    scene.judge()
    first, counted = scene.waiting(), scene.counted()
    assert first
    scene.judge(PlayLimits())
    assert (scene.waiting(), scene.counted()) == ({}, 12)
    with scene.services.database.reading() as session:
        assert session.scalars(select(RulesOfDay.limits)).all() == [judging.digest_of(PlayLimits())]
    scene.judge()
    assert (scene.waiting(), scene.counted()) == (first, counted)


def test_what_somebody_decided_holds_for_what_had_started(scene: Scene) -> None:
    most_stop_at_30_seconds(scene)
    scene.judge()
    assert scene.counted() == 3
    group = {"reason": "uniform", "app_id": "", "placement_id": "", "host": "blog.example"}
    for decision, counted in ((Decision.VALID, 7), (Decision.REJECTED, 3)):
        with scene.services.database.writing() as session:
            count = reviewing.decide(
                session, **group, decision=decision, person_id="per_x", now=scene.morning + HOUR
            )
        assert count == 4
        assert (scene.counted(), scene.waiting()) == (counted, {})
        assert scene.judge().changed == 0
        with scene.services.database.writing() as session, pytest.raises(reviewing.NothingWaits):
            reviewing.decide(session, **group, decision=decision, person_id="per_x", now=scene.morning + HOUR)
        with scene.services.database.writing() as session:
            [last] = suspects.judgments(session, since=scene.morning)
            reviewing.take_back(session, last, now=scene.morning + HOUR)
        assert (scene.counted(), scene.waiting()) == (3, {"uniform": 4})
    with scene.services.database.writing() as session:
        reviewing.decide(
            session, **group, decision=Decision.REJECTED, person_id="per_x", now=scene.morning + HOUR
        )
    for _ in range(5):
        hear(scene.services, scene.tracks[0], at=scene.morning + 2 * HOUR, seconds=30)
    scene.judge()
    assert scene.waiting() == {"uniform": 5}
