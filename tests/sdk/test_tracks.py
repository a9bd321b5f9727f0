"""Tracks and license types, through the SDK and the real app."""

from __future__ import annotations

import pytest
from flexapp_sdk import Conflict, Invalid, Money, NotFound

from flexapp.catalog.models import DeliverableKind
from flexapp.workflows.services import Services
from tests.factories.catalog import make_track
from tests.sdk.conftest import Caller

TERMS = "You may release one song with this beat and name the producer."


def test_a_track_is_described_and_renamed(ada: Caller) -> None:
    track = ada.sdk.tracks.create(title="Night drive", genre="Trap", tags=["Dark", "#808"], key="f#m")
    assert (track.title, track.slug, track.genre, track.tags, track.key) == (
        "Night drive", "night-drive", "Trap", ("dark", "808"), "F# minor",
    )  # fmt: skip
    assert (track.visibility, track.bpm, track.producer.name) == ("draft", None, "Ada")
    changed = ada.sdk.tracks.update(track.id, title="Day drive", bpm=140)
    assert (changed.title, changed.slug, changed.bpm, changed.genre) == (
        "Day drive", "day-drive", 140.0, "Trap",
    )  # fmt: skip
    assert ada.sdk.tracks.update(track.id, bpm=None).bpm is None
    assert ada.sdk.tracks.get(track.id).title == "Day drive"
    ada.sdk.tracks.delete(track.id)
    with pytest.raises(NotFound):
        ada.sdk.tracks.get(track.id)


def test_tracks_are_listed_by_state_and_words(ada: Caller, bob: Caller, services: Services) -> None:
    with services.database.writing() as session:
        make_track(session, ada.person, title="Midnight 100%")
        make_track(session, bob.person, title="Midnight of Bob")
    ada.sdk.tracks.create(title="Noon")
    assert {track.title for track in ada.sdk.tracks.list()} == {"Midnight 100%", "Noon"}
    assert [track.title for track in ada.sdk.tracks.list(visibility="draft")] == ["Noon"]
    assert [track.title for track in ada.sdk.tracks.list(processing="ready")] == ["Midnight 100%"]
    assert [track.title for track in ada.sdk.tracks.list(query="100%")] == ["Midnight 100%"]
    assert list(ada.sdk.tracks.list(query="_")) == []


def test_publishing_and_taking_back(ada: Caller, services: Services) -> None:
    with services.database.writing() as session:
        track = make_track(session, ada.person, visibility="draft", published_at=None)
    assert ada.sdk.tracks.publish(track.id).visibility == "published"
    assert ada.sdk.tracks.publish(track.id, unlisted=True).visibility == "unlisted"
    assert ada.sdk.tracks.unpublish(track.id).visibility == "draft"


def test_a_track_sold_exclusively_is_not_shown_again(ada: Caller, services: Services) -> None:
    with services.database.writing() as session:
        track = make_track(session, ada.person, visibility="draft", sold_exclusively_at=services.clock.now())
    with pytest.raises(Conflict) as refused:
        ada.sdk.tracks.publish(track.id)
    assert refused.value.code == "track_sold_exclusively"
    assert ada.sdk.tracks.get(track.id).is_sold_exclusively


def test_the_four_templates_are_added_once(ada: Caller) -> None:
    first = ada.sdk.license_types.add_templates()
    assert [one.default_price.amount for one in first] == [2999, 6500, 14900, 49900]
    assert [one.is_exclusive for one in first] == [False, False, False, True]
    assert ada.sdk.license_types.add_templates() == first
    assert list(ada.sdk.license_types.list()) == list(first)


def test_a_license_type_is_made_changed_ordered_and_deleted(ada: Caller) -> None:
    made = ada.sdk.license_types.create(
        name="Radio", default_price=Money(9900, "usd"), deliverables=["wav", "mp3"], terms=TERMS,
        caps={"streams": 1000, "term_months": None},
    )  # fmt: skip
    assert made.deliverables == ("mp3", "wav")
    assert made.caps["streams"] == 1000
    assert made.caps["copies"] is None
    changed = ada.sdk.license_types.update(made.id, default_price=Money(8800, "usd"), is_active=False)
    assert (changed.default_price, changed.is_active, changed.name) == (Money(8800, "usd"), False, "Radio")
    other = ada.sdk.license_types.create(
        name="Film", default_price=Money(20000, "usd"), deliverables=["wav"], terms=TERMS
    )
    assert [one.id for one in ada.sdk.license_types.reorder([other.id, made.id])] == [other.id, made.id]
    ada.sdk.license_types.delete(made.id)
    assert [one.id for one in ada.sdk.license_types.list()] == [other.id]


@pytest.mark.parametrize(
    ("price", "field"), [(Money(999, "usd"), "price"), (Money(5000, "eur"), "default_price")]
)
def test_a_price_below_the_minimum_or_in_another_currency_is_refused(
    ada: Caller, price: Money, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        ada.sdk.license_types.create(name="Cheap", default_price=price, deliverables=["mp3"], terms=TERMS)
    assert field in refused.value.fields


def test_a_track_offers_what_is_chosen_and_says_why_not(ada: Caller, services: Services) -> None:
    basic, premium, trackout, _ = ada.sdk.license_types.add_templates()
    with services.database.writing() as session:
        track = make_track(session, ada.person, files=[DeliverableKind.MP3])
    offered = ada.sdk.tracks.set_licenses(
        track.id, [basic.id, trackout.id], default=trackout.id, prices={basic.id: Money(3500, "usd")}
    )
    assert [(one.name, one.price.amount, one.is_default) for one in offered] == [
        (basic.name, 3500, False),
        (trackout.name, 14900, True),
    ]
    assert offered[0].price_override == Money(3500, "usd")
    assert offered[0].unavailable_reason is None
    assert offered[1].unavailable_reason
    assert ada.sdk.tracks.licenses(track.id) == offered
    assert premium.id not in {one.license_type_id for one in offered}


def test_license_types_and_tracks_of_others_do_not_exist(ada: Caller, bob: Caller) -> None:
    track = ada.sdk.tracks.create(title="Mine")
    (kind, *_) = ada.sdk.license_types.add_templates()
    theirs = bob.sdk.tracks.create(title="Theirs")
    for call in (
        lambda: bob.sdk.tracks.get(track.id),
        lambda: bob.sdk.tracks.update(track.id, title="Stolen"),
        lambda: bob.sdk.tracks.publish(track.id),
        lambda: bob.sdk.tracks.licenses(track.id),
        lambda: bob.sdk.tracks.delete(track.id),
        lambda: bob.sdk.license_types.get(kind.id),
        lambda: bob.sdk.license_types.update(kind.id, name="Stolen"),
        lambda: bob.sdk.license_types.delete(kind.id),
        lambda: bob.sdk.license_types.reorder([kind.id]),
        lambda: bob.sdk.tracks.set_licenses(theirs.id, [kind.id]),
    ):
        with pytest.raises(NotFound):
            call()
