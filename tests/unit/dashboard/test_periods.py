"""Spans of time in the account's zone: which days, cut how, compared with what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.dashboard.periods import (
    InvalidPeriod,
    as_local,
    choices,
    intervals,
    period_of,
)
from flexapp.kernel.zones import zone_of
from flexapp.listening.insights import Interval

NOW = datetime(2026, 11, 20, 14, 25, tzinfo=UTC)
BERLIN = zone_of("Europe/Berlin")


@pytest.mark.parametrize(
    ("name", "since", "days", "interval"),
    [
        ("today", datetime(2026, 11, 20, tzinfo=UTC), 1, Interval.HOUR),
        ("7d", datetime(2026, 11, 14, tzinfo=UTC), 7, Interval.DAY),
        ("28d", datetime(2026, 10, 24, tzinfo=UTC), 28, Interval.DAY),
        ("90d", datetime(2026, 8, 23, tzinfo=UTC), 90, Interval.DAY),
        ("year", datetime(2025, 11, 21, tzinfo=UTC), 365, Interval.WEEK),
        ("nonsense", datetime(2026, 10, 24, tzinfo=UTC), 28, Interval.DAY),
    ],
)
def test_a_period_ends_now_and_is_compared_with_as_much_before(
    name: str, since: datetime, days: int, interval: Interval
) -> None:
    period = period_of({"period": name}, NOW)
    assert (period.since, period.until, period.interval) == (since, NOW, interval)
    assert period.before_since == since - timedelta(days=days)
    assert period.before_until == NOW - timedelta(days=days)


def test_days_begin_where_the_account_is_also_over_a_change_of_clocks() -> None:
    period = period_of({"period": "28d"}, NOW, zone=BERLIN)
    assert period.since == datetime(2026, 10, 23, 22, tzinfo=UTC), "summer time"
    assert as_local(period.since, BERLIN, Interval.DAY) == "2026-10-24"
    assert period.before_until == NOW - timedelta(days=28, hours=1), "the same time of day, then in summer"
    assert period.zone_note == "days of Europe/Berlin"
    kolkata = period_of({}, NOW, zone=zone_of("Asia/Kolkata"))
    assert kolkata.zone_note == "days of Asia/Kolkata (rounded to whole hours)"


def test_yesterday_is_a_whole_day_against_the_whole_day_before() -> None:
    period = period_of({"period": "yesterday"}, NOW, zone=BERLIN)
    assert period.since == datetime(2026, 11, 18, 23, tzinfo=UTC)
    assert period.until == datetime(2026, 11, 19, 23, tzinfo=UTC)
    assert (period.before_since, period.before_until) == (
        datetime(2026, 11, 17, 23, tzinfo=UTC),
        period.since,
    )
    assert (period.interval, period.days) == (Interval.HOUR, ("2026-11-19", "2026-11-19"))
    assert ("Yesterday", "/x?period=yesterday", True) in choices(period, "/x")
    after_the_change = period_of({"period": "yesterday"}, datetime(2026, 10, 26, 12, tzinfo=UTC), zone=BERLIN)
    assert after_the_change.until - after_the_change.since == timedelta(hours=25)
    assert after_the_change.before_until == after_the_change.since
    assert after_the_change.interval is Interval.HOUR


def test_all_time_begins_with_the_first_day_and_has_nothing_before() -> None:
    period = period_of({"period": "all"}, NOW, begin=datetime(2024, 2, 3, 17, tzinfo=UTC))
    assert period.since == datetime(2024, 2, 3, tzinfo=UTC)
    assert period.interval is Interval.MONTH
    assert not period.is_compared


def test_a_custom_span_takes_whole_days_or_hours_and_never_the_future() -> None:
    wishes = {"period": "custom", "since": "2026-11-02", "until": "2026-11-05"}
    period = period_of(wishes, NOW, zone=BERLIN)
    assert period.since == datetime(2026, 11, 1, 23, tzinfo=UTC)
    assert period.until == datetime(2026, 11, 5, 23, tzinfo=UTC)
    assert period.before_since == period.since - timedelta(days=4)
    assert period.label == "2 Nov to 5 Nov 2026"
    assert period.days == ("2026-11-02", "2026-11-05")
    assert dict(parse_qsl(period.query())) == {**wishes, "by": "day"}
    hours = period_of({"period": "custom", "since": "2026-11-20T08", "until": "2026-11-20T11"}, NOW)
    assert (hours.until - hours.since, hours.interval) == (timedelta(hours=4), Interval.HOUR)
    assert hours.label == "20 Nov 2026, 08:00 to 12:00"
    today = period_of({"period": "custom", "since": "2026-11-20", "until": "2027-01-01"}, NOW)
    assert today.until == NOW


@pytest.mark.parametrize(
    ("since", "until", "field"),
    [
        ("", "2026-11-05", "since"),
        ("2026-11-02", "soon", "until"),
        ("2026-11-05", "2026-11-02", "until"),
        ("2026-12-01", "2026-12-02", "since"),
        ("2026-02-30", "2026-11-02", "since"),
        ("2026-11-02T77", "2026-11-03", "since"),
        ("1212-11-02", "2026-11-03", "since"),
    ],
)
def test_dates_that_cannot_be_are_refused_by_name(since: str, until: str, field: str) -> None:
    with pytest.raises(InvalidPeriod) as refusal:
        period_of({"period": "custom", "since": since, "until": until}, NOW)
    assert list(refusal.value.fields) == [field]


@given(
    st.sampled_from(["today", "7d", "28d", "90d", "year", "all"]),
    st.sampled_from([each.value for each in Interval] + ["", "second"]),
)
def test_no_span_is_cut_into_one_point_or_thousands(name: str, by: str) -> None:
    period = period_of({"period": name, "by": by}, NOW, begin=NOW - timedelta(days=2000))
    lengths = {"hour": 1, "day": 24, "week": 168, "month": 28 * 24, "year": 365 * 24}
    points = (period.until - period.since) / timedelta(hours=lengths[period.interval.value])
    assert points <= 800
    assert points > 1
    assert period.interval.value in [value for value, _ in intervals(period)]


def test_choices_name_the_current_one_and_keep_the_comparison_off() -> None:
    found = choices(period_of({"period": "7d", "compare": "off"}, NOW), "/here")
    assert [label for label, _, _ in found] == [
        "Today",
        "Yesterday",
        "7 days",
        "28 days",
        "90 days",
        "Year",
        "All time",
    ]
    assert [label for label, _, current in found if current] == ["7 days"]
    assert found[0][1] == "/here?period=today&compare=off"


def test_a_zoom_remembers_where_it_came_from() -> None:
    wishes = {"period": "custom", "since": "2026-11-02", "until": "2026-11-05", "from": "90d"}
    assert period_of(wishes, NOW).back == "90d"
    assert period_of({**wishes, "from": "//evil.example"}, NOW).back == ""
