"""Seals made in a hurry are the same as those made one by one."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from flexapp.kernel.signing import Signer

words = st.text(max_size=40)
SIGNER = Signer("a secret of the house")


@given(fixed=st.dictionaries(words, words, max_size=4), last=words)
def test_a_prepared_seal_opens_like_any_other(fixed: dict[str, str], last: str) -> None:
    sealer = SIGNER.sealer("listen", {f"f{name}": value for name, value in fixed.items()})
    rest = json.dumps({"last": last}, ensure_ascii=False)[1:].encode()
    token = (sealer.beginning + sealer.seal(rest)).decode()
    wanted = {**{f"f{name}": value for name, value in fixed.items()}, "last": last}
    assert SIGNER.unseal("listen", token) == wanted
    assert SIGNER.unseal("another", token) is None
    assert Signer("another").unseal("listen", token) is None
    edited = token[:-1] + ("A" if token[-1] != "A" else "Q")
    assert SIGNER.unseal("listen", edited) is None
