"""Placement tokens: anybody may read and copy one, nobody may change one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flexapp.apps.tokens import placement_token, read_placement_token
from flexapp.kernel.ids import new_id
from flexapp.kernel.signing import Signer

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def signer() -> Signer:
    return Signer("a-secret-for-tests")


@pytest.fixture
def token(signer: Signer) -> str:
    return placement_token(
        signer, placement_id=new_id("plc"), app_id=new_id("app"), owner_id=new_id("per"), issued_at=NOON
    )


def test_a_token_names_its_placement_app_and_owner(signer: Signer) -> None:
    placement_id, app_id, owner_id = new_id("plc"), new_id("app"), new_id("per")
    token = placement_token(
        signer, placement_id=placement_id, app_id=app_id, owner_id=owner_id, issued_at=NOON
    )
    claims = read_placement_token(signer, token)
    assert claims is not None
    assert (claims.placement_id, claims.app_id, claims.owner_id) == (placement_id, app_id, owner_id)
    assert claims.issued_at == NOON


def test_a_token_fits_its_column_and_needs_no_escaping(token: str) -> None:
    assert len(token) <= 300
    assert all(character.isalnum() or character in "._-" for character in token)


def test_every_edit_is_noticed(signer: Signer, token: str) -> None:
    for place, character in enumerate(token):
        edited = token[:place] + ("A" if character != "A" else "B") + token[place + 1 :]
        claims = read_placement_token(signer, edited)
        # the last character of a base64 run carries spare bits; the claims may only stay as they were
        assert claims is None or claims == read_placement_token(signer, token)


def test_a_truncated_or_foreign_token_says_nothing(signer: Signer, token: str) -> None:
    for length in range(len(token)):
        assert read_placement_token(signer, token[:length]) is None
    assert read_placement_token(Signer("another secret"), token) is None
    assert read_placement_token(signer, "x" * 301) is None
    assert read_placement_token(signer, signer.seal("listen", {"p": new_id("plc")})) is None


def test_a_token_under_the_older_secret_is_still_read(token: str) -> None:
    assert read_placement_token(Signer("a new secret", ("a-secret-for-tests",)), token) is not None


def test_well_signed_nonsense_is_refused(signer: Signer) -> None:
    for payload in (
        {},
        {"p": 1, "a": 2, "o": 3, "i": 4},
        {"p": new_id("plc"), "a": "app_x", "o": "", "i": "now"},
    ):
        assert read_placement_token(signer, signer.seal("placement", payload)) is None
