"""Which texts are host names that an app can have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.apps.hosting import InvalidDomain, origin_at, parse_host

OURS = ["flexapp.example"]


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("beats.kaito.example", "beats.kaito.example"),
        ("  HTTPS://Beats.Kaito.Example/ ", "beats.kaito.example"),
        ("kaito.example.", "kaito.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("notflexapp.example", "notflexapp.example"),
    ],
)
def test_a_host_name_has_one_spelling(text: str, host: str) -> None:
    assert parse_host(text, own_hosts=OURS) == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        "intranet",
        "127.0.0.1",
        "[::1]",
        "2130706433",
        "10.0.0.4:80",
        "kaito.example:8443",
        "kaito.example/shop",
        "kaito.example?x",
        "kaito.example#x",
        "user@kaito.example",
        "ftp://kaito.example",
        "*.kaito.example",
        "-bad.example",
        "a..example",
        "printer.local",
        "db.internal",
        "kaito.example;x",
        "kaito.example\r\nX-Evil: 1",
        "kai to.example",
        "x" * 64 + ".example",
        ".".join(["abcdefgh"] * 30),
        "flexapp.example",
        "www.flexapp.example",
        "FLEXAPP.example.",
    ],
)
def test_what_is_no_public_host_of_somebody_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidDomain) as refused:
        parse_host(text, own_hosts=OURS)
    assert list(refused.value.fields) == ["domain"]


@given(st.text(max_size=80))
def test_no_text_becomes_more_than_a_plain_host(text: str) -> None:
    try:
        host = parse_host(text, own_hosts=OURS)
    except InvalidDomain:
        return
    assert set(host) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert parse_host(host, own_hosts=OURS) == host


def test_a_host_is_opened_as_our_own_is() -> None:
    assert origin_at("a.example", "https://flexapp.example") == "https://a.example"
    assert origin_at("a.example", "http://127.0.0.1:8000") == "http://a.example:8000"
