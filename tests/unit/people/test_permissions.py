"""The table of permissions: owners may, strangers find nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from flexapp.errors import Forbidden, NotFound
from flexapp.people.models import Person
from flexapp.people.permissions import PERMISSIONS, Permission, check, permits

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass
class Thing:
    producer_id: str | None = None
    owner_id: str | None = None
    person_id: str | None = None
    affiliate_id: str | None = None
    visibility: str = "draft"
    deleted_at: datetime | None = None


def person(name: str = "mira", **fields: object) -> Person:
    return Person(
        **{"id": f"per_{name}", "is_producer": True, "is_affiliate": True, "is_admin": False, **fields}
    )


def test_every_permission_is_in_the_table() -> None:
    assert set(PERMISSIONS) == set(Permission)


@pytest.mark.parametrize("named", ["producer_id", "owner_id", "person_id"])
@pytest.mark.parametrize(
    "wanted",
    [
        *(Permission.EDIT_TRACK, Permission.EDIT_APP, Permission.EDIT_LICENSE_TYPE, Permission.EDIT_SALE),
        *(Permission.SEE_UPLOAD, Permission.END_SESSION, Permission.REVOKE_TOKEN),
    ],
)
def test_an_owner_may_and_a_stranger_finds_nothing(named: str, wanted: Permission) -> None:
    thing = Thing(**{named: "per_mira"})
    check(person(), wanted, thing)
    for stranger in (person("kilo"), None):
        assert not permits(stranger, wanted, thing)
        with pytest.raises(NotFound):
            check(stranger, wanted, thing)


def test_a_thing_of_nobody_belongs_to_nobody() -> None:
    assert not permits(person(), Permission.EDIT_TRACK, Thing())


def test_what_was_deleted_is_gone_for_its_owner_too() -> None:
    with pytest.raises(NotFound):
        check(person(), Permission.EDIT_TRACK, Thing(producer_id="per_mira", deleted_at=NOW))


def test_a_deleted_person_may_nothing() -> None:
    gone = person(deleted_at=NOW)
    assert not any(permits(gone, wanted, Thing(producer_id="per_mira")) for wanted in Permission)


def test_drafts_are_for_their_producer_and_published_tracks_for_all() -> None:
    draft, published = Thing(producer_id="per_mira"), Thing(producer_id="per_mira", visibility="published")
    assert permits(person(), Permission.SEE_TRACK, draft)
    assert not permits(None, Permission.SEE_TRACK, draft)
    assert permits(None, Permission.SEE_TRACK, published)
    published.deleted_at = NOW
    assert not permits(None, Permission.SEE_TRACK, published)


def test_an_affiliate_sees_the_sale_that_earned_them_but_may_not_change_it() -> None:
    sale = Thing(producer_id="per_kilo", affiliate_id="per_mira")
    assert permits(person(), Permission.SEE_SALE, sale)
    assert not permits(person(), Permission.EDIT_SALE, sale)


def test_a_missing_role_is_forbidden_not_hidden() -> None:
    with pytest.raises(Forbidden, match="producer role"):
        check(person(is_producer=False), Permission.UPLOAD)
    check(person(is_producer=False), Permission.CURATE)


def test_the_back_office_does_not_exist_for_others() -> None:
    with pytest.raises(NotFound):
        check(person(), Permission.SEE_BACK_OFFICE)
    check(person(is_admin=True), Permission.SEE_BACK_OFFICE)
