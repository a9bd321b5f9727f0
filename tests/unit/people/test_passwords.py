"""What a password must be, and that checking one tells nothing about who is there."""

import pytest
from argon2 import extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from flexapp.people import passwords


@pytest.fixture(autouse=True)
def fast() -> None:
    passwords.choose(fast=True)


@pytest.mark.parametrize(
    "password", ["", "short", "password", "PASSWORD", "12345678", "aaaaaaaaaa", "abababab", "x" * 201]
)
def test_a_password_that_would_be_guessed_is_refused(password: str) -> None:
    with pytest.raises(passwords.WeakPassword) as caught:
        passwords.require_good(password, email="mira@example.com")
    assert caught.value.fields["password"]


def test_the_own_address_is_no_password() -> None:
    for password in ("mirasol1@example.com", "mirasol1"):
        with pytest.raises(passwords.WeakPassword):
            passwords.require_good(password, email="mirasol1@example.com")


def test_a_phrase_is_a_good_password() -> None:
    passwords.require_good("correct horse battery", email="mira@example.com")


@given(st.text(min_size=1, max_size=60))
def test_only_the_same_password_verifies(password: str) -> None:
    stored = passwords.hash_password(password)
    assert stored.startswith("$argon2id$")
    assert passwords.verify(stored, password)
    assert not passwords.verify(stored, password + "x")


def test_nobody_and_a_deleted_account_verify_nothing() -> None:
    for nobody in (None, "", passwords.unusable(), "not a hash"):
        assert not passwords.verify(nobody, "nobody has this password")


def test_hashes_made_with_other_parameters_are_renewed() -> None:
    cheap = passwords.hash_password("correct horse battery")
    assert not passwords.needs_rehash(cheap)
    passwords.choose(fast=False)
    assert passwords.needs_rehash(cheap)


def test_an_unknown_address_costs_the_same_work() -> None:
    """What is verified for nobody was made with the parameters of a real hash."""
    for fast in (True, False):
        passwords.choose(fast=fast)
        real = passwords.hash_password("correct horse battery")
        assert extract_parameters(passwords.stand_in()) == extract_parameters(real)
