"""How pages write money, times, durations and numbers."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from flexapp.kernel.clock import FixedClock
from flexapp.kernel.money import Money
from flexapp.web import filters

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def page() -> Flask:
    app = Flask("page")
    app.extensions["flexapp"] = SimpleNamespace(clock=FixedClock(NOON))
    filters.install(app)
    return app


def written(page: Flask, template: str, **values: Any) -> str:
    with page.test_request_context():
        return page.jinja_env.from_string(template).render(**values)


def text_of(markup: str) -> str:
    return markup.partition(">")[2].removesuffix("</time>") if markup.startswith("<time") else markup


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (2999, "$29.99"),
        (0, "$0.00"),
        (-650, "−$6.50"),
        (128406, "$1,284.06"),
        (Money(4875, "eur"), "€48.75"),
        ({"amount": 1500, "currency": "jpy"}, "¥1,500"),
        (None, "–"),
    ],
)
def test_money_always_carries_its_currency(amount: Any, words: str) -> None:
    assert filters.money(amount) == words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=0), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=6, hours=23), "6 days ago"),
        (timedelta(days=7), "13 Nov"),
        (timedelta(days=400), "16 Oct 2025"),
        (timedelta(seconds=-30), "in a moment"),
        (timedelta(days=-3), "in 3 days"),
        (timedelta(days=-7), "27 Nov"),
    ],
)
def test_times_are_relative_near_and_absolute_far(page: Flask, span: timedelta, words: str) -> None:
    assert text_of(written(page, "{{ at | ago }}", at=NOON - span)) == words


def test_a_time_says_its_moment_to_machines_and_on_hover(page: Flask) -> None:
    markup = written(page, "{{ at | ago }}", at=datetime(2026, 11, 20, 11, 55, 1, tzinfo=UTC))
    assert markup == (
        '<time datetime="2026-11-20T11:55:01.000Z" title="20 Nov 2026, 11:55 UTC">4 min ago</time>'
    )
    assert text_of(written(page, "{{ at | moment }}", at=NOON)) == "20 Nov 2026, 12:00 UTC"
    assert text_of(written(page, "{{ at | day }}", at=NOON)) == "20 Nov"


def test_nothing_is_a_dash(page: Flask) -> None:
    template = "{% for write in writers %}{{ write(none) }}{% endfor %}"
    writers = [filters.ago, filters.day, filters.moment, filters.duration, filters.number, filters.percent]
    assert written(page, template, writers=writers) == "–" * len(writers)


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(0, "0:00"), (57_860, "0:58"), (67_000, "1:07"), (3_600_000, "1:00:00"), (3_723_400, "1:02:03")],
)
def test_durations_read_as_a_clock(milliseconds: int, words: str) -> None:
    assert filters.duration(milliseconds) == words


@given(st.integers(min_value=0, max_value=10**9))
def test_a_duration_names_its_seconds_exactly(milliseconds: int) -> None:
    parts = [int(part) for part in filters.duration(milliseconds).split(":")]
    seconds = sum(part * 60**place for place, part in enumerate(reversed(parts)))
    assert seconds == round(milliseconds / 1000)


def test_numbers_shares_and_sizes() -> None:
    assert filters.number(12_408) == "12,408"
    assert filters.number(-2) == "−2"
    assert filters.number(1.25) == "1.2"
    assert filters.percent(0.61) == "61\u202f%"
    assert filters.percent(0.18, signed=True) == "+18\u202f%"
    assert filters.percent(-0.04, signed=True) == "−4\u202f%"
    assert [filters.filesize(size) for size in (0, 999, 1_000, 812_000, 4_100_000, 2_000_000_000)] == [
        "0 bytes",
        "999 bytes",
        "1.0 KB",
        "812 KB",
        "4.1 MB",
        "2.0 GB",
    ]
    assert filters.bpm(140.0) == "140 BPM"
    assert filters.bpm(92.5) == "92.5 BPM"
    assert filters.bpm(None) == ""


@pytest.mark.parametrize(
    ("name", "letters"), [("Kaito Sounds", "KS"), ("mara", "M"), ("J. R. Beats", "JB"), ("★", "?"), ("", "?")]
)
def test_initials_stand_for_a_name(name: str, letters: str) -> None:
    assert filters.initials(name) == letters


@given(st.text())
def test_the_same_thing_always_gets_the_same_sleeve(seed: str) -> None:
    assert filters.sleeve(seed) == filters.sleeve(seed)
    assert 0 <= filters.sleeve(seed) < filters.SLEEVES
