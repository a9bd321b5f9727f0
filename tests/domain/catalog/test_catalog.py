"""Tracks, license types and offers on both databases."""

from __future__ import annotations

import pytest

from flexapp.catalog import operations, queries
from flexapp.catalog.models import DeliverableKind, Visibility
from flexapp.catalog.offers import choices_for, is_sellable, offers_for
from flexapp.catalog.operations import LicenseChoice
from flexapp.catalog.prices import PriceOutOfBounds
from flexapp.catalog.queries import LicenseTypeNotFound
from flexapp.catalog.vocabulary import InvalidDescription
from tests.factories.catalog import NOON, make_license_type, make_track
from tests.factories.people import make_person


def test_slugs_are_unique_in_the_whole_house_and_never_handed_on(database, settings) -> None:
    with database.writing() as session:
        kaito, mara = make_person(session), make_person(session)

        def made(person, title):
            return operations.create_track(session, person, title=title, now=NOON, settings=settings)

        first, second = made(kaito, "Cold Estate!"), made(mara, "cold estate")
        assert (first.slug, second.slug) == ("cold-estate", "cold-estate-2")
        operations.update_track(session, first, title="Warm Estate", now=NOON)
        assert queries.track_by_slug(session, "cold-estate") is None
        assert queries.track_by_old_slug(session, "cold-estate").id == first.id
        assert made(mara, "Cold Estate").slug == "cold-estate-3"
        operations.update_track(session, first, title="Cold Estate", now=NOON)
        assert first.slug == "cold-estate"
        assert made(kaito, "日本").slug == "beat"


def test_a_new_track_offers_every_active_type_the_first_as_default(database, settings) -> None:
    with database.writing() as session:
        producer = make_person(session)
        basic, _off = (
            make_license_type(session, producer),
            make_license_type(session, producer, is_active=False),
        )
        make_license_type(session, make_person(session))
        track = operations.create_track(session, producer, title="A", now=NOON, settings=settings)
        (row,) = queries.track_licenses_of(session, track)
        assert (row.license_type_id, row.is_default, row.price_override) == (basic.id, True, None)


def test_an_override_is_the_price_and_exactly_one_offer_is_the_default(database, settings) -> None:
    with database.writing() as session:
        producer = make_person(session)
        basic, premium = (make_license_type(session, producer) for _ in range(2))
        track = make_track(session, producer, license_types=[basic])
        operations.set_track_licenses(
            session,
            track,
            [LicenseChoice(premium.id, price_override=5001), LicenseChoice(basic.id)],
            settings=settings,
        )
        offers = offers_for(session, [track])[track.id]
        assert [(offer.license_type.id, offer.price, offer.is_default) for offer in offers] == [
            (basic.id, 2999, True),
            (premium.id, 5001, False),
        ]


@pytest.mark.parametrize("price", [999, 0, -1, 10**9])
def test_no_price_lies_outside_of_the_bounds(database, settings, price: int) -> None:
    with database.writing() as session:
        producer = make_person(session)
        basic = make_license_type(session, producer)
        track = make_track(session, producer, license_types=[basic])
        with pytest.raises(PriceOutOfBounds):
            operations.set_track_licenses(
                session, track, [LicenseChoice(basic.id, price_override=price)], settings=settings
            )
        with pytest.raises(PriceOutOfBounds):
            operations.create_license_type(
                session,
                producer,
                name="Cheap",
                price=price,
                terms="You may release one song with it.",
                deliverables=["mp3"],
                now=NOON,
                settings=settings,
            )


def test_anothers_license_type_cannot_be_chosen(database, settings) -> None:
    with database.writing() as session:
        track = make_track(session, make_person(session))
        foreign = make_license_type(session, make_person(session))
        with pytest.raises(LicenseTypeNotFound):
            operations.set_track_licenses(session, track, [LicenseChoice(foreign.id)], settings=settings)


def test_what_lacks_its_files_is_no_offer_and_says_why(database) -> None:
    with database.writing() as session:
        track = make_track(session, make_person(session), files=[DeliverableKind.MP3])
        assert [offer.license_type.name for offer in offers_for(session, [track])[track.id]] == [
            "Basic lease"
        ]
        reasons = [offer.unavailable_reason for offer in choices_for(session, track)]
        assert reasons[0] is None
        assert "no WAV" in reasons[1]
        assert "no stems" in reasons[2]


@pytest.mark.parametrize(
    "fields",
    [
        {"visibility": Visibility.DRAFT},
        {"sold_exclusively_at": NOON},
        {"deleted_at": NOON},
        {"preview_key": None},
    ],
)
def test_what_is_not_reachable_is_not_sold_nor_listed(database, fields) -> None:
    with database.writing() as session:
        producer = make_person(session)
        hidden, shown = make_track(session, producer, **fields), make_track(session, producer)
        assert not is_sellable(hidden)
        assert offers_for(session, [hidden, shown])[hidden.id] == []
        assert len(offers_for(session, [hidden, shown])[shown.id]) == 4
        assert [track.id for track in queries.public_tracks(session)] == [shown.id]


def test_public_tracks_are_found_by_what_describes_them(database) -> None:
    with database.writing() as session:
        kaito = make_person(session, name="Kaito")
        mara = make_person(session, name="Mara", allows_affiliate_sales=False)
        trap = make_track(session, kaito, title="Midnight Trap", genre="Trap", tags=["dark", "808"], bpm=140)
        lofi = make_track(session, mara, title="Rooftop 100% Rain", genre="Lo-Fi", tags=["chill"], bpm=78)

        def found(**by):
            return {track.id for track in queries.public_tracks(session, **by)}

        assert found() == {trap.id, lofi.id}
        assert found(genre="trap") == {trap.id}
        assert found(tag="808") == {trap.id}
        assert found(tag="80") == set()
        assert found(bpm_from=100, bpm_to=150) == {trap.id}
        assert found(search="100%") == {lofi.id}
        assert found(search="mara") == {lofi.id}
        assert found(search="%") == {lofi.id}
        assert found(for_affiliates=True) == {trap.id}
        assert found(except_producer_id=kaito.id) == {lofi.id}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("f#m", "F# minor"),
        ("Gb min", "F# minor"),
        ("C", "C major"),
        ("bb minor", "A# minor"),
        ("C# Phrygian", "C# phrygian"),
        ("AM", "A major"),
        (" ", ""),
    ],
)
def test_keys_have_one_spelling(database, settings, given: str, kept: str) -> None:
    with database.writing() as session:
        track = operations.create_track(
            session, make_person(session), title="A", key=given, now=NOON, settings=settings
        )
        assert track.key == kept


def test_a_key_that_is_none_is_refused(database, settings) -> None:
    with database.writing() as session, pytest.raises(InvalidDescription) as refusal:
        operations.create_track(
            session, make_person(session), title="A", key="H moll", now=NOON, settings=settings
        )
    assert "key" in refusal.value.fields
