"""Every panel of an insights page, as its template and its files take them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from flexapp.apps.queries import apps_of, placements_of, select_placements_of_owner
from flexapp.dashboard.charts import BarChart, Series, bar_chart, line_chart
from flexapp.dashboard.figures import (
    CHANNELS,
    Change,
    Listening,
    difference_of,
    listening,
    name_of,
    place_rows,
    track_rows,
)
from flexapp.dashboard.periods import Period
from flexapp.dashboard.queries import sold_by_track
from flexapp.dashboard.subjects import ALL, Subject
from flexapp.dashboard.world import world_map
from flexapp.kernel import countries
from flexapp.listening import insights, panels, parts
from flexapp.listening.columns import Mirror
from flexapp.listening.counting import Reason
from flexapp.listening.floor import FLOOR
from flexapp.listening.insights import Counts, Dimension
from flexapp.listening.rules import SHORT
from flexapp.people.models import Person
from flexapp.web import filters
from flexapp.web.formulas import ENOUGH, formulas

STAGES = ("Loaded", "Seen", "Played", "License opened", "Added to cart", "Bought", "Refunded")
_OF_TRACKS = STAGES.index("Played")
_TRACKS = 50
_TENTHS = [f"{tenth * 10} to {tenth * 10 + 10} %" for tenth in range(10)]
_BUCKETS = (
    "Whole, from 80 %",
    "Mostly, from 60 %",
    "Half, from 40 %",
    "Partial, from 20 %",
    "Skipped, below 20 %",
)
_NAMES = {
    "desktop": "Computer",
    "phone": "Phone",
    "tablet": "Tablet",
    "tv": "Television",
    "console": "Console",
}


def page_of(
    session: Session,
    subject: Subject,
    period: Period,
    *,
    person: Person,
    now: datetime,
    mirror: Mirror | None = None,
) -> dict[str, Any]:
    """The panels by their names in ``templates/dashboard/insights/page.html``.

    ``mirror`` has the sealed days, for spans that reach behind the raw rows.
    """
    heard = listening(session, subject.scope, period)
    since, until = period.since, period.until
    channels = insights.breakdown(session, Dimension.CHANNEL, scope=subject.scope, since=since, until=until)
    own = {row.id: row for row in session.scalars(select_placements_of_owner(person.id))}
    sold = _sold(session, subject, person, since, until)
    sold_before = sum(_sold(session, subject, person, period.before_since, period.before_until).values())
    if subject.kind == "app":
        own = {row.id: row for row in placements_of(session, subject.id, with_revoked=True)}
    return {
        **engagement_panel(session, subject, period, mirror),
        **audience_panels(session, subject, period, mirror),
        "growth": panels.growth(session, subject.scope, now=now),
        "trend": panels.trend(session, subject.scope, since=since, until=until),
        "listeners": panels.listener_days(
            session, subject.scope, since=since, until=until, mirror=mirror
        ).days,
        "left_out": _left_out(session, subject, period),
        "named": panels.top_listeners(session, subject.scope, since=since, until=until),
        "stages": stages_of(heard.now, of_tracks=subject.is_of_tracks),
        "stage_names": [(name, "num") for name in STAGES[_OF_TRACKS if subject.is_of_tracks else 0 :]],
        "funnel": funnel_rows(session, subject, period, names={row.id: row.name for row in own.values()}),
        **site_funnel(session, subject, period, mirror),
        "heard": heard,
        "figures": figures_of(subject, period, heard),
        "foot": chart_foot(heard, period),
        "channels": bar_chart(
            [(CHANNELS[name].capitalize(), counts.plays, "", "") for name, counts in _channels(channels)]
        ),
        "channel_rows": [(CHANNELS[name].capitalize(), counts) for name, counts in _channels(channels)],
        "places": place_rows(session, subject.scope, period, placements=own),
        "tracks": None
        if subject.kind == "track"
        else track_rows(session, subject.scope, period, sold=sold, limit=_TRACKS),
        "sold": sum(sold.values()),
        "sold_change": difference_of(sum(sold.values()), sold_before)
        if period.before_label
        else Change("", "even"),
        "formulas": formulas(),
        "apps": _apps(session, subject, period, person) if subject.kind == ALL else None,
    }


def _sold(
    session: Session, subject: Subject, person: Person, since: datetime, until: datetime
) -> dict[str, int]:
    """What of the subject earned the person something, by track."""
    apps, tracks = subject.scope.app_ids, subject.scope.track_ids
    sold = sold_by_track(session, person.id, since=since, until=until, app_ids=apps)
    return {track: count for track, count in sold.items() if tracks is None or track in tracks}


def _left_out(session: Session, subject: Subject, period: Period) -> list[tuple[str, int]] | None:
    """What does not count, of apps or tracks; None of everything, which nobody adds up."""
    if subject.kind == ALL:
        return None
    left = insights.left_out(
        session,
        app_ids=subject.scope.app_ids,
        track_ids=subject.scope.track_ids,
        since=period.since,
        until=period.until,
    )
    return [(SHORT[Reason(reason)], count) for reason, count in left.items()]


def engagement_panel(
    session: Session, subject: Subject, period: Period, mirror: Mirror | None
) -> dict[str, Any]:
    """How far listens went: the score, the curve over ten tenths, and five buckets."""
    found = panels.engagement(session, subject.scope, since=period.since, until=period.until, mirror=mirror)
    kept, curve = found.retention, found.retention.curve
    chart = None
    if curve is not None:
        chart = line_chart(
            [Series("heard that part", [round(100 * share) for share in curve], 3)],
            unit="the share of listens in which each tenth of the beat was heard",
            labels=[f"{tenth * 10 + 10} %" for tenth in range(10)],
            names=[f"{name} of the beat" for name in _TENTHS],
            along="Part of the beat",
            write=lambda value: f"{value:.0f} %",
            top=100,
        )
    return {
        "engagement": found,
        "retention": kept,
        "is_judged": kept.listens >= ENOUGH,
        "enough": ENOUGH,
        "curve": chart,
        "buckets": bar_chart(
            [(label, count, "", "") for label, count in zip(_BUCKETS, reversed(kept.buckets), strict=True)],
            total=kept.listens,
        ),
    }


def audience_panels(
    session: Session, subject: Subject, period: Period, mirror: Mirror | None
) -> dict[str, Any]:
    """What listens came from: devices, systems, browsers, layouts, countries and sites."""
    found = parts.all_parts(session, subject.scope, since=period.since, until=period.until, mirror=mirror)
    found_countries = found[parts.By.COUNTRY]
    return {
        "parts": {by.value: part_rows(by, each) for by, each in found.items()},
        "audience": {by.value: part_bars(by, each) for by, each in found.items()},
        "world": world_map([(row.value, row.plays) for row in found_countries.rows]),
        "floor_notes": {by.value: floor_note(by, each) for by, each in found.items()},
    }


def part_rows(by: parts.By, found: parts.Parts) -> list[tuple[str, parts.Part]]:
    """The lines of a breakdown with their names, others last."""
    rows = [(part_name(by, row.value), row) for row in found.rows]
    return [*rows, ("Others", found.others)] if found.others is not None else rows


def floor_note(by: parts.By, found: parts.Parts | panels.Funnel) -> str:
    """What is in no line or has no name, in words; empty when there is nothing to say.

    Of a funnel, which has the websites of ``parts.By.HOST``, too.
    """
    if by not in parts.FLOORED:
        return ""
    one, many = ("country", "countries") if by is parts.By.COUNTRY else ("website", "websites")
    words = []
    if found.others is not None and not found.rows:
        words.append(f"No {one} had {FLOOR} known listeners on one day, so none is named.")
    if found.withheld is not None:
        plays = found.withheld.plays
        words.append(
            f"{filters.number(plays)} {'play' if plays == 1 else 'plays'} in other {many} "
            f"{'is' if plays == 1 else 'are'} in no line: too few listeners to tell."
        )
    return " ".join(words)


def part_bars(by: parts.By, found: parts.Parts) -> BarChart:
    """The same as bars, with their shares of all plays."""
    return bar_chart(
        [(name, row.plays, "", "") for name, row in part_rows(by, found)], total=found.total.plays
    )


def part_name(by: parts.By, value: str) -> str:
    """A value in words; what is not known says so."""
    if not value:
        return "No website named" if by is parts.By.HOST else "Unknown"
    if by is parts.By.COUNTRY:
        return countries.name_of(value)
    return _NAMES.get(value, value.capitalize() if by is parts.By.LAYOUT else value)


@dataclass(frozen=True)
class Stage:
    """One stage of the way from a load to a sale: ``share`` of the widest in percent."""

    label: str
    count: int
    share: float
    note: str

    @property
    def key(self) -> str:
        """Its name among the live figures: ``stage-added-to-cart``."""
        return "stage-" + self.label.lower().replace(" ", "-")


def stages_of(counts: Counts, *, of_tracks: bool) -> list[Stage]:
    """Loaded, seen, played, license opened, added, bought, refunded; empty when nothing happened at all.

    A player is loaded and seen with all its beats: those of tracks begin with the play.
    """
    begin = _OF_TRACKS if of_tracks else 0
    steps, names = panels.FunnelRow("", counts).steps[begin:], STAGES[begin:]
    widest = max(steps)
    if not widest:
        return []
    found = []
    for place, (label, count) in enumerate(zip(names, steps, strict=True)):
        before = steps[place - 1] if place else 0
        note = f"{filters.percent(count / before)} of {names[place - 1].lower()}" if before else ""
        found.append(Stage(label, count, 100 * count / widest, note))
    return found


def funnel_rows(
    session: Session, subject: Subject, period: Period, *, names: dict[str, str]
) -> list[tuple[str, tuple[int, ...]]]:
    """The same stages by placement; what happened without one, or in somebody else's, is put together."""
    rows: dict[str, tuple[int, ...]] = {}
    for row in panels.funnel(session, subject.scope, since=period.since, until=period.until).rows:
        name = names.get(row.name, "Other places" if row.name else "Without a placement")
        steps = rows.get(name, (0,) * len(STAGES))
        rows[name] = tuple(one + other for one, other in zip(steps, row.steps, strict=True))
    begin = _OF_TRACKS if subject.is_of_tracks else 0
    return [(name, steps[begin:]) for name, steps in rows.items() if any(steps[begin:])]


def site_funnel(session: Session, subject: Subject, period: Period, mirror: Mirror | None) -> dict[str, Any]:
    """The same stages by website, as far as websites are known: of an app, or of all own apps."""
    if subject.is_of_tracks:
        return {"sites": None, "sites_note": ""}
    found = panels.funnel(
        session,
        subject.scope,
        by=panels.Step.HOST,
        since=period.since,
        until=period.until,
        mirror=mirror,
    )
    rows = [(part_name(parts.By.HOST, row.name), row.steps) for row in found.rows]
    if found.others is not None:
        rows.append(("Others", found.others.steps))
    return {"sites": rows, "sites_note": floor_note(parts.By.HOST, found)}


def figures_of(subject: Subject, period: Period, heard: Listening) -> dict[str, dict[str, str]]:
    """The cards' figures in words, by name; the page asks for them every two seconds."""
    counts, change = heard.now, heard.plays_change
    texts = {
        "plays": filters.number(counts.plays),
        "completion": filters.percent(counts.completion),
        "average": filters.duration(counts.average_listen_ms),
        "average-note": _beside_average(subject, period, heard),
        "plays-note": heard.plays_note(period),
        "starts": filters.number(counts.starts),
        "replays": filters.number(counts.replays),
        "loads": filters.number(counts.loads),
        "checkouts": filters.number(counts.checkouts),
    }
    for stage in stages_of(counts, of_tracks=subject.is_of_tracks):
        texts[stage.key] = filters.number(stage.count)
    found = {name: {"text": text, "trend": "even"} for name, text in texts.items()}
    found["plays-change"] = {"text": change.text, "trend": change.trend}
    completion = heard.completion_change
    found["completion-change"] = {"text": completion.text, "trend": completion.trend}
    return found


def _beside_average(subject: Subject, period: Period, heard: Listening) -> str:
    """``of 2:13 · 1:20 in the 7 days before``: the beat's length, and the average of before."""
    before = heard.before.average_listen_ms
    words = [
        f"of {filters.duration(subject.length_ms)}" if subject.length_ms else "",
        f"{filters.duration(before)} in {period.before_label}" if before is not None else "",
    ]
    return " · ".join(filter(None, words))


def chart_foot(heard: Listening, period: Period) -> list[tuple[str, str]]:
    """What stands below the chart: the best point, the average, and how many points there are."""
    if not heard.now.plays:
        return []
    best = max(heard.points, key=lambda point: point.counts.plays)
    days = max(1, round((period.until - period.since).total_seconds() / 86_400))
    return [
        ("Best", f"{name_of(best.at, period)} with {filters.number(best.counts.plays)}"),
        ("A day on average", filters.number(round(heard.now.plays / days, 1))),
        ("Points", filters.number(len(heard.points))),
    ]


def _channels(rows: list[tuple[str, Counts]]) -> list[tuple[Any, Counts]]:
    known = {channel.value for channel in CHANNELS}
    return [(name, counts) for name, counts in rows if name in known]


def _apps(session: Session, subject: Subject, period: Period, person: Person) -> list[tuple[Any, Counts]]:
    by_app = dict(
        insights.breakdown(
            session, Dimension.APP, scope=subject.scope, since=period.since, until=period.until
        )
    )
    return [(app, by_app.get(app.id, Counts())) for app in apps_of(session, person.id)]
