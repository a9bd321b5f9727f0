"""Files of insights: strangers' words do no harm in spreadsheets and on paper; and the steps of the map."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.dashboard.charts import Series, line_chart
from flexapp.dashboard.reports import Report, Sheet, UnknownFormat, as_csv, as_pdf, written
from flexapp.dashboard.world import world_map

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def report(*rows: list[str | int | float | None]) -> Report:
    """One chart and one table."""
    chart = line_chart([Series("plays", [1, 3], 1)], unit="plays", labels=["19 Nov", "20 Nov"])
    sheet = Sheet("places", "Where it played", ["place", "plays", "completion_share"], rows)
    return Report("Night = drive", "7 days", NOW, NOW, "UTC", "day", NOW, [sheet], chart)


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\tx"])
def test_no_name_is_run_as_a_formula(name: str) -> None:
    line, _ = csv.DictReader(io.StringIO(as_csv(report([name, 3, None])).decode("utf-8-sig")))
    assert line["row"] == "'" + name
    assert line["value"] == "3"


def test_names_are_data_on_paper_too() -> None:
    made = as_pdf(report(['#import "x" $1$ *b* [c] \\ "', 3, 0.5], ["日本 \U0001f3b5", None, None]))
    assert made.startswith(b"%PDF-")
    assert made == as_pdf(report(['#import "x" $1$ *b* [c] \\ "', 3, 0.5], ["日本 \U0001f3b5", None, None]))


def test_other_formats_are_not_made() -> None:
    with pytest.raises(UnknownFormat):
        written(report(), "xlsx")


@given(st.dictionaries(st.sampled_from(["DE", "US", "FR", "SG", "XK", "KE"]), st.integers(0, 10**7)))
def test_more_plays_are_never_a_paler_country(plays: dict[str, int]) -> None:
    found = world_map(list(plays.items()))
    steps = [place.step for place in found.places]
    assert steps == sorted(steps, reverse=True)
    assert all(1 <= step <= 4 for step in steps)
    assert len(found.places) == sum(count > 0 for count in plays.values())
    assert len(found.steps) <= 4
    assert {step for step, _ in found.steps} >= set(steps), "each color on the map is explained below it"
    assert max(steps, default=4) == 4, "whoever listens most is not pale"


def test_places_too_small_for_the_map_are_named_all_the_same() -> None:
    found = world_map([("DE", 9), ("SG", 20), ("", 5)])
    drawn = {place.name: place.is_drawn for place in found.places}
    assert drawn == {"Singapore": False, "Germany": True}
    assert found.summary == "plays from 2 countries, most from Singapore 20, Germany 9"
