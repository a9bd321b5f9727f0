"""Logging in leads to a page of ours, wherever a link wants to go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.web.identity import HOME, safe_next


@pytest.mark.parametrize(
    "path", ["/", "/producer-dashboard/tracks?page=2", "/buy/night-drive?lic=lty_1&k=v1.a.b"]
)
def test_a_path_of_ours_is_kept(path: str) -> None:
    assert safe_next(path) == path


@pytest.mark.parametrize(
    "path",
    [
        *("", None, "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example"),
        *("javascript:alert(1)", "evil.example/x", "/x\nSet-Cookie: a=b", "/\t/evil.example", "/a\\b"),
        *("/login", "/login?next=/x", "/logout", "/signup", "/" + "x" * 600, "http:/x", "///evil.example"),
    ],
)
def test_anything_else_leads_home(path: str | None) -> None:
    assert safe_next(path) == HOME


@given(st.text())
def test_no_text_leads_to_another_host(text: str) -> None:
    target = safe_next(text)
    assert target.startswith("/")
    assert not target.startswith(("//", "/\\"))
