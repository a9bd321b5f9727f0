"""Accounts, sessions and API tokens on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from flexapp.errors import NotFound
from flexapp.kernel.clock import FixedClock
from flexapp.kernel.signing import fingerprint
from flexapp.people import operations, queries
from flexapp.people.models import Person, Role, Scope
from flexapp.storage.session import Database
from tests.factories.people import BOTH, NOON, PASSWORD, make_person


def test_signing_up_keeps_no_password_and_waits_for_the_address(database: Database) -> None:
    with database.writing() as session:
        person = operations.sign_up(
            session, email=" Mira@Example.com", password=PASSWORD, name="Mira  Sol", roles=BOTH, now=NOON
        )
    with database.reading() as session:
        stored = queries.person_by_email(session, "mira@example.com")
        assert stored is not None
        assert (stored.id, stored.name, stored.slug) == (person.id, "Mira Sol", "mira-sol")
        assert stored.roles == [Role.PRODUCER, Role.AFFILIATE]
        assert PASSWORD not in stored.password_hash
        assert stored.email_verified_at is None
        with pytest.raises(operations.WrongCredentials):
            operations.log_in(session, email="mira@example.com", password=PASSWORD, user_agent="", now=NOON)


def test_an_address_has_one_account(database: Database) -> None:
    with database.writing() as session:
        make_person(session, email="mira@example.com")
        with pytest.raises(operations.EmailTaken):
            make_person(session, email="MIRA@example.com")


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x00b", "a\u202eb"])
def test_a_name_is_something_to_read(database: Database, name: str) -> None:
    with database.writing() as session, pytest.raises(operations.InvalidProfile) as caught:
        make_person(session, name=name or " ")
    assert "name" in caught.value.fields


def test_many_who_sign_up_at_once_with_one_address_make_one_account(database: Database) -> None:
    def sign_up(_number: int) -> bool:
        try:
            with database.writing() as session:
                make_person(session, email="race@example.com", name="Race")
        except operations.EmailTaken:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(sign_up, range(8))) == [False] * 7 + [True]


def test_people_of_one_name_get_pages_of_their_own_also_at_once(database: Database) -> None:
    def sign_up(_number: int) -> str:
        with database.writing() as session:
            return make_person(session, name="Kilo").slug

    with ThreadPoolExecutor(6) as pool:
        slugs = list(pool.map(sign_up, range(6)))
    assert len(set(slugs)) == 6
    assert all(slug.startswith("kilo") for slug in slugs)


def test_a_new_name_moves_the_page_and_the_old_address_stays_theirs(database: Database) -> None:
    with database.writing() as session:
        mira = make_person(session, name="Mira Sol")
        operations.update_profile(session, mira, name="Mira Luna", now=NOON)
        other = make_person(session, name="Mira Sol")
    with database.reading() as session:
        found = queries.person_by_slug(session, "mira-luna")
        old = queries.person_by_old_slug(session, "mira-sol")
        assert found is not None
        assert old is not None
        assert found.id == old.id == mira.id
        assert other.slug == "mira-sol-2"
    with database.writing() as session:
        assert operations.update_profile(session, mira, name="Mira Sol", now=NOON).slug == "mira-sol"


def test_a_profile_changes_only_where_told_and_from_a_snapshot_too(database: Database) -> None:
    with database.writing() as session:
        mira = make_person(session, name="Mira", bio="Before", allows_affiliate_sales=False)
    with database.writing() as session:
        operations.update_profile(session, mira, roles=["affiliate"], now=NOON)
    with database.reading() as session:
        stored = queries.person_by_id(session, mira.id)
        assert stored is not None
        assert (stored.bio, stored.roles, stored.allows_affiliate_sales) == (
            "Before",
            [Role.AFFILIATE],
            False,
        )
    with database.writing() as session:
        for roles in ([], ["admin"]):
            with pytest.raises(operations.InvalidProfile):
                operations.update_profile(session, mira, roles=roles, now=NOON)


def test_a_session_is_kept_as_a_fingerprint_and_ends_when_revoked(database: Database) -> None:
    with database.writing() as session:
        mira = make_person(session, email="mira@example.com")
        row, secret = operations.log_in(
            session, email="Mira@example.com", password=PASSWORD, user_agent="Test", now=NOON
        )
    assert row.token_hash == fingerprint(secret)
    with database.reading() as session:
        found = queries.person_by_session_secret(session, secret, now=NOON)
        assert found is not None
        assert found[0].id == mira.id
        assert queries.person_by_session_secret(session, secret + "x", now=NOON) is None
        assert queries.person_by_session_secret(session, row.token_hash, now=NOON) is None
    with database.writing() as session:
        operations.revoke_session(session, mira, row.id, now=NOON)
    with database.reading() as session:
        assert queries.person_by_session_secret(session, secret, now=NOON) is None


def test_a_session_ends_thirty_days_after_it_was_last_seen(database: Database, clock: FixedClock) -> None:
    with database.writing() as session:
        mira = make_person(session)
        row, secret = operations.begin_session(session, mira, user_agent="", now=clock.now())
    clock.advance(timedelta(days=29))
    with database.writing() as session:
        assert queries.person_by_session_secret(session, secret, now=clock.now())
        operations.touch_session(session, row.id, now=clock.now())
    clock.advance(timedelta(days=29))
    with database.reading() as session:
        assert queries.person_by_session_secret(session, secret, now=clock.now())
        later = clock.now() + timedelta(days=2)
        assert queries.person_by_session_secret(session, secret, now=later) is None


def test_nobody_ends_anothers_session_or_token(database: Database) -> None:
    with database.writing() as session:
        mira, kilo = make_person(session), make_person(session)
        row, _ = operations.begin_session(session, mira, user_agent="", now=NOON)
        token, _ = operations.create_api_token(session, mira, name="x", scopes=[Scope.READ], now=NOON)
        with pytest.raises(NotFound):
            operations.revoke_session(session, kilo, row.id, now=NOON)
        with pytest.raises(NotFound):
            operations.revoke_api_token(session, kilo, token.id, now=NOON)


def test_logging_out_elsewhere_spares_this_browser_and_other_people(database: Database) -> None:
    with database.writing() as session:
        mira, kilo = make_person(session), make_person(session)
        here, _ = operations.begin_session(session, mira, user_agent="", now=NOON)
        for _ in range(2):
            operations.begin_session(session, mira, user_agent="", now=NOON)
        operations.begin_session(session, kilo, user_agent="", now=NOON)
        assert operations.revoke_sessions(session, mira, but=here.id, now=NOON) == 2
        assert [row.id for row in queries.sessions_of(session, mira.id, now=NOON)] == [here.id]
        assert len(queries.sessions_of(session, kilo.id, now=NOON)) == 1


def test_an_api_token_is_shown_once_and_works_until_revoked(database: Database) -> None:
    with database.writing() as session:
        mira = make_person(session)
        row, secret = operations.create_api_token(
            session, mira, name=" Nightly  upload ", scopes=["write", "read"], now=NOON
        )
    assert secret.startswith("flx_")
    assert (row.name, row.scopes, row.prefix) == ("Nightly upload", ["read", "write"], secret[:12])
    assert secret not in (row.token_hash, row.prefix)
    with database.writing() as session:
        found = queries.person_by_token_secret(session, secret)
        assert found is not None
        assert found[1].id == row.id
        operations.revoke_api_token(session, mira, row.id, now=NOON)
        assert queries.person_by_token_secret(session, secret) is None
        assert queries.tokens_of(session, mira.id) == []


@pytest.mark.parametrize(
    ("name", "scopes"), [("", ["read"]), ("x" * 81, ["read"]), ("x", []), ("x", ["admin"])]
)
def test_a_token_needs_a_name_and_known_scopes(database: Database, name: str, scopes: list[str]) -> None:
    with database.writing() as session:
        mira = make_person(session)
        with pytest.raises(operations.InvalidToken):
            operations.create_api_token(session, mira, name=name, scopes=scopes, now=NOON)


def test_an_anonymous_account_names_nobody_and_opens_for_nobody(database: Database) -> None:
    with database.writing() as session:
        mira = make_person(session, name="Mira Sol", email="mira@example.com", bio="About me")
        _, secret = operations.begin_session(session, mira, user_agent="", now=NOON)
        _, token = operations.create_api_token(session, mira, name="x", scopes=["read"], now=NOON)
        operations.anonymize(session, mira, now=NOON)
    with database.writing() as session:
        row = session.get_one(Person, mira.id)
        kept = " ".join((row.email, row.name, row.slug, row.bio)).lower()
        assert "mira" not in kept.replace(row.id, "")
        assert queries.person_by_id(session, mira.id) is None
        assert queries.person_by_slug(session, "mira-sol") is None
        assert queries.person_by_old_slug(session, "mira-sol") is None
        assert queries.person_by_session_secret(session, secret, now=NOON) is None
        assert queries.person_by_token_secret(session, token) is None
        assert make_person(session, email="mira@example.com", name="Mira Sol").slug == "mira-sol-2"
