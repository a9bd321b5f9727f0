"""``/activity/suspects``: plays that wait, why, and what speaks for and against; the platform decides.

Owners see what waits in their apps and on their beats. People who look after the platform see everybody's
and let a group pass, confirm it, or take a decision back. No address, no key and no session is shown, and
owners read a website's name from five listeners on one day on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template
from werkzeug.wrappers import Response

from flexapp.apps.models import Placement
from flexapp.apps.queries import apps_by_ids
from flexapp.dashboard import forms
from flexapp.dashboard.navigation import HOME
from flexapp.errors import Invalid, NotFound
from flexapp.listening import reviewing, suspects
from flexapp.listening.floor import FLOOR
from flexapp.listening.models import Decision, Judgment
from flexapp.listening.rules import Rule, rule_of
from flexapp.listening.suspects import SuspectGroup
from flexapp.people.models import Person
from flexapp.people.permissions import Permission, check, permits
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person

blueprint = Blueprint("suspects", __name__, url_prefix=f"{HOME}/activity/suspects")


@dataclass(frozen=True)
class Place:
    """Where a group of suspects was heard, in words."""

    app: str
    placement: str
    host: str


@dataclass(frozen=True)
class Waiting:
    """One rule and the groups that wait for it."""

    rule: Rule
    groups: list[tuple[Place, SuspectGroup]]

    @property
    def plays(self) -> int:
        """Of all groups."""
        return sum(group.plays for _, group in self.groups)


@blueprint.get("")
@allow(Access.SIGNED_IN)
def waiting() -> str:
    """What waits, by rule."""
    person, now = require_person(), services().clock.now()
    decides = permits(person, Permission.SEE_BACK_OFFICE)
    since = now - _reach()
    groups = suspects.suspect_groups(db(), since=since, person_id=None if decides else person.id)
    made = suspects.judgments(db(), since=since) if decides else []
    return render_template(
        "dashboard/suspects.html",
        waiting=_by_rule(groups, None if decides else person),
        decisions=[(_place(one, one.plays, None), _rule(one.reason), one) for one in made],
        decides=decides,
        days=services().settings.raw_days,
        floor=FLOOR,
    )


@blueprint.post("/decide")
@allow(Access.SIGNED_IN)
def decide() -> Response:
    """Let a group pass or confirm it."""
    person = _somebody_of_the_platform()
    try:
        decision = Decision(forms.text("decision"))
    except ValueError as problem:
        raise Invalid("Let the plays pass, or confirm that they do not count.") from problem
    try:
        count = reviewing.decide(
            db(),
            reason=forms.text("reason"),
            app_id=forms.text("app"),
            placement_id=forms.text("placement"),
            host=forms.text("host"),
            decision=decision,
            person_id=person.id,
            now=services().clock.now(),
            reach=_reach(),
        )
    except reviewing.NothingWaits as problem:
        flash(problem.message, "warn")
    else:
        passed = decision is Decision.VALID
        flash(f"{count} plays {'count now' if passed else 'will not count'}.", "good")
    return redirect(f"{HOME}/activity/suspects", 303)


@blueprint.post("/<int:judgment_id>/take-back")
@allow(Access.SIGNED_IN)
def take_back(judgment_id: int) -> Response:
    """Let plays wait again that somebody decided about."""
    _somebody_of_the_platform()
    made = db().get(Judgment, judgment_id)
    if made is None:
        raise NotFound("This decision was taken back already.")
    reviewing.take_back(db(), made, now=services().clock.now(), reach=_reach())
    flash("The decision is taken back; the plays wait again.", "good")
    return redirect(f"{HOME}/activity/suspects", 303)


def _reach() -> timedelta:
    return timedelta(days=services().settings.raw_days)


def _somebody_of_the_platform() -> Person:
    person = require_person()
    check(person, Permission.SEE_BACK_OFFICE)
    return person


def _by_rule(groups: Iterable[SuspectGroup], reader: Person | None) -> list[Waiting]:
    found: dict[str, Waiting] = {}
    for group in groups:
        waits = found.setdefault(group.reason, Waiting(_rule(group.reason), []))
        waits.groups.append((_place(group, group.people, reader), group))
    return sorted(found.values(), key=lambda waits: (-waits.plays, waits.rule.short))


def _rule(reason: str) -> Rule:
    known = rule_of(reason, services().settings.play_limits)
    assert known is not None, reason
    return known


def _place(where: SuspectGroup | Judgment, people: int, reader: Person | None) -> Place:
    """In words for a reader; None reads everything."""
    app = apps_by_ids(db(), [where.app_id]).get(where.app_id)
    placement = db().get(Placement, where.placement_id) if where.placement_id else None
    is_own = reader is None or (app is not None and app.owner_id == reader.id)
    host = where.host or "no website told"
    if where.host and reader is not None and people < FLOOR:
        host = "a website with few listeners"
    return Place(
        app=app.name if app else "A beat's own player",
        placement=placement.name if placement and is_own else "a placement",
        host=host,
    )
