"""Bots, flags and pace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flexapp.listening.bots import is_bot
from flexapp.listening.pace import Pace
from flexapp.listening.visitors import request_flags

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PEOPLE = [
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:130.0) Gecko/20100101 Firefox/130.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Mobile/15E148 Instagram 330.0.3.24 (iPhone14,5; iOS 17_5; en_US)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/21F79 "
    "[FBAN/FBIOS;FBAV/466.0.0.0;FBBV/600;FBDV/iPhone14,5]",
    "Mozilla/5.0 (Linux; Android 9; CUBOT POWER) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/100.0 "
    "Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/120.0 Mobile Safari/537.36 musical_ly_2023 BytedanceWebview/d8a21c6",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 "
    "Safari/537.36 Edg/139.0.0.0",
]
PROGRAMS = [
    "",
    "   ",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Twitterbot/1.0",
    "WhatsApp/2.23.20.0",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "python-requests/2.34.2",
    "curl/8.5.0",
    "SomethingNobodyKnows-Crawler/1.0",
    "my little spider",
]


@pytest.mark.parametrize("agent", PEOPLE)
def test_browsers_of_people_are_no_bots(agent: str) -> None:
    assert not is_bot(agent)


@pytest.mark.parametrize("agent", PROGRAMS)
def test_programs_are_bots(agent: str) -> None:
    assert is_bot(agent)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, set()),
        ({"gpc": "1"}, {"gpc"}),
        ({"gpc": "0"}, set()),
        ({"dnt": "1"}, {"gpc"}),
        ({"dnt": "0"}, set()),
        ({"purpose": "prefetch;prerender"}, {"bot"}),
        ({"purpose": "prefetch", "gpc": "1"}, {"bot", "gpc"}),
    ],
)
def test_wishes_and_prefetches_are_flags(headers: dict[str, str], expected: set[str]) -> None:
    assert request_flags(user_agent=PEOPLE[0], **headers) == expected


def test_a_sender_has_so_many_events_a_minute_and_a_refusal_costs_nothing() -> None:
    pace = Pace(10)
    assert pace.allows("a", 8, NOON)
    assert not pace.allows("a", 3, NOON)
    assert pace.allows("a", 2, NOON)
    assert not pace.allows("a", 1, NOON)
    assert pace.allows("b", 10, NOON)
    assert pace.allows("a", 10, NOON + timedelta(minutes=1))
