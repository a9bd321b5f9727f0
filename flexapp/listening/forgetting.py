"""Forgetting: raw rows go day by day, once a day can change no more and its file is sealed; totals stay.

``FORGOTTEN`` moves on first, in a transaction that the fold waits for: from then on nothing counts, decides
or seals what lies before it (``closing`` says why nothing needs to). Then the rows go, some at a time; a
process that dies in between goes on where it was. What plays are judged by (their session, delivered bytes,
the document's load, an owner's key) goes after the last of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Select, delete, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from flexapp.kernel.steps import step
from flexapp.listening import own_steps, queries
from flexapp.listening.closing import first_kept
from flexapp.listening.folding import CURSOR
from flexapp.listening.models import (
    Delivery,
    FoldCursor,
    Kind,
    ListenEvent,
    ListenSession,
    OwnerKey,
    Play,
    Suspicion,
)
from flexapp.listening.page_views import CURSOR as VIEWS
from flexapp.listening.queries import FORGOTTEN
from flexapp.listening.rollups import day_number
from flexapp.listening.sealing import EVIDENCE
from flexapp.storage.base import Base
from flexapp.storage.once import insert_once
from flexapp.storage.session import Database

SWEPT = "swept"
"""Cursor: of days before this one (since 1970) every row is gone."""
_ROWS_AT_ONCE = 1000
_PAUSE_SECONDS = 0.01  #: in which reports and the fold have their turn
_MS = timedelta(milliseconds=1)
_OWNERS_LINGER = timedelta(days=2)  #: a key may be noted before the first play or step that it explains


def forget(database: Database, *, now: datetime, raw_days: int) -> int:
    """Delete the rows of days that must be gone and can change no more; returns how many went.

    A day waits while something of it is not counted yet, or the file of a day until then is not good.
    """
    with database.writing() as session:
        first = _move_on(session, first_kept(now, raw_days))
        swept = queries.position_of(session, SWEPT)
    step("days.closed", first=first)
    if first == swept:
        return 0
    gone = _Sweep(database).run()
    with database.writing() as session:
        _set(session, SWEPT, first)
    return gone


def _move_on(session: Session, wanted: int) -> int:
    """The first day that is kept from now on: ``wanted``, or the first before it that has to wait."""
    insert_once(session, FoldCursor, name=CURSOR, position=0)
    position = queries.cursor_for_update(session, CURSOR).position
    known = queries.position_of(session, FORGOTTEN)
    listed = {day_number(row.day): row for row in queries.days_listed(session)}
    kept_since = queries.position_of(session, EVIDENCE)
    waiting = [
        day
        for day in range(max(kept_since, known), wanted)
        if kept_since and not (day in listed and listed[day].is_good)
    ]
    uncounted = [queries.oldest_session(session, after=position)]
    if views := queries.position_of(session, VIEWS):
        uncounted.append(queries.oldest_session(session, after=views, kind=Kind.VIEW))
    waiting += [day_number(minted_at.date()) for minted_at in uncounted if minted_at is not None]
    first = max(known, min([wanted, *waiting]))
    _set(session, FORGOTTEN, first)
    return first


def _set(session: Session, name: str, position: int) -> None:
    insert_once(session, FoldCursor, name=name, position=position)
    queries.cursor_for_update(session, name).position = position


class _Sweep:
    """Goes once through each table; reads without a lock, and takes the writers' turn for a few rows."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.reading() as session:
            before = queries.forgotten_until(session)
            self._folded = queries.position_of(session, CURSOR)
        assert before is not None
        self._before = before

    def run(self) -> int:
        """Delete; returns how many rows went."""
        before, event = self._before, ListenEvent
        has_plays = exists().where(Play.session_id == ListenSession.id)
        is_heard = exists().where(Play.session_id == Delivery.session_id)
        events = select(
            event.id, event.minted_at, event.at_ms, event.received_at, event.kind, event.session_id
        ).where(event.minted_at < before, event.id <= self._folded)
        sent = select(Delivery.id).where(Delivery.last_at < before, ~is_heard)
        sessions = select(ListenSession.id).where(ListenSession.minted_at < before, ~has_plays)
        gone = self._drop(Play, select(Play.id).where(Play.started_at < before), Play.id)
        gone += self._drop(ListenEvent, events, event.id, chosen=self._events)
        gone += self._drop(Delivery, sent, Delivery.id)
        gone += self._drop(ListenSession, sessions, ListenSession.id)
        gone += self._clear(Suspicion, ~exists().where(Play.id == Suspicion.play))
        gone += self._clear(OwnerKey, OwnerKey.noted_at < before - _OWNERS_LINGER, *_explains_nothing())
        return gone

    def _events(self, session: Session, rows: Sequence[Any]) -> list[int]:
        """What happened before; a document's load stays as long as plays are judged by it."""
        loads = {row.session_id for row in rows if row.kind is Kind.LOAD}
        heard = set(
            session.scalars(select(Play.session_id).where(Play.session_id.in_(sorted(loads))).distinct())
        )
        return [
            row.id
            for row in rows
            if min(row.minted_at + row.at_ms * _MS, row.received_at) < self._before
            and not (row.kind is Kind.LOAD and row.session_id in heard)
        ]

    def _drop(
        self,
        model: type[Base],
        query: Select[*tuple[Any, ...]],
        key: InstrumentedAttribute[Any],
        *,
        chosen: Callable[[Session, Sequence[Any]], Collection[Any]] | None = None,
    ) -> int:
        """Delete the rows that the query finds, in the order of their key, which is its first column."""
        gone, last = 0, None
        while True:
            with self._database.reading() as session:
                after = query if last is None else query.where(key > last)
                rows = session.execute(after.order_by(key).limit(_ROWS_AT_ONCE)).all()
                keys = chosen(session, rows) if chosen else [row[0] for row in rows]
            if keys:
                with self._database.turn, self._database.writing() as session:
                    gone += _deleted(session, model, key.in_(keys))
                step("rows.forgotten", table=model.__tablename__)
                time.sleep(_PAUSE_SECONDS)
            if len(rows) < _ROWS_AT_ONCE:
                return gone
            last = rows[-1][0]

    def _clear(self, model: type[Base], *conditions: ColumnElement[bool]) -> int:
        """The same of a small table, at once."""
        with self._database.turn, self._database.writing() as session:
            return _deleted(session, model, *conditions)


def _explains_nothing() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """No play and no step of the key's visitor is there."""
    steps = ListenEvent.kind.in_(sorted(own_steps.KINDS))
    return (
        ~exists().where(Play.visitor_key == OwnerKey.visitor_key),
        ~exists().where(ListenEvent.visitor_key == OwnerKey.visitor_key, steps),
    )


def _deleted(session: Session, model: type[Base], *conditions: ColumnElement[bool]) -> int:
    return cast(CursorResult[Any], session.execute(delete(model).where(*conditions))).rowcount
