"""Deciding plays: gathers the evidence of each from the database and applies the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from flexapp.listening import counting, hosting, queries
from flexapp.listening.counting import Evidence
from flexapp.listening.models import Decision, Delivery, Judgment, ListenSession, Play
from flexapp.listening.pieces import bytes_near, unpacked
from flexapp.listening.queries import TrackFacts


class Verdicts:
    """Decides many plays with one look at each table."""

    def __init__(self, session: Session, sessions: Mapping[str, ListenSession]) -> None:
        self._session = session
        self._sessions = sessions

    def decide(self, plays: Sequence[Play]) -> list[Play]:
        """Set decision, reason, qualified and completed; returns the plays, all of which may have changed."""
        delivered = queries.deliveries_of(self._session, {(play.session_id, play.track_id) for play in plays})
        tracks = queries.track_facts(self._session, {play.track_id for play in plays})
        owners = queries.owners_of_apps(self._session, {play.app_id for play in plays if play.app_id})
        people = queries.people_behind(
            self._session, {play.visitor_key for play in plays if play.visitor_key is not None}
        )
        staff = queries.staff_among(self._session, {person for each in people.values() for person in each})
        doubts = queries.suspicions_of(self._session, {play.id for play in plays})
        judgments = queries.judgments_since(
            self._session,
            {play.app_id for play in plays},
            since=min((play.started_at for play in plays), default=None),
        )
        for play in plays:
            behind = people.get(play.visitor_key or "", set())
            row = delivered.get((play.session_id, play.track_id))
            facts = tracks.get(play.track_id)
            theirs = {owners.get(play.app_id), facts.producer_id if facts else None}
            self._decide_one(
                play,
                facts,
                sent=row,
                is_own=bool(theirs & behind),
                is_staff=bool(staff & behind),
                doubts=frozenset(doubts.get(play.id, ())),
                judged=judged(play, judgments),
            )
        return list(plays)

    def _decide_one(
        self,
        play: Play,
        facts: TrackFacts | None,
        *,
        sent: Delivery | None,
        is_own: bool,
        is_staff: bool,
        doubts: frozenset[str],
        judged: Mapping[str, Decision],
    ) -> None:
        claims = self._sessions.get(play.session_id)
        media_ms = (facts.media_ms if facts else None) or play.media_ms
        pieces, rate = unpacked(sent.pieces) if sent else 0, bytes_per_second(facts)
        flags = frozenset(filter(None, play.flags.split(",")))
        evidence = Evidence(
            heard=play.intervals,
            listen_ms=play.listen_ms,
            page_ms=play.last_at_ms - play.first_at_ms,
            media_ms=media_ms,
            delivered_bytes=bytes_near(pieces, play.intervals, bytes_per_second=rate),
            unplaced_bytes=sent.unplaced if sent else 0,
            bytes_per_second=rate,
            flags=flags,
            is_own=is_own,
            is_staff=is_staff,
            is_known_track=facts is not None,
            outran_time=claims is not None and claims.outran_time,
            is_hosted=bool(hosting.hosts_in(flags)),
            is_flooding=claims is not None and claims.is_flooding,
            doubts=doubts,
            accepted=frozenset(reason for reason, made in judged.items() if made is Decision.VALID),
            refused=frozenset(reason for reason, made in judged.items() if made is Decision.REJECTED),
        )
        decision, reason = counting.decide(evidence)
        play.decision = decision
        play.reason = reason.value if reason else ""
        play.is_qualified = counting.qualifies(play.listen_ms, media_ms)
        play.is_completed = counting.completes(play.intervals, media_ms)
        play.percent = counting.percent(play.intervals, media_ms)
        play.tenths = counting.tenths(play.intervals, media_ms)


def judged(play: Play, judgments: Sequence[Judgment]) -> dict[str, Decision]:
    """What somebody decided about suspects like this one, by reason; the newest judgment holds.

    A judgment is about what had started when it was made, so the same pattern is looked at anew later.
    """
    where = (play.app_id, play.placement_id, play.host)
    return {
        each.reason: each.decision
        for each in sorted(judgments, key=lambda each: each.id)
        if (each.app_id, each.placement_id, each.host) == where and play.started_at <= each.made_at
    }


def bytes_per_second(facts: TrackFacts | None) -> float:
    """Bytes of a second of the preview; the nominal rate when its size is unknown."""
    if facts is None or not facts.preview_bytes or not facts.media_ms:
        return counting.NOMINAL_BYTES_PER_SECOND
    return facts.preview_bytes / (facts.media_ms / 1000)
