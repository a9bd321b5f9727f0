"""Bracketed bodies are read as Stripe reads them."""

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st
from stripe._encode import _api_encode

from flexapp.localstripe.forms import BadForm, parse

NAMES = st.text("abcdefgh_", min_size=1, max_size=6)
LEAVES = st.text(max_size=8)
FORMS = st.dictionaries(
    NAMES,
    st.recursive(
        LEAVES,
        lambda inner: (
            st.dictionaries(NAMES, inner, min_size=1, max_size=3) | st.lists(inner, min_size=1, max_size=3)
        ),
        max_leaves=8,
    ),
    max_size=4,
)


@given(FORMS)
def test_what_the_sdk_encodes_is_read_back(form: dict[str, object]) -> None:
    from urllib.parse import urlencode

    assert parse(urlencode(list(_api_encode(form)))) == form


def test_nested_names_are_hashes_and_numbers_are_places() -> None:
    assert parse("line_items[0][price_data][currency]=usd&line_items[1][quantity]=2&mode=payment") == {
        "line_items": [{"price_data": {"currency": "usd"}}, {"quantity": "2"}],
        "mode": "payment",
    }


@pytest.mark.parametrize(
    "body",
    ["a[0]=1&a[2]=2", "a=1&a[b]=2", "a[b]=1&a[b]=2", "[a]=1", "a[b=1", "a" + "[b]" * 20 + "=1"],
)
def test_what_no_library_sends_is_refused(body: str) -> None:
    with pytest.raises(BadForm):
        parse(body)


def test_the_installed_sdk_is_the_one_the_oracle_reads() -> None:
    from flexapp.localstripe import conformity

    assert stripe.api_version == conformity.API_VERSION
