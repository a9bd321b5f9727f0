"""Geometry of charts."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.dashboard.charts import HEIGHT, TOP, Series, bar_chart, line_chart, nice_top, smooth
from flexapp.dashboard.figures import change_of, difference_of


@given(st.integers(0, 10**9))
def test_the_axis_is_high_enough_and_its_quarters_are_whole(highest: int) -> None:
    top = nice_top(highest)
    assert top >= highest
    assert top % 4 == 0
    assert top <= max(4, highest * 2.5)


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=40))
def test_a_smooth_line_never_leaves_the_range_of_its_neighbors(values: list[int]) -> None:
    path = smooth([(float(x), float(y)) for x, y in enumerate(values)])
    numbers = [float(text) for text in re.findall(r"-?\d+(?:\.\d+)?", path)]
    curves = [numbers[at : at + 6] for at in range(2, len(numbers), 6)]
    for (_, y1, _, y2, _, _), low, high in zip(curves, values, values[1:], strict=False):
        for y in (y1, y2):
            assert min(low, high) - 0.02 <= y <= max(low, high) + 0.02


def chart(*values: list[float], **options: object):  # type: ignore[no-untyped-def]
    labels = [str(place) for place in range(len(values[0]))]
    series = [Series(f"line {kind}", one, kind) for kind, one in enumerate(values, 1)]
    return line_chart(series, unit="plays", labels=labels, **options)  # type: ignore[arg-type]


def test_one_point_is_a_dot_in_the_middle() -> None:
    found = chart([7])
    (line,) = found.lines
    assert line.path == ""
    assert line.area == ""
    assert [x for x, _ in line.dots] == [50.0]
    assert found.ticks[0].anchor == "middle"


def test_nothing_at_all_is_said_to_be_empty() -> None:
    assert chart([0, 0, 0]).is_empty
    assert not chart([0, 1, 0]).is_empty


def test_the_table_has_every_point_of_every_line() -> None:
    found = chart([1, 2000], [3, 4])
    assert found.head == ["Time (UTC)", "Line 1", "Line 2"]
    assert found.rows == [["0", "1", "3"], ["1", "2,000", "4"]]
    assert [band.title for band in found.bands] == ["0: 1 line 1, 3 line 2", "1: 2,000 line 1, 4 line 2"]


@given(st.lists(st.lists(st.integers(0, 500), min_size=5, max_size=5), min_size=1, max_size=4))
def test_everything_is_drawn_inside_and_labels_keep_apart(values: list[list[int]]) -> None:
    found = chart(*values)
    for line in found.lines:
        assert all(0 <= x <= 100 and TOP <= y <= HEIGHT for x, y in line.dots)
    labels = sorted(line.label_y for line in found.lines)
    assert all(b - a >= 15.99 for a, b in itertools.pairwise(labels))


def test_bars_are_shares_of_the_longest_and_empty_ones_are_left_out() -> None:
    found = bar_chart([("a", 50, "", ""), ("b", 10, "", ""), ("c", 0, "", "")])
    assert [(bar.label, bar.share) for bar in found.bars] == [("a", 100), ("b", 20)]
    assert bar_chart([]).bars == []
    assert [bar.note for bar in bar_chart([("a", 50, "", ""), ("b", 10, "", "")], total=200).bars] == [
        "25\u202f%",
        "5\u202f%",
    ]


def test_points_that_know_their_span_can_be_zoomed_into() -> None:
    found = chart([1, 2], moments=[("2026-11-02", "2026-11-08"), ("2026-11-09", "2026-11-15")])
    assert [(band.at, band.until) for band in found.bands] == [
        ("2026-11-02", "2026-11-08"),
        ("2026-11-09", "2026-11-15"),
    ]


def test_shares_have_an_axis_of_their_own() -> None:
    found = chart([90, 40], write=lambda value: f"{value:.0f} %", top=100, along="Part")
    assert [label for _, label in found.grid] == ["0 %", "25 %", "50 %", "75 %", "100 %"]
    assert found.head == ["Part", "Line 1"]
    assert found.rows == [["0", "90 %"], ["1", "40 %"]]


@pytest.mark.parametrize(
    ("now", "before", "text", "trend"),
    [
        (118, 100, "+18\u202f%", "up"),
        (90, 100, "−10\u202f%", "down"),
        (100, 100, "0\u202f%", "even"),
        (5, 0, "", "even"),
    ],
)
def test_a_change_is_told_in_percent(now: int, before: int, text: str, trend: str) -> None:
    change = change_of(now, before)
    assert (change.text, change.trend) == (text, trend)


@pytest.mark.parametrize(
    ("now", "before", "text"), [(3, 5, "−2"), (5, 3, "+2"), (2, 2, "±0"), (0, 0, ""), (1, 0, "+1")]
)
def test_small_numbers_differ_by_counts(now: int, before: int, text: str) -> None:
    assert difference_of(now, before).text == text
