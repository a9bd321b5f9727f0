"""Revisions: a change of what is shown takes a number in its transaction; every process learns of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import delete, select, text, update

from flexapp.apps import shown
from flexapp.catalog.models import Track
from flexapp.people.models import Person
from flexapp.storage import revisions
from flexapp.storage.revisions import EVERYTHING, Revision, Revisions, raise_revision
from flexapp.storage.session import Database
from tests.factories.catalog import make_track
from tests.factories.people import make_person

shown.install()


def numbers(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {row.subject: row.number for row in session.scalars(select(Revision))}


@pytest.fixture
def other(database: Database) -> Iterator[Revisions]:
    """What another process on the same database knows."""
    elsewhere = Database(database.url, pool_size=2)
    other = Revisions(elsewhere)
    assert other.are_known()
    yield other
    elsewhere.close()


def heard(knower: Revisions) -> list[frozenset[str]]:
    told: list[frozenset[str]] = []
    knower.tell(told.append)
    return told


def test_a_commit_takes_one_number_for_all_that_it_changes(database: Database) -> None:
    for subjects in ({"a", "b"}, {"b"}):
        with database.writing() as session:
            raise_revision(session, subjects)
            raise_revision(session, subjects)
    assert numbers(database) == {"": 2, "a": 1, "b": 2}


def test_a_transaction_that_fails_raises_nothing(database: Database) -> None:
    def fails() -> None:
        with database.writing() as session:
            raise_revision(session, {"a"})
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    with database.writing() as session:
        session.execute(select(Revision))
    assert numbers(database) == {}


def test_a_part_that_fails_leaves_the_rest_to_its_commit(database: Database) -> None:
    with database.writing() as session:
        raise_revision(session, {"a"})
        with session.begin_nested() as part:
            raise_revision(session, {"b"})
            part.rollback()
        with session.begin_nested():
            raise_revision(session, {"c"})
        assert numbers_inside(session) == {}, "numbers are taken at the end"
    assert {"a", "c"} <= numbers(database).keys()


def numbers_inside(session: object) -> dict[str, int]:
    return {row.subject: row.number for row in session.scalars(select(Revision))}  # type: ignore[attr-defined]


def test_a_process_knows_its_own_changes_at_once_and_anothers_when_it_asks(
    database: Database, other: Revisions
) -> None:
    own = Revisions(database)
    assert own.are_known()
    here, there = heard(own), heard(other)
    with database.writing() as session:
        raise_revision(session, {"a", "b"})
    assert here == [{"a", "b"}]
    assert there == []
    assert other.are_known(), "asked a moment ago: nothing new yet"
    assert there == []
    other.ring()
    assert other.are_known()
    assert there == [{"a", "b"}]
    other.ring()
    other.are_known()
    own.ring()
    own.are_known()
    assert (here, there) == ([{"a", "b"}], [{"a", "b"}]), "nothing is heard twice"
    assert own.newest() == other.newest() == 1


def test_a_question_is_asked_again_after_less_than_a_second(
    database: Database, other: Revisions, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = heard(other)
    with database.writing() as session:
        raise_revision(session, {"a"})
    began = revisions.time.monotonic()
    monkeypatch.setattr(revisions.time, "monotonic", lambda: began + 0.5)
    assert other.are_known()
    assert there == [{"a"}]


def test_what_changed_while_a_process_was_not_looking_is_heard_in_one_go(
    database: Database, other: Revisions
) -> None:
    there = heard(other)
    for subject in ("a", "b", "a"):
        with database.writing() as session:
            raise_revision(session, {subject})
    other.ring()
    other.are_known()
    assert there == [{"a", "b"}]
    assert other.newest() == 3


def test_writers_at_the_same_time_get_numbers_without_a_gap(database: Database, other: Revisions) -> None:
    there = heard(other)
    wait = threading.Barrier(4)

    def write(name: str) -> None:
        wait.wait()
        for turn in range(5):
            with database.writing() as session:
                raise_revision(session, {f"{name}{turn}"})
            other.ring()
            other.are_known()

    threads = [threading.Thread(target=write, args=(name,)) for name in "wxyz"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.ring()
    other.are_known()
    assert sorted(number for subject, number in numbers(database).items() if subject) == list(range(1, 21))
    assert frozenset().union(*there) == {f"{name}{turn}" for name in "wxyz" for turn in range(5)}


def test_without_the_database_it_is_trusted_for_a_bounded_time_only(
    database: Database, other: Revisions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise revisions.SQLAlchemyError("the database is away")

    began = revisions.time.monotonic()
    monkeypatch.setattr(other._database, "connect_reading", away)
    for spent, known in ((1.0, True), (revisions.TRUSTED_SECONDS - 1, True), (60.0, False)):
        monkeypatch.setattr(revisions.time, "monotonic", lambda spent=spent: began + spent)
        assert other.are_known() is known
    monkeypatch.undo()
    other.ring()
    assert other.are_known()


def test_a_database_that_went_back_in_time_makes_everything_old(database: Database, other: Revisions) -> None:
    for _ in range(3):
        with database.writing() as session:
            raise_revision(session, {"a"})
    other.ring()
    other.are_known()
    there = heard(other)
    with database.writing() as session:
        session.execute(text("UPDATE revision SET number = 1"))
    other.ring()
    other.are_known()
    assert there == [{EVERYTHING}]


def test_rows_changed_by_a_statement_count_like_rows_changed_by_hand(database: Database) -> None:
    with database.writing() as session:
        producer, bystander = make_person(session), make_person(session)
        track = make_track(session, producer)
        make_track(session, bystander)
    before = numbers(database)
    with database.writing() as session:
        session.execute(update(Track).where(Track.id == track.id).values(title="Another"))
    middle = numbers(database)
    assert middle[producer.id] > before[producer.id]
    assert middle[bystander.id] == before[bystander.id]
    with database.writing() as session:
        session.execute(update(Person).values(bio="Everybody"))
    assert EVERYTHING in numbers(database)
    with database.writing() as session:
        session.execute(delete(Track).where(Track.id == "trk_none"))
        session.execute(update(Track).where(Track.id == "trk_none").values(title="Nothing"))
    assert numbers(database)[producer.id] == middle[producer.id]


def test_what_no_visitor_sees_raises_nothing(database: Database) -> None:
    with database.writing() as session:
        person = make_person(session)
        track = make_track(session, person)
    before = numbers(database)
    with database.writing() as session:
        session.get_one(Person, person.id).password_hash = "other"
        session.get_one(Person, person.id).email = "new@example.com"
        session.get_one(Track, track.id).processing_percent = 7
        session.get_one(Track, track.id).title = track.title
    assert numbers(database) == before
