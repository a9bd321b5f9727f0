"""Figures of any span: whole UTC days from the roll-ups, pieces at its edges from the listens, added up.

Nothing is asked of the listens when a span begins and ends at midnights of UTC, or ends with what has
happened so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from flexapp.listening import exact, queries, rollup_queries
from flexapp.listening.columns import Mirror
from flexapp.listening.edges import Span
from flexapp.listening.rollups import COUNTERS, Dimension
from flexapp.listening.scopes import Scope
from flexapp.listening.shares import Share, added

_STARTS, _PLAYS = COUNTERS.index("starts"), COUNTERS.index("plays")


def retention_sums(session: Session, scope: Scope, span: Span, *, mirror: Mirror | None) -> list[int]:
    """Listens, percent, five buckets, ten tenths."""
    rows = [rollup_queries.retention_sums(session, scope, span)]
    for since, until in span.pieces:
        rows.append(exact.retention_sums(session, scope, since=since, until=until, mirror=mirror))
    return _sums(rows)


def listens_by(
    session: Session, scope: Scope, names: Sequence[str], span: Span, *, mirror: Mirror | None
) -> dict[str, list[Share]]:
    """Of whole apps by dimensions, or by ``host``: starts and plays."""
    rows = {name: _whole_days(session, scope, name, span) for name in names}
    for since, until in span.pieces:
        pieces = exact.listens_by(session, scope, names, since=since, until=until, mirror=mirror)
        for name, shares in pieces.items():
            rows[name] += shares
    return {name: added(shares) for name, shares in rows.items()} if span.pieces else rows


def _whole_days(session: Session, scope: Scope, name: str, span: Span) -> list[Share]:
    if name != "host":
        return rollup_queries.dimension_rows(session, scope, Dimension[name.upper()], span)
    sites = rollup_queries.sites_of(session, scope, span)
    return [Share(site, days, (sums[_STARTS], sums[_PLAYS])) for site, days, sums in sites]


def sites_of(session: Session, scope: Scope, span: Span, *, mirror: Mirror | None) -> list[Share]:
    """By site around the players of whole apps, a person's own: ``COUNTERS``."""
    found = rollup_queries.sites_of(session, scope, span)
    if scope.person_id is not None:
        apps, _ = queries.things_of(session, scope.person_id)
        within = apps if scope.app_ids is None else sorted({*apps} & {*scope.app_ids})
        scope = replace(scope, person_id=None, app_ids=within)
    for since, until in span.pieces:
        found += exact.sites_of(session, scope, since=since, until=until, mirror=mirror)
    return added(found) if span.pieces else found


def listener_days(session: Session, subject: str, scope: Scope, span: Span, *, mirror: Mirror | None) -> int:
    """Of an app, a track or a person, which ``scope`` is about, too."""
    return rollup_queries.listeners_of_subject(session, subject, span) + sum(
        exact.listener_days(session, scope, since=since, until=until, mirror=mirror)
        for since, until in span.pieces
    )


def _sums(rows: Sequence[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip(*rows, strict=True)]
