"""Allowed origins: one spelling, exact hosts, and nothing that breaks a header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.apps.origins import InvalidOrigin, is_allowed, narrow, parse_origin, parse_origins


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://Blog.Example", "https://blog.example"),
        ("https://blog.example/", "https://blog.example"),
        ("https://blog.example:443", "https://blog.example"),
        ("http://localhost:8002", "http://localhost:8002"),
        ("blog.example", "https://blog.example"),
        ("https://*.example.com", "https://*.example.com"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://127.0.0.1:8002", "http://127.0.0.1:8002"),
    ],
)
def test_an_origin_has_one_spelling(text: str, origin: str) -> None:
    assert parse_origin(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "https://",
        "https://a.example/path",
        "https://a.example?x=1",
        "https://a.example#x",
        "https://user@a.example",
        "javascript:alert(1)",
        "ftp://a.example",
        "https://a.example;script-src *",
        "https://a.example https://b.example",
        "https://a.example\r\nSet-Cookie: a=b",
        "https://a.example,https://b.example",
        "https://*.com*",
        "https://a.*.example",
        "https://*.example",
        "https://-a.example",
        "https://a..example",
        "https://a.example:99999",
        "https://[::1]",
        "'self'",
    ],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(InvalidOrigin) as error:
        parse_origin(text)
    assert "allowed_origins" in error.value.fields


@given(st.text(max_size=60))
def test_whatever_passes_is_safe_in_a_header_and_stable(text: str) -> None:
    try:
        origin = parse_origin(text)
    except InvalidOrigin:
        return
    assert origin.isascii()
    assert not set(origin) & set(" ;,'\"\r\n\t\\")
    assert parse_origin(origin) == origin


def test_lists_are_unique_and_short() -> None:
    assert parse_origins(["blog.example", "https://blog.example/", "  "]) == ["https://blog.example"]
    with pytest.raises(InvalidOrigin):
        parse_origins(f"https://site{number}.example" for number in range(51))


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://a.example", True),
        ("https://A.example/", True),
        ("https://sub.shop.example", True),
        ("https://deep.sub.shop.example", True),
        ("https://shop.example", False),
        ("https://evilshop.example", False),
        ("https://www.a.example", False),
        ("http://a.example", False),
        ("https://a.example:8443", False),
        ("https://a.example.evil.example", False),
        ("null", False),
        ("", False),
    ],
)
def test_hosts_match_exactly_or_below_a_dot(origin: str, allowed: bool) -> None:
    assert is_allowed(origin, ["https://a.example", "https://*.shop.example"]) is allowed


def test_an_empty_list_allows_every_website() -> None:
    assert is_allowed("https://anything.example", [])


def test_a_placement_narrows_what_its_app_allows() -> None:
    app = ["https://a.example", "https://*.shop.example"]
    assert narrow(app, []) == app
    assert narrow([], ["https://b.example"]) == ["https://b.example"]
    assert narrow(app, ["https://a.example"]) == ["https://a.example"]
    assert narrow(app, ["https://x.shop.example", "https://b.example"]) == ["https://x.shop.example"]
    assert narrow(app, ["https://*.deep.shop.example"]) == ["https://*.deep.shop.example"]
    assert narrow(["https://x.shop.example"], ["https://*.shop.example"]) is None
    assert narrow(app, ["https://b.example"]) is None
