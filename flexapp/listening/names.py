"""The numbers by which roll-ups know apps, placements, tracks, sites and words."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from flexapp.listening import queries
from flexapp.listening.rollups import ListenName


def numbers_of(session: Session, names: Collection[str]) -> dict[str, int]:
    """The number of each text; new ones get theirs. One writer at a time: the holder of the fold's cursor."""
    found = queries.numbers_by_name(session, names)
    missing = sorted(set(names) - found.keys())
    if missing:
        table = ListenName.__table__
        assert isinstance(table, Table)
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        insert = dialect.insert(table).on_conflict_do_nothing(index_elements=["name"])
        session.execute(insert, [{"name": name} for name in missing])
        found.update(queries.numbers_by_name(session, missing))
    return found
