"""Nobody changes the books afterwards, whatever program they use: the database itself refuses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from flexapp.ledger import journal
from flexapp.ledger.models import JournalEntry, LedgerLine
from flexapp.storage.session import Database

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def books(database: Database) -> Database:
    """One sale on the books."""
    with database.writing() as session:
        journal.post(
            session,
            reference="charge:ch_1",
            currency="usd",
            lines=[
                journal.Line(account="stripe", amount=2999, role="charge"),
                journal.Line(account="payable:per_1", amount=-2999, role="share"),
            ],
            now=NOON,
            memo="",
        )
    return database


def state(session: Session) -> tuple[int, int, int]:
    """Entries, lines, and the sum of the debits."""
    debits = select(func.sum(LedgerLine.amount)).where(LedgerLine.amount > 0)
    entries, lines = (session.scalar(select(func.count()).select_from(one)) for one in TABLES)
    return entries or 0, lines or 0, int(session.scalar(debits) or 0)


TABLES = (JournalEntry, LedgerLine)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_entry SET memo = 'mended'",
        "UPDATE ledger_line SET amount = amount * 2",
        "UPDATE ledger_line SET available_at = NULL WHERE role = 'share'",
        "DELETE FROM ledger_line",
        "DELETE FROM ledger_line WHERE role = 'share'",
        "DELETE FROM journal_entry",
    ],
)
def test_what_is_booked_is_neither_changed_nor_deleted(books: Database, statement: str) -> None:
    with pytest.raises(IntegrityError, match="the ledger is append-only"), books.writing() as session:
        session.execute(text(statement))
    with books.reading() as session:
        assert state(session) == (1, 2, 2999)


def test_a_change_through_the_models_is_refused_as_well(books: Database) -> None:
    with books.reading() as session:
        line = session.scalars(select(LedgerLine).limit(1)).one()
    line.role = "bonus"
    with pytest.raises(IntegrityError, match="append-only"), books.writing() as session:
        session.add(line)
    with pytest.raises(IntegrityError, match="append-only"), books.writing() as session:
        session.delete(session.scalars(select(LedgerLine).limit(1)).one())
    with books.reading() as session:
        assert state(session) == (1, 2, 2999)


def test_replacing_a_line_is_refused(books: Database) -> None:
    """SQLite's REPLACE deletes first; PostgreSQL has an upsert and TRUNCATE."""
    statements = (
        [
            "UPDATE OR REPLACE ledger_line SET role = 'share'",
            "INSERT OR REPLACE INTO ledger_line SELECT * FROM ledger_line",
            "INSERT OR REPLACE INTO journal_entry SELECT * FROM journal_entry",
        ]
        if books.is_sqlite
        else [
            "TRUNCATE ledger_line",
            "INSERT INTO ledger_line SELECT * FROM ledger_line ON CONFLICT (id) DO UPDATE SET amount = 1",
        ]
    )
    for statement in statements:
        with pytest.raises(IntegrityError, match="append-only"), books.writing() as session:
            session.execute(text(statement))
    with books.reading() as session:
        assert state(session) == (1, 2, 2999)


def test_new_entries_are_still_taken(books: Database) -> None:
    with books.writing() as session:
        lines = [
            journal.Line(account="stripe", amount=-100, role="refund"),
            journal.Line(account="payable:per_1", amount=100, role="share"),
        ]
        assert journal.post(session, reference="refund:re_1", currency="usd", lines=lines, now=NOON, memo="")
    with books.reading() as session:
        assert state(session) == (2, 4, 3099)
