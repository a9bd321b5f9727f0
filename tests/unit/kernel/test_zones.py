"""Days of a time zone, cut from UTC hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from flexapp.kernel.zones import is_known, is_rounded, local_hour, names, start_of_day, today, zone_of

HOUR = timedelta(hours=1)


@given(st.sampled_from(names()), st.dates(date(1975, 1, 1), date(2035, 1, 1)))
def test_every_hour_belongs_to_one_day_and_days_follow_each_other(name: str, day: date) -> None:
    zone = zone_of(name)
    start, end = start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone)
    assert today(start, zone) >= day
    assert today(start - HOUR, zone) < day
    assert start <= end <= start + 27 * HOUR


def test_a_day_that_was_left_out_is_empty() -> None:
    apia, missing = zone_of("Pacific/Apia"), date(2011, 12, 30)
    assert start_of_day(missing, apia) == start_of_day(missing + timedelta(days=1), apia)


def test_clocks_that_change_make_short_and_long_days() -> None:
    berlin = zone_of("Europe/Berlin")
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    assert start_of_day(spring, berlin) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert start_of_day(spring + timedelta(days=1), berlin) - start_of_day(spring, berlin) == 23 * HOUR
    assert start_of_day(autumn + timedelta(days=1), berlin) - start_of_day(autumn, berlin) == 25 * HOUR


def test_half_hours_are_rounded_to_the_east_and_said() -> None:
    moment = datetime(2026, 11, 20, 12, 40, tzinfo=UTC)
    kolkata, kathmandu = zone_of("Asia/Kolkata"), zone_of("Asia/Kathmandu")
    assert local_hour(moment, kolkata) == datetime(2026, 11, 20, 18)
    assert local_hour(moment, kathmandu) == datetime(2026, 11, 20, 18)
    assert is_rounded(kolkata, moment)
    assert not is_rounded(zone_of("Europe/Berlin"), moment)


def test_an_unknown_zone_is_utc() -> None:
    assert zone_of("Mars/Olympus").key == "UTC"
    assert names()[0] == "UTC"
    assert "America/New_York" in names()


def test_old_names_and_capitals_are_known_and_nothing_else() -> None:
    for name in ("Europe/Oslo", "Asia/Calcutta", "US/Eastern", "GMT", *names()):
        assert is_known(name), name
    for name in ("", "Mars/Olympus", "../zone.tab", "europe/oslo", "Europe"):
        assert not is_known(name), name
        assert zone_of(name).key == "UTC"
    assert {"Europe/Amsterdam", "Europe/Stockholm", "Asia/Kolkata"} <= set(names())
