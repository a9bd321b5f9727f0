"""Mailed links work once, for a while, for their purpose."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from flexapp.kernel.clock import FixedClock
from flexapp.people import links
from flexapp.people.models import MailPurpose, Person
from flexapp.storage.session import Database
from tests.factories.people import make_person


def make(database: Database, person: Person, purpose: MailPurpose, clock: FixedClock) -> str:
    with database.writing() as session:
        made = links.make_link(session, person, purpose, email=person.email, now=clock.now())
    assert made is not None
    row, secret = made
    assert secret not in (row.token_hash, row.id)
    return secret


@pytest.fixture
def mira(database: Database) -> Person:
    with database.writing() as session:
        return make_person(session)


def test_a_link_works_once_and_for_its_purpose(database: Database, mira: Person, clock: FixedClock) -> None:
    secret = make(database, mira, MailPurpose.RESET, clock)
    with database.writing() as session:
        with pytest.raises(links.LinkNotGood):
            links.use(session, secret, MailPurpose.VERIFY, now=clock.now())
        person, _ = links.use(session, secret, MailPurpose.RESET, now=clock.now())
        assert person.id == mira.id
        with pytest.raises(links.LinkNotGood):
            links.use(session, secret, MailPurpose.RESET, now=clock.now())


@pytest.mark.parametrize("purpose", list(MailPurpose))
def test_a_link_ends(database: Database, mira: Person, clock: FixedClock, purpose: MailPurpose) -> None:
    secret = make(database, mira, purpose, clock)
    clock.advance(links.LIFE[purpose] - timedelta(seconds=1))
    with database.writing() as session:
        links.peek(session, secret, purpose, now=clock.now())
        clock.advance(timedelta(seconds=1))
        with pytest.raises(links.LinkNotGood):
            links.peek(session, secret, purpose, now=clock.now())


def test_a_newer_link_ends_the_older_one(database: Database, mira: Person, clock: FixedClock) -> None:
    old, new = (make(database, mira, MailPurpose.RESET, clock) for _ in range(2))
    with database.reading() as session:
        with pytest.raises(links.LinkNotGood):
            links.peek(session, old, MailPurpose.RESET, now=clock.now())
        links.peek(session, new, MailPurpose.RESET, now=clock.now())


def test_a_mailbox_gets_five_links_an_hour(database: Database, mira: Person, clock: FixedClock) -> None:
    for _ in range(links.PER_HOUR):
        make(database, mira, MailPurpose.RESET, clock)
    with database.writing() as session:
        again = (session, mira, MailPurpose.RESET)
        assert links.make_link(*again, email=mira.email, now=clock.now()) is None
        clock.advance(timedelta(hours=1, seconds=1))
        assert links.make_link(*again, email=mira.email, now=clock.now()) is not None


def test_of_two_who_use_a_link_at_once_one_gets_it(
    database: Database, mira: Person, clock: FixedClock
) -> None:
    secret = make(database, mira, MailPurpose.RESET, clock)

    def use(_number: int) -> bool:
        try:
            with database.writing() as session:
                links.use(session, secret, MailPurpose.RESET, now=clock.now())
        except links.LinkNotGood:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(use, range(6))) == [False] * 5 + [True]
