"""The panels of an insights page as the tables of its files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flexapp.dashboard.periods import Period, as_local
from flexapp.dashboard.reports import Report, Sheet, Value
from flexapp.dashboard.subjects import ALL, Subject
from flexapp.listening.floor import FLOOR
from flexapp.listening.insights import Counts
from flexapp.listening.parts import FLOORED, By

_TITLES = {
    By.COUNTRY: "Locations",
    By.DEVICE: "Devices",
    By.OS: "Systems",
    By.BROWSER: "Browsers",
    By.HOST: "Websites",
    By.LAYOUT: "Player layouts",
}
NAMED = (
    f"Named once {FLOOR} listeners were there on one day; all others together, with listens of nobody known."
)
_COUNTED = ("plays", "starts", "replays", "completed", "completion_share", "average_listen_ms")


def report_of(subject: Subject, period: Period, facts: Mapping[str, Any], *, now: datetime) -> Report:
    """What the page shows in this period; ``facts`` are its panels."""
    return Report(
        title=subject.title if subject.kind != ALL else "Insights",
        period=period.label,
        since=period.since,
        until=period.until,
        zone=period.zone.key,
        interval=period.interval.value,
        made_at=now,
        sheets=[sheet for sheet in _sheets(period, facts) if sheet is not None],
        chart=facts["heard"].chart,
    )


def _sheets(period: Period, facts: Mapping[str, Any]) -> list[Sheet | None]:
    heard, named = facts["heard"], facts["named"]
    return [
        Sheet(
            "totals",
            "Totals",
            ["period", *_COUNTED, "loads", "checkouts"],
            [
                _total(period.label, heard.now),
                *([_total(period.before_label, heard.before)] if period.is_compared else []),
            ],
        ),
        *_of_retention(facts),
        *(_of_parts(by, facts) for by in By),
        Sheet(
            "stages",
            "From a load to a sale",
            ["stage", "count"],
            [[stage.label, stage.count] for stage in facts["stages"]],
        ),
        Sheet(
            "funnel",
            "From a load to a sale, by placement",
            ["placement", *(_word(name) for name, _ in facts["stage_names"])],
            [[name, *steps] for name, steps in facts["funnel"]],
        ),
        None
        if facts["sites"] is None
        else Sheet(
            "funnel_by_website",
            "From a load to a sale, by website",
            ["website", *(_word(name) for name, _ in facts["stage_names"])],
            [[name, *steps] for name, steps in facts["sites"]],
            note=" ".join(filter(None, [NAMED, facts["sites_note"]])),
        ),
        _of_counts("channels", "Channels", "channel", facts["channel_rows"]),
        _of_counts(
            "places", "Where it played", "place", [(row.label, row.counts) for row in facts["places"]]
        ),
        None
        if facts["apps"] is None
        else _of_counts("apps", "Flex apps", "app", [(app.name, counts) for app, counts in facts["apps"]]),
        None
        if facts["tracks"] is None
        else Sheet(
            "tracks",
            "Tracks",
            ["track", *_COUNTED, "sold"],
            [[row.title, *_values(row.counts), row.sold] for row in facts["tracks"]],
        ),
        Sheet(
            "listeners",
            "Your biggest listeners",
            ["listener", "plays"],
            [[name, counts.plays] for name, counts in named.rows],
            note=named.reason,
        ),
        None
        if facts["left_out"] is None
        else Sheet(
            "left_out",
            "Left out",
            ["rule", "listens"],
            [[words, count] for words, count in facts["left_out"]],
        ),
        Sheet(
            "plays_over_time",
            "Plays over time",
            [period.interval.value, *_COUNTED],
            [
                [as_local(point.at, period.zone, period.interval), *_values(point.counts)]
                for point in heard.points
            ],
            note=f"Times of {period.zone.key}.",
        ),
    ]


def _total(name: str, counts: Counts) -> list[Value]:
    return [name, *_values(counts), counts.loads, counts.checkouts]


def _of_retention(facts: Mapping[str, Any]) -> list[Sheet]:
    kept, growth = facts["retention"], facts["growth"]
    figures: list[tuple[str, Value]] = [
        ("listens", kept.listens),
        ("quality_score", kept.score if facts["is_judged"] else None),
        ("engagement", kept.badge if facts["is_judged"] else None),
        ("heard_on_average_share", _share(kept.average)),
        ("growth_over_28_days_share", _share(growth.rate)),
        ("second_half_against_the_first_share", _share(facts["trend"].change)),
        ("listener_days", facts["listeners"]),
        ("tracks_sold", facts["sold"]),
    ]
    tenths = [
        [f"{tenth * 10} to {tenth * 10 + 10} %", count, round(share, 4)]
        for tenth, (count, share) in enumerate(zip(kept.tenths, kept.curve or (), strict=False))
    ]
    return [
        Sheet("engagement", "Engagement", ["figure", "value"], [list(row) for row in figures]),
        Sheet("retention", "How far they listened", ["part_of_the_beat", "listens", "heard_share"], tenths),
        Sheet(
            "lengths",
            "Listens by length",
            ["length", "listens"],
            [[bar.label, int(bar.value)] for bar in facts["buckets"].bars],
        ),
    ]


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _of_parts(by: By, facts: Mapping[str, Any]) -> Sheet:
    notes = [
        NAMED if by in FLOORED else "",
        facts["floor_notes"][by.value],
        "IP geolocation by DB-IP, https://db-ip.com." if by is By.COUNTRY else "",
    ]
    rows = [[name, part.plays, part.starts, part.listeners] for name, part in facts["parts"][by.value]]
    columns = [by.value, "plays", "starts", "listener_days"]
    return Sheet(f"by_{by.value}", _TITLES[by], columns, rows, note=" ".join(filter(None, notes)))


def _word(name: str) -> str:
    return name.lower().replace(" ", "_")


def _of_counts(name: str, title: str, first: str, rows: list[tuple[str, Counts]]) -> Sheet:
    return Sheet(name, title, [first, *_COUNTED], [[label, *_values(counts)] for label, counts in rows])


def _values(counts: Counts) -> list[Value]:
    return [
        counts.plays,
        counts.starts,
        counts.replays,
        counts.completed,
        _share(counts.completion),
        None if counts.average_listen_ms is None else round(counts.average_listen_ms),
    ]
