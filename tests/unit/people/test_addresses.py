"""Addresses in one form, slugs that are never empty."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.people.addresses import InvalidEmail, normal_email, slug_of


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("mira@example.com", "mira@example.com"),
        ("  Mira.Sol+beats@Example.COM ", "mira.sol+beats@example.com"),
        ("mira@bücher.example", "mira@xn--bcher-kva.example"),
    ],
)
def test_an_address_has_one_form(written: str, kept: str) -> None:
    assert normal_email(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        *("", "mira", "mira@", "@example.com", "mira@localhost", "mi ra@example.com", "mira@exa mple.com"),
        *("mira@example.com\nBcc: all@example.com", "mira@@example.com", "a..b@example.com"),
        *(".a@example.com", "mira@-x.com", '"mira"@example.com', "mira@example.c", "mïra@example.com"),
        *("x" * 65 + "@example.com", "m@" + "a" * 250 + ".com", "m@" + ".".join(["a" * 60] * 5) + ".com"),
    ],
)
def test_what_mail_does_not_reach_is_refused(written: str) -> None:
    with pytest.raises(InvalidEmail) as caught:
        normal_email(written)
    assert caught.value.fields["email"]


@given(st.text())
def test_no_text_passes_as_an_address_with_a_line_break_or_space(text: str) -> None:
    try:
        kept = normal_email(text)
    except InvalidEmail:
        return
    assert re.fullmatch(r"[!-~]+@[!-~]+", kept)
    assert normal_email(kept) == kept


@given(st.text())
def test_a_slug_is_never_empty_and_fits_a_path(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?", slug_of(name))


def test_accents_are_written_plainly() -> None:
    assert slug_of("DJ Ángel & Söhne") == "dj-angel-sohne"
    assert slug_of("日本") == "producer"
