"""Limits in words, and the four ready license types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.catalog.caps import CAPS, InvalidCap, cap_in_words, caps_in_words, checked_caps, full_terms
from flexapp.catalog.license_templates import TEMPLATES
from flexapp.catalog.models import DeliverableKind


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("copies", 2000, "2,000 copies sold or given away"),
        ("copies", 1, "1 copy sold or given away"),
        ("copies", None, "Unlimited copies"),
        ("copies", 0, "No copies"),
        ("videos", 1, "1 video"),
        ("streams", 100_000, "100,000 plays"),
        ("term_months", 24, "2 years"),
        ("term_months", 12, "1 year"),
        ("term_months", 18, "18 months"),
        ("term_months", None, "Forever"),
    ],
)
def test_each_limit_reads_as_a_person_would_say_it(name: str, value: int | None, words: str) -> None:
    assert cap_in_words(name, value) == words


def test_an_unknown_limit_and_a_senseless_one_are_refused() -> None:
    for caps in ({"listeners": 3}, {"copies": -1}, {"term_months": 0}, {"copies": 10**12}):
        with pytest.raises(InvalidCap):
            checked_caps(caps)


@given(
    st.dictionaries(st.sampled_from([cap.name for cap in CAPS]), st.one_of(st.none(), st.integers(1, 10**9)))
)
def test_every_limit_is_always_there(caps: dict[str, int | None]) -> None:
    checked = checked_caps(caps)
    assert set(checked) == {cap.name for cap in CAPS}
    assert checked_caps(checked) == checked
    assert len(caps_in_words(checked)) == len(CAPS)


def test_the_four_ready_types_are_what_they_are_called() -> None:
    kinds = [template.deliverables for template in TEMPLATES]
    assert [template.name for template in TEMPLATES] == [
        "Basic lease",
        "Premium lease",
        "Trackout lease",
        "Exclusive",
    ]
    assert kinds[0] == (DeliverableKind.MP3,)
    assert kinds[1] == (DeliverableKind.MP3, DeliverableKind.WAV)
    assert kinds[2] == kinds[3] == tuple(DeliverableKind)
    assert [template.is_exclusive for template in TEMPLATES] == [False, False, False, True]
    assert all(value is None for value in checked_caps(TEMPLATES[3].caps).values())
    prices = [template.price for template in TEMPLATES]
    assert prices == sorted(prices)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_terms_speak_of_credit_shares_refunds_and_end_with_the_limits(template) -> None:
    text = full_terms(template.terms, template.caps)
    for word in (
        "## What you may do",
        "## Credit",
        "half of the writing share",
        "refunded",
        "14 days",
        "## Limits",
    ):
        assert word in text
    assert text.rstrip().splitlines()[-1].startswith("- Term: ")
    assert "{" not in text
