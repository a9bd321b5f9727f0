"""Judging: the rules over many plays, run over a day; what they find makes plays wait, and can be undone.

A run compares what each rule finds now with what it found last, stores the difference and lets the fold
decide just those plays again. So a run without any change writes nothing, and after a change of the rules
or thresholds a run over the days whose plays are still kept gives what had come of the new ones at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from flexapp.apps.models import FlexApp, Placement
from flexapp.apps.origins import is_allowed, narrow
from flexapp.config import PlayLimits
from flexapp.listening import crowds, folding, insights, suspects
from flexapp.listening.counting import DOUBTS, Reason
from flexapp.listening.models import Play, RulesOfDay
from flexapp.listening.suspects import Columns, Group
from flexapp.storage.once import insert_once
from flexapp.storage.session import Database

RULES_VERSION = "3"
"""Raise it when a rule or the list of ``hosting`` changes; it is noted with each day that is judged."""
_PLAYS_AT_ONCE = 1000  #: that are decided again while reports and the fold wait
_NETWORK_TRACK = (Play.network_key, Play.track_id)
_NETWORK_PLACE = (Play.network_key, Play.placement_id)
_PLACE = (Play.app_id, Play.placement_id)
_PLACE_TRACK = (Play.app_id, Play.placement_id, Play.track_id)
_PLACE_HOST = (Play.app_id, Play.placement_id, Play.host)
_KNOWN = Play.network_key.is_not(None)
_PLACED = Play.placement_id != ""


@dataclass(frozen=True)
class Judged:
    """What one run over a day did."""

    day: date
    doubted: int  #: plays that some rule doubts now
    changed: int  #: plays that were decided again


def judge_days(
    database: Database, *, limits: PlayLimits, own_host: str, now: datetime, days: int
) -> list[Judged]:
    """Judge today and the ``days - 1`` days before, the oldest first."""
    today = now.astimezone(UTC).date()
    return [
        judge(database, today - timedelta(days=back), limits=limits, own_host=own_host, now=now)
        for back in reversed(range(days))
    ]


def judge(database: Database, day: date, *, limits: PlayLimits, own_host: str, now: datetime) -> Judged:
    """Run every rule over a UTC day.

    Rules are asked without a lock, one after the other, and what changes is written some plays at a time,
    findings and decisions together. Reports and the fold have their turn in between; what they change
    meanwhile is found by the next run, as after a run that was cut off.
    """
    changed: set[int] = set()
    for reason in DOUBTS:
        with database.reading() as session:
            found = _Rules(session, day, limits, own_host).doubts(reason)
            stored = suspects.stored_findings(session, day, reason.value)
            gone, new = stored - found, found - stored
            changing = suspects.by_visitor(session, gone | new)
        for plays in _parts(changing):
            with database.turn, database.writing() as session:
                suspects.replace_findings(session, reason.value, gone=gone & plays, new=new & plays, now=now)
                folding.redecide(session, plays, now=now)
            changed |= plays
    with database.writing() as session:
        _note(session, day, limits, now=now)
        return Judged(day, doubted=suspects.doubted(session, day), changed=len(changed))


def _parts(plays: Sequence[int]) -> Iterator[set[int]]:
    for start in range(0, len(plays), _PLAYS_AT_ONCE):
        yield set(plays[start : start + _PLAYS_AT_ONCE])


class _Rules:
    """The rules over one day: groups that may matter are found by counting, only those are looked at."""

    def __init__(self, session: Session, day: date, limits: PlayLimits, own_host: str) -> None:
        self._session = session
        self._day = day
        self._limits = limits
        self._own_host = own_host

    def doubts(self, reason: Reason) -> set[int]:
        """The ids of the plays that a rule doubts."""
        limits = self._limits
        match reason:
            case Reason.FOREIGN_HOST:
                return self._foreign()
            case Reason.VISITOR_HOUR | Reason.VISITOR_DAY:
                return self._visitors(reason)
            case Reason.NETWORK_SPIKE:
                share, least = limits.network_track_share, limits.network_track_least
                return self._large(_NETWORK_TRACK, (Play.track_id,), _KNOWN, share=share, least=least)
            case Reason.NETWORK_TRACK:
                return self._beyond(_NETWORK_TRACK, _KNOWN, most=limits.network_track_day)
            case Reason.NETWORK_PLACEMENT:
                return self._beyond(_NETWORK_PLACE, _KNOWN, _PLACED, most=limits.network_placement_day)
            case Reason.PLACEMENT_TRACK:
                return self._beyond(_PLACE_TRACK, most=limits.placement_track_day)
            case Reason.QUIET_PLACEMENT:
                return self._quiet()
            case Reason.UNIFORM:
                share, least = limits.uniform_share, limits.uniform_least
                return self._large(
                    _PLACE_TRACK, _PLACE_TRACK, suspects.is_uniform(), share=share, least=least
                )
            case Reason.UNLOADED:
                share, least = limits.unloaded_share, limits.unloaded_least
                return self._large(_PLACE_HOST, _PLACE_HOST, suspects.is_unloaded(), share=share, least=least)
            case Reason.KEYLESS:
                share, least = limits.keyless_share, limits.keyless_least
                return self._large(
                    _PLACE_TRACK, _PLACE_TRACK, suspects.is_keyless(), share=share, least=least
                )
        raise AssertionError(f"{reason} is no rule over many plays")

    def _visitors(self, reason: Reason) -> set[int]:
        limits, found = self._limits, set[int]()
        is_hour = reason is Reason.VISITOR_HOUR
        most = limits.visitor_hour if is_hour else limits.visitor_day
        for plays in suspects.visitors(self._session, self._day, least=most + 1):
            if is_hour:
                found |= crowds.over_an_hour(plays, most)
            else:
                found |= crowds.over_a_day(crowds.without_replays(plays), most)
        return found

    def _large(
        self, columns: Columns, whole: Columns, condition: ColumnElement[bool], *, share: float, least: int
    ) -> set[int]:
        """What is too large a share of its day; ``whole`` is what it is a share of, the last columns."""
        sizes = self._crowded(columns, condition, least=least)
        if not sizes:
            return set()
        days = self._crowded(whole, least=least)
        large = {
            group
            for group, count in sizes.items()
            if crowds.is_large_share(
                count, of_day=days.get(group[-len(whole) :], count), share=share, least=least
            )
        }
        return suspects.plays_in(self._session, self._day, columns, large, condition)

    def _beyond(self, columns: Columns, *conditions: ColumnElement[bool], most: int) -> set[int]:
        return suspects.plays_beyond(self._session, self._day, columns, *conditions, most=most)

    def _quiet(self) -> set[int]:
        begin = suspects.begin_of(self._day)
        quiet = set()
        for group in self._crowded(_PLACE, _PLACED, least=self._limits.quiet_placement_day + 1):
            totals = insights.plays(
                self._session,
                since=begin,
                until=begin + timedelta(days=1),
                interval=insights.Interval.TOTAL,
                placement_id=group[1],
            ).totals
            if not (totals.opens or totals.adds or totals.checkouts or totals.sales):
                quiet.add(group)
        return suspects.plays_in(self._session, self._day, _PLACE, quiet)

    def _foreign(self) -> set[int]:
        """Without a document, where the app must not be shown."""
        is_unloaded = suspects.is_unloaded()
        groups = self._crowded(_PLACE_HOST, is_unloaded, least=1)
        foreign = {group for group in groups if self._is_foreign(*group)}
        return suspects.plays_in(self._session, self._day, _PLACE_HOST, foreign, is_unloaded)

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
