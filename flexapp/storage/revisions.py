"""Revisions: one number that grows with every change of what visitors are shown, and what changed.

A transaction names what it changes (``raise_revision``); its commit takes the next number for all of
it. The number is one row that is locked from the last moment before a commit until its end, so numbers
become visible in order and a reader that knows 7 misses nothing by asking for what is above 7. Each
process asks again after ``EVERY_SECONDS``, by the way of a request that needs to know; what it committed
itself it knows at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import cast

from sqlalchemy import BigInteger, Select, String, event, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from flexapp.kernel.steps import step
from flexapp.storage.base import Base
from flexapp.storage.session import Database, UnitOfWork

EVERY_SECONDS = 0.4  #: between two questions; a change is known everywhere within a second
HEAD_START_SECONDS = 0.1  #: of a thread that asks ahead, after another process rang
TRUSTED_SECONDS = 20.0  #: how long what is known may be used while the database does not answer
EVERYTHING = "*"  #: as a subject: whatever was shown before
_NEWEST = ""  #: the subject of the row that counts
_RAISED, _COMMITTED = "revision.raised", "revision.committed"
Listener = Callable[[frozenset[str]], None]
log = logging.getLogger(__name__)


class Revision(Base):
    """What changed last at which number; the row without a subject holds the newest number."""

    __tablename__ = "revision"

    subject: Mapped[str] = mapped_column(String(30), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, index=True)


def raise_revision(session: Session, subjects: Iterable[str]) -> None:
    """Say that what is shown of these ids changes with this transaction; undone when it rolls back."""
    session.info.setdefault(_RAISED, set()).update(subjects)


class Revisions:
    """What one process knows of them. One per process and database: take it from ``revisions_of``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: list[Listener] = []
        self._guard = threading.Lock()
        self._asking = threading.Lock()
        self._newest = -1
        self.due = 0.0  #: when it is time to ask, by the monotonic clock
        self.asked = float("-inf")  #: when it was asked last: what was committed before is known
        self._bell: Callable[[], None] | None = None
        database.on_raised.append(self._committed_here)

    def tell(self, listener: Listener) -> None:
        """Call ``listener`` with the subjects of every change from now on."""
        self._listeners.append(listener)

    def are_known(self) -> bool:
        """Whether all changes older than a moment are known; asks the database when it is time to.

        One thread asks while the others go on. False when the database has not answered for so long
        that nothing kept in memory may be used any more.
        """
        now = time.monotonic()
        if now < self.due:
            return True
        if self._asking.acquire(blocking=False):
            try:
                self._ask(now)
            finally:
                self._asking.release()
        return now - self.asked < TRUSTED_SECONDS

    def newest(self) -> int:
        """The newest number that is known, after asking when it is time to."""
        self.are_known()
        return self._newest

    def ask_ahead(self) -> bool:
        """Ask although it is not yet time to: for a thread that wants to know before requests do.

        False as in ``are_known``.
        """
        if self._asking.acquire(blocking=False):
            try:
                self._ask(time.monotonic())
            finally:
                self._asking.release()
        return time.monotonic() - self.asked < TRUSTED_SECONDS

    def wake(self, bell: Callable[[], None]) -> None:
        """Call ``bell`` when another process rings: a thread will ask ahead of requests."""
        self._bell = bell

    def ring(self) -> None:
        """Another process changed something: ask at once, or with the next request."""
        if self._bell is None:
            self.due = 0.0
            return
        self.due = min(self.due, time.monotonic() + HEAD_START_SECONDS)
        self._bell()

    def _ask(self, now: float) -> None:
        self.due = now + EVERY_SECONDS  # before the question: a ring during it is not lost
        try:
            with self._database.connect_reading() as connection:
                rows = connection.execute(_above(self._newest)).all()
        except SQLAlchemyError:
            log.warning("revisions cannot be read", exc_info=True)
            if now - self.asked >= TRUSTED_SECONDS:
                self.due = 0.0  # whoever needs to know finds out that nobody knows
            return
        step("revisions.asked")
        newest = next((row.number for row in rows if row.subject == _NEWEST), 0)
        if self._newest < 0:  # the first question: nothing is kept yet that could be old
            self._learn(newest, frozenset())
        elif newest < self._newest:  # another database than before: restored from a backup
            self._newest = newest
            self._tell(frozenset({EVERYTHING}))
        else:
            subjects = frozenset(row.subject for row in rows if row.number > self._newest)
            self._learn(newest, subjects - {_NEWEST})
        self.asked = now

    def _committed_here(self, number: int, subjects: frozenset[str]) -> None:
        with self._guard:
            follows = self._newest == number - 1
        self._learn(number if follows else -1, subjects)

    def _learn(self, number: int, subjects: frozenset[str]) -> None:
        with self._guard:
            self._newest = max(self._newest, number)
        if subjects:
            self._tell(subjects)

    def _tell(self, subjects: frozenset[str]) -> None:
        for listener in self._listeners:
            listener(subjects)


_first = threading.Lock()


def revisions_of(database: Database) -> Revisions:
    """The process's one Revisions of a database."""
    found = database.kept.get(Revisions)
    if found is None:
        with _first:
            found = database.kept.get(Revisions) or Revisions(database)
            database.kept[Revisions] = found
    return cast(Revisions, found)


def _above(number: int) -> Select[str, int]:
    """The counting row, and what changed above the number; at first the counting row alone."""
    is_counting = Revision.subject == _NEWEST
    wanted = is_counting if number < 0 else or_(is_counting, Revision.number > number)
    return select(Revision.subject, Revision.number).where(wanted)


@event.listens_for(UnitOfWork, "before_commit")
def _take_a_number(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()  # what is not flushed yet may raise more
    raised = session.info.pop(_RAISED, None)
    if not raised:
        return
    insert = (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(Revision)
    counted = insert.values(subject=_NEWEST, number=1).on_conflict_do_update(
        index_elements=["subject"], set_={"number": Revision.number + 1}
    )
    number = session.scalars(counted.returning(Revision.number)).one()
    noted = insert.on_conflict_do_update(index_elements=["subject"], set_={"number": insert.excluded.number})
    session.execute(noted, [{"subject": subject, "number": number} for subject in sorted(raised)])
    session.info[_COMMITTED] = (number, frozenset(raised))


@event.listens_for(UnitOfWork, "after_commit")
def _say_so(session: Session) -> None:
    committed = session.info.pop(_COMMITTED, None)
    if committed is None:
        return
    database: Database = session.info["database"]
    for listener in database.on_raised:
        listener(*committed)


@event.listens_for(UnitOfWork, "after_soft_rollback")
def _forget(session: Session, ended: SessionTransaction) -> None:
    if ended.nested:  # the rest of the transaction goes on; what was raised too much does no harm
        return
    session.info.pop(_RAISED, None)
    session.info.pop(_COMMITTED, None)
