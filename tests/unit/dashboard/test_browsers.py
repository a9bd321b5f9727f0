"""Browsers by names that their owners recognize."""

import pytest

from flexapp.dashboard.browsers import browser_name, is_handheld

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"{MAC} Chrome/131.0.0.0 Safari/537.36", "Chrome on macOS"),
        (f"{MAC} Version/17.4 Safari/605.1.15", "Safari on macOS"),
        (f"{MAC} Chrome/131.0.0.0 Safari/537.36 Edg/131.0", "Edge on macOS"),
        ("Mozilla/5.0 (Windows NT 10.0; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) Version/17.4 Mobile Safari/604.1",
            "Safari on iPhone",
        ),
        ("curl/8.5", "A browser"),
        ("", "A browser"),
    ],
)
def test_a_browser_has_a_plain_name(user_agent: str, name: str) -> None:
    assert browser_name(user_agent) == name


def test_phones_are_told_from_desks() -> None:
    assert is_handheld("Mozilla/5.0 (Linux; Android 14) Mobile Chrome/131")
    assert not is_handheld(MAC)
