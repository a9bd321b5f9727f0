"""Every panel of a span is about the same listens as its plays, in any zone, however old the span is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from flexapp.dashboard.periods import period_of
from flexapp.gateways.objects import LocalObjects
from flexapp.kernel import zones
from flexapp.listening import panels
from flexapp.listening.columns import Mirror
from flexapp.listening.edges import Span, settled
from flexapp.listening.evidence import day_start
from flexapp.listening.insights import Dimension, breakdown
from flexapp.listening.models import Kind, ListenEvent, Play
from flexapp.listening.packing import pack
from flexapp.listening.panels import Interval, Scope, Step
from flexapp.listening.parts import By, parts
from flexapp.listening.rebuilding import rebuild
from flexapp.listening.rollups import day_number, hour_number
from flexapp.listening.sealing import seal_days
from flexapp.storage.session import Database
from tests.domain.listening.test_folding import rolled_up
from tests.domain.listening.test_panels import NOON, SINCE, World

ZONES = ("Asia/Tokyo", "America/Los_Angeles", "Asia/Kolkata")
SPANS: tuple[dict[str, str], ...] = (
    {"period": "today"},
    {"period": "yesterday"},
    {"period": "7d"},
    {"period": "custom", "since": "2026-11-17", "until": "2026-11-17"},
    {"period": "all"},
)


@dataclass(frozen=True)
class Asked:
    """A span of time, and whose figures."""

    name: str
    scope: Scope
    since: datetime
    until: datetime


def asked(world: World) -> Iterable[Asked]:
    """Pages of an app, a track, an artist and a person, in each zone."""
    scopes = {
        "app": Scope(app_ids=world.apps[:1]),
        "track": Scope(track_ids=world.tracks[:1]),
        "artist": Scope(track_ids=world.tracks[:2]),
        "person": Scope(person_id=world.people[0].id),
    }
    for place, zone in enumerate(ZONES):
        for wishes in SPANS:
            period = period_of(wishes, NOON, zone=zones.zone_of(zone), begin=SINCE)
            for number, (kind, scope) in enumerate(scopes.items()):
                if place == number % len(ZONES) or kind == "app":  # each kind of page, in one or all zones
                    yield Asked(f"{kind}, {zone}, {wishes}", scope, period.since, period.until)


def shown(database: Database, one: Asked, mirror: Mirror | None) -> dict[str, Any]:
    """What every panel says in all."""
    with database.reading() as session:
        span: dict[str, Any] = {"since": one.since, "until": one.until}
        counts = panels.series(session, one.scope, **span, interval=Interval.DAY).totals
        kept = panels.engagement(session, one.scope, **span, mirror=mirror).retention
        by_track = breakdown(session, Dimension.TRACK, scope=one.scope, **span)
        found: dict[str, Any] = {
            "starts": {counts.starts, kept.listens, sum(counts.starts for _, counts in by_track)},
            "plays": {counts.plays, sum(counts.plays for _, counts in by_track)},
            "loads": {
                counts.loads,
                sum(row.counts.loads for row in panels.funnel(session, one.scope, **span).everything),
            },
            "percent": kept.percent,
            "buckets": sum(kept.buckets),
            "tenths": kept.tenths,
            "listeners": panels.listener_days(session, one.scope, **span, mirror=mirror).days,
        }
        for by in By:
            total = parts(session, one.scope, by, **span, mirror=mirror).total
            found["starts"].add(total.starts)
            found["plays"].add(total.plays)
        if one.scope.app_ids:
            rows = panels.funnel(session, one.scope, by=Step.HOST, **span, mirror=mirror).everything
            for name in ("starts", "plays", "loads"):
                found[name].add(sum(getattr(row.counts, name) for row in rows))
    return found


class Log:
    """What happened, as it stood before anything was forgotten."""

    def __init__(self, world: World) -> None:
        self.plays = world.plays()
        self.apps, self.tracks = world.apps, world.tracks
        with world.database.reading() as session:
            query = select(ListenEvent).where(ListenEvent.kind == Kind.LOAD)
            self.loads = list(session.scalars(query))

    def expected(self, one: Asked, *, by_days: bool) -> dict[str, Any]:
        """The same by looking at each listen; old ones belong to a span with the noon of their UTC day."""

        def is_in(moment: datetime) -> bool:
            at = moment.replace(hour=12, minute=0, second=0) if by_days else moment
            return hour_number(one.since) <= hour_number(at) <= hour_number(one.until - timedelta(seconds=1))

        def is_about(row: Play | ListenEvent) -> bool:
            scope = one.scope
            if scope.person_id:
                return row.app_id == self.apps[0] or row.track_id in self.tracks[:2]
            return row.app_id in (scope.app_ids or [row.app_id]) and row.track_id in (
                scope.track_ids or [row.track_id]
            )

        plays = [play for play in self.plays if is_in(play.started_at) and is_about(play)]
        loads = [load for load in self.loads if is_in(load.minted_at) and is_about(load)]
        return {
            "starts": {len(plays)},
            "plays": {sum(play.is_counted for play in plays)},
            "loads": {len(loads)},
            "percent": sum(play.percent for play in plays),
            "buckets": len(plays),
            "tenths": tuple(sum(play.tenths >> tenth & 1 for play in plays) for tenth in range(10)),
            "listeners": len({(p.started_at.date(), p.visitor_key) for p in plays if p.is_qualified}),
        }


def test_all_panels_of_a_span_are_about_the_same_listens(database: Database, tmp_path: Path) -> None:
    world = World(database, sessions=110)
    log = Log(world)
    questions = list(asked(world))
    told = [log.expected(one, by_days=False) for one in questions]
    assert sum(each["plays"] != {0} for each in told) > len(told) // 2
    for one, expected in zip(questions, told, strict=True):
        assert shown(database, one, None) == expected, one.name

    mirror = Mirror(LocalObjects(tmp_path / "objects"), tmp_path / "sealed")
    seal_days(database, mirror, now=NOON, raw_days=30)
    pack(database, now=NOON)
    with database.writing() as session:  # sealed days are told by their files alone
        hot = day_start(date(2026, 11, 18))
        session.execute(delete(Play).where(Play.started_at < hot))
        session.execute(delete(ListenEvent).where(ListenEvent.received_at < hot))
    for one, expected in zip(questions[::3], told[::3], strict=True):
        assert shown(database, one, mirror) == expected, one.name

    much_later = NOON + timedelta(days=95)
    seal_days(database, mirror, now=much_later, raw_days=30)
    pack(database, now=much_later)
    coarse = [log.expected(one, by_days=True) for one in questions]
    assert coarse != told
    for one, expected in zip(questions[1::3], coarse[1::3], strict=True):
        assert shown(database, one, mirror) == expected, one.name
    folded = rolled_up(database)
    rebuild(database, mirror, now=much_later, raw_days=30)
    assert rolled_up(database) == folded


@pytest.mark.parametrize(
    ("hours", "fine_from", "expected"),
    [
        ((5, 20), 0, (5, 20)),
        ((12, 37), 2, (0, 48)),  # noon of the first day and of the second are in it
        ((13, 36), 2, (24, 24)),
        ((13, 36), 1, (24, 36)),
        ((30, 31), 1, (30, 31)),
        ((24, 48), 2, (24, 48)),
    ],
)
def test_old_edges_move_to_the_midnight_on_their_side_of_noon(
    hours: tuple[int, int], fine_from: int, expected: tuple[int, int]
) -> None:
    since, until = (day_start(date(1970, 1, 1)) + timedelta(hours=hour) for hour in hours)
    assert settled(since, until, fine_from=fine_from) == expected
    assert settled(since, until - timedelta(minutes=59), fine_from=fine_from) == expected


def test_pieces_and_whole_days_make_up_the_span() -> None:
    def told(low: int, high: int, first: int, last: int) -> list[tuple[int, int]]:
        return [(hour_number(a), hour_number(b)) for a, b in Span(low, high, first, last).pieces]

    assert told(48, 96, 2, 4) == []
    assert told(50, 100, 3, 4) == [(50, 72), (96, 100)]
    assert told(50, 60, 3, 2) == [(50, 60)]
    assert told(48, 60, 2, 3) == []  # the day that is running
    assert told(50, 60, 3, 3) == [(50, 72)]
    assert day_number(date(1970, 1, 3)) == 2
