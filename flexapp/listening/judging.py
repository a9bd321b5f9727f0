"""Judging: the rules over many plays, run over a day; what they find makes plays wait, and can be undone.

A run compares what the rules find now with what they found last, stores the difference and lets the fold
decide just those plays again. So a run without any change writes nothing, and after a change of the rules
or thresholds a run over the days whose plays are still kept gives what had come of the new ones at once.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from flexapp.apps.models import FlexApp, Placement
from flexapp.apps.origins import is_allowed, narrow
from flexapp.config import PlayLimits
from flexapp.listening import crowds, folding, insights, queries, suspects
from flexapp.listening.counting import Reason
from flexapp.listening.models import FoldCursor, Play, RulesOfDay
from flexapp.listening.suspects import Columns, Group
from flexapp.storage.once import insert_once
from flexapp.storage.session import Database

RULES_VERSION = "2"
"""Raise it when a rule or the list of ``hosting`` changes; it is noted with each day that is judged."""
_VISITOR = (Play.visitor_key,)
_NETWORK_TRACK = (Play.network_key, Play.track_id)
_NETWORK_PLACE = (Play.network_key, Play.placement_id)
_PLACE = (Play.app_id, Play.placement_id)
_PLACE_TRACK = (Play.app_id, Play.placement_id, Play.track_id)
_PLACE_HOST = (Play.app_id, Play.placement_id, Play.host)


@dataclass(frozen=True)
class Judged:
    """What one run over a day did."""

    day: date
    doubted: int  #: plays that some rule doubts now
    changed: int  #: plays that were decided again


def judge_days(
    database: Database, *, limits: PlayLimits, own_host: str, now: datetime, days: int
) -> list[Judged]:
    """Judge today and the ``days - 1`` days before, each in a transaction of its own, the oldest first."""
    found = []
    for back in reversed(range(days)):
        day = now.astimezone(UTC).date() - timedelta(days=back)
        with database.writing() as session:
            found.append(judge(session, day, limits=limits, own_host=own_host, now=now))
    return found


def judge(session: Session, day: date, *, limits: PlayLimits, own_host: str, now: datetime) -> Judged:
    """Run every rule over a UTC day; the fold waits meanwhile, and the caller commits."""
    insert_once(session, FoldCursor, name=folding.CURSOR, position=0)
    queries.cursor_for_update(session, folding.CURSOR)
    found = {
        (play, reason.value)
        for reason, plays in _Rules(session, day, limits, own_host).findings().items()
        for play in plays
    }
    stored = suspects.stored_findings(session, day)
    gone, new = stored - found, found - stored
    changed = {play for play, _ in gone | new}
    suspects.replace_findings(session, gone=gone, new=new, now=now)
    if changed:
        folding.redecide(session, changed, now=now)
    _note(session, day, limits, now=now)
    return Judged(day, doubted=len({play for play, _ in found}), changed=len(changed))


class _Rules:
    """The rules over one day: groups that may matter are found by counting, only those are loaded."""

    def __init__(self, session: Session, day: date, limits: PlayLimits, own_host: str) -> None:
        self._session = session
        self._day = day
        self._limits = limits
        self._own_host = own_host
        self._found: defaultdict[Reason, set[int]] = defaultdict(set)

    def findings(self) -> dict[Reason, set[int]]:
        """Plays that each rule doubts."""
        self._visitors()
        self._networks()
        self._places()
        self._uniform()
        self._unloaded()
        self._keyless()
        return self._found

    def _visitors(self) -> None:
        limits = self._limits
        least = min(limits.visitor_hour, limits.visitor_day) + 1
        for group in self._crowded(_VISITOR, Play.visitor_key.is_not(None), least=least):
            plays = self._candidates(_VISITOR, group)
            self._found[Reason.VISITOR_HOUR] |= crowds.over_an_hour(plays, limits.visitor_hour)
            counted = crowds.without_replays(plays)
            self._found[Reason.VISITOR_DAY] |= crowds.over_a_day(counted, limits.visitor_day)

    def _networks(self) -> None:
        limits, is_known = self._limits, Play.network_key.is_not(None)
        least = min(limits.network_track_least, limits.network_track_day + 1)
        for group in self._crowded(_NETWORK_TRACK, is_known, least=least):
            plays = self._candidates(_NETWORK_TRACK, group)
            of_day = suspects.size_of(self._session, self._day, (Play.track_id,), (group[1],))
            self._found[Reason.NETWORK_SPIKE] |= crowds.large_share(
                plays, of_day=of_day, share=limits.network_track_share, least=limits.network_track_least
            )
            self._found[Reason.NETWORK_TRACK] |= crowds.over_a_day(plays, limits.network_track_day)
        least = limits.network_placement_day + 1
        for group in self._crowded(_NETWORK_PLACE, is_known, Play.placement_id != "", least=least):
            plays = self._candidates(_NETWORK_PLACE, group)
            self._found[Reason.NETWORK_PLACEMENT] |= crowds.over_a_day(plays, limits.network_placement_day)

    def _places(self) -> None:
        limits, begin = self._limits, suspects.begin_of(self._day)
        for group in self._crowded(_PLACE_TRACK, least=limits.placement_track_day + 1):
            plays = self._candidates(_PLACE_TRACK, group)
            self._found[Reason.PLACEMENT_TRACK] |= crowds.over_a_day(plays, limits.placement_track_day)
        is_placed = Play.placement_id != ""
        for group in self._crowded(_PLACE, is_placed, least=limits.quiet_placement_day + 1):
            totals = insights.plays(
                self._session,
                since=begin,
                until=begin + timedelta(days=1),
                interval=insights.Interval.TOTAL,
                placement_id=group[1],
            ).totals
            if not (totals.opens or totals.adds or totals.checkouts or totals.sales):
                self._found[Reason.QUIET_PLACEMENT] |= {play.id for play in self._candidates(_PLACE, group)}

    def _uniform(self) -> None:
        limits = self._limits
        for group in self._crowded(_PLACE_TRACK, suspects.is_uniform(), least=limits.uniform_least):
            plays = self._candidates(_PLACE_TRACK, group)
            self._found[Reason.UNIFORM] |= crowds.uniform(
                plays, share=limits.uniform_share, least=limits.uniform_least
            )

    def _unloaded(self) -> None:
        """Without a document: most of a website's plays, or any where the app must not be shown."""
        limits = self._limits
        for group, count in self._crowded(_PLACE_HOST, suspects.is_unloaded(), least=1).items():
            is_foreign = self._is_foreign(*group)
            if count < limits.unloaded_least and not is_foreign:
                continue
            plays = self._candidates(_PLACE_HOST, group, suspects.is_unloaded())
            if is_foreign:
                self._found[Reason.FOREIGN_HOST] |= {play.id for play in plays}
            of_day = suspects.size_of(self._session, self._day, _PLACE_HOST, group)
            self._found[Reason.UNLOADED] |= crowds.large_share(
                plays, of_day=of_day, share=limits.unloaded_share, least=limits.unloaded_least
            )

    def _keyless(self) -> None:
        limits, keyless = self._limits, suspects.is_keyless()
        for group in self._crowded(_PLACE_TRACK, keyless, least=limits.keyless_least):
            plays = self._candidates(_PLACE_TRACK, group, keyless)
            of_day = suspects.size_of(self._session, self._day, _PLACE_TRACK, group)
            self._found[Reason.KEYLESS] |= crowds.large_share(
                plays, of_day=of_day, share=limits.keyless_share, least=limits.keyless_least
            )

    def _is_foreign(self, app_id: str, placement_id: str, host: str) -> bool:
        """The app names the websites that may show it, and this is none of them.

        Only plays without a document are asked about: browsers refuse the frame there, and a website that
        was taken off the list since had its documents.
        """
        app = self._session.get(FlexApp, app_id) if app_id else None
        if app is None or not host or host == self._own_host:
            return False
        placement = self._session.get(Placement, placement_id) if placement_id else None
        allowed = narrow(app.allowed_origins, placement.allowed_origins if placement else [])
        if allowed is None:
            return True
        return not any(is_allowed(f"{scheme}://{host}", allowed) for scheme in ("https", "http"))

    def _crowded(self, columns: Columns, *conditions: ColumnElement[bool], least: int) -> dict[Group, int]:
        return suspects.crowded(self._session, self._day, columns, *conditions, least=least)

    def _candidates(
        self, columns: Columns, group: Group, *conditions: ColumnElement[bool]
    ) -> list[crowds.Candidate]:
        return suspects.candidates(self._session, self._day, columns, group, *conditions)


def _note(session: Session, day: date, limits: PlayLimits, *, now: datetime) -> None:
    """Note under which rules, thresholds and list of crawlers the day stands."""
    row = session.get(RulesOfDay, day.isoformat())
    values = {
        "rules": RULES_VERSION,
        "limits": digest_of(limits),
        "crawlers": version("crawler-user-agents"),
        "judged_at": now,
    }
    if row is None:
        insert_once(session, RulesOfDay, day=day.isoformat(), **values)
        return
    for name, value in values.items():
        setattr(row, name, value)


def digest_of(limits: PlayLimits) -> str:
    """16 digits that change with any threshold."""
    return hashlib.blake2b(limits.model_dump_json().encode(), digest_size=8).hexdigest()
