"""Seals made in a hurry are as good as those made one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.kernel.signing import Signer, encoded

SIGNER = Signer("a secret of the house", ("the one before",))


@given(head=st.binary(max_size=60), last=st.binary(min_size=1, max_size=40))
def test_a_prepared_seal_opens_with_what_was_put_into_it(head: bytes, last: bytes) -> None:
    head = head[: len(head) // 3 * 3]
    sealer = SIGNER.sealer("listen", head)
    token = (sealer.beginning + sealer.seal(encoded(last))).decode()
    newer = Signer("a newer one", ("a secret of the house",))
    for signer in (SIGNER, newer):
        assert signer.unseal_bytes("listen", token) == head + last
    assert SIGNER.unseal_bytes("another", token) is None
    assert Signer("another").unseal_bytes("listen", token) is None
    edited = token[:-1] + ("A" if token[-1] != "A" else "Q")
    assert SIGNER.unseal_bytes("listen", edited) is None
    assert SIGNER.unseal("listen", token) is None, "it is of another version"


def test_a_head_that_is_no_whole_group_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of three"):
        SIGNER.sealer("listen", b"four")


def test_a_seal_of_json_is_none_of_bytes() -> None:
    token = SIGNER.seal("listen", {"a": 1})
    assert SIGNER.unseal("listen", token) == {"a": 1}
    assert SIGNER.unseal_bytes("listen", token) is None
