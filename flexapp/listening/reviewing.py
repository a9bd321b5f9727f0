"""Reviewing: somebody of the platform lets a group of suspects pass, or confirms that they do not count."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from flexapp.errors import Invalid, NotFound
from flexapp.listening import folding, suspects
from flexapp.listening.counting import Reason
from flexapp.listening.models import Decision, Judgment

REACH = timedelta(days=30)
"""Older plays are no longer kept one by one; less where the installation keeps raw rows for fewer days."""
_PLAYS_AT_ONCE = 5000


class NothingWaits(NotFound):
    """No play of that group waits: somebody decided already, or the rules let go."""

    code = "nothing_waits"


class InvalidDecision(Invalid):
    """Suspects are accepted (``valid``) or confirmed (``rejected``)."""

    code = "invalid_decision"


def decide(
    session: Session,
    *,
    reason: str,
    app_id: str,
    placement_id: str,
    host: str,
    decision: Decision,
    person_id: str,
    now: datetime,
    reach: timedelta = REACH,
) -> int:
    """Decide about the plays of a group that have started, and count them anew; returns how many those are.

    A later decision replaces it. Only ``reason`` is decided: a play that another rule doubts too goes on
    waiting for that one.
    """
    if decision is Decision.SUSPECT or reason not in {known.value for known in Reason}:
        raise InvalidDecision("Let the plays pass, or confirm that they do not count.")
    since = now - reach
    where = {"app_id": app_id, "placement_id": placement_id, "host": host}
    waiting = suspects.waiting_in(session, reason=reason, **where, since=since)
    if not waiting:
        raise NothingWaits("Nothing waits here any more.")
    made = Judgment(
        reason=reason, **where, decision=decision, plays=waiting, person_id=person_id, made_at=now
    )
    session.add(made)
    session.flush()
    again(session, made, now=now, reach=reach)
    return waiting


def take_back(session: Session, judgment: Judgment, *, now: datetime, reach: timedelta = REACH) -> None:
    """Forget a decision: the plays wait again, or what an earlier decision says holds."""
    session.delete(judgment)
    session.flush()
    again(session, judgment, now=now, reach=reach)


def again(session: Session, judgment: Judgment, *, now: datetime, reach: timedelta = REACH) -> None:
    """Decide everything in the place of a judgment once more."""
    plays = suspects.plays_of_place(
        session,
        app_id=judgment.app_id,
        placement_id=judgment.placement_id,
        host=judgment.host,
        since=now - reach,
    )
    for start in range(0, len(plays), _PLAYS_AT_ONCE):
        folding.redecide(session, plays[start : start + _PLAYS_AT_ONCE], now=now)
