"""What is read from what a browser says of itself."""

import pytest

from flexapp.listening.agents import read_agent
from tests.factories.listening import CHROME, IPHONE

ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/128.0 {}Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "hints", "expected"),
    [
        (CHROME, {}, ("desktop", "Linux", "Chrome")),
        (IPHONE, {}, ("phone", "iOS", "Safari")),
        (ANDROID.format("Mobile "), {}, ("phone", "Android", "Chrome")),
        (ANDROID.format(""), {}, ("tablet", "Android", "Chrome")),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
            {},
            ("desktop", "Linux", "Firefox"),
        ),
        (f"{CHROME} Edg/140.0.0.0", {}, ("desktop", "Linux", "Edge")),
        (
            CHROME,
            {"brands": '"Chromium";v="140", "Brave";v="140", "Not A(Brand";v="9"', "platform": '"Windows"'},
            ("desktop", "Windows", "Brave"),
        ),
        (CHROME, {"platform": '"Android"', "mobile": "?1"}, ("phone", "Android", "Chrome")),
        ("Roku/DVP-9.10", {}, ("tv", "Other", "Other")),
        ("", {}, ("", "", "")),
        ("x" * 9000, {"brands": '"' * 9000, "platform": "y" * 9000}, ("desktop", "Other", "Other")),
    ],
)
def test_device_system_and_browser_are_short_names(
    agent: str, hints: dict[str, str], expected: tuple[str, str, str]
) -> None:
    assert read_agent(agent, **hints) == expected
