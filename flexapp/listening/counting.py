"""What counts: the published rules (embed-spec 8.1, 8.3, 10), without a database.

Times are whole milliseconds. Every function is indifferent to the order of its input, so late,
shuffled and repeated reports lead to the same figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flexapp.listening.models import Decision

Intervals = list[list[int]]

PLAY_MS = 30_000
"""A play: so much heard, any part of the track, repeats included."""
SHORT_MEDIA_MS = 60_000
"""Of shorter media half is enough."""
COMPLETED_SHARE = 0.80
"""Completed: so much of the media heard at least once."""
REPLAY_WINDOW = timedelta(minutes=60)
"""Further plays of a track by the same visitor within it are replays."""
BYTES_SHARE = 0.90
"""Of the bytes that belong to what was claimed, so many must have been sent, counted once (``pieces``)."""
UNPLACED_SHARE = 0.80
"""The same where only their sum was noted, before it was noted which they were."""
NOMINAL_BYTES_PER_SECOND = 16_000
"""Of previews whose size is unknown: 128 kbit/s."""
SLACK_MS = 15_000
"""Clocks, network and the moment between minting and playing."""
MAX_RATE = 1.05
"""Faster than this nobody listens."""
TENTHS = 10
"""Parts of the retention curve."""
MEDIA_TOLERANCE_MS = 500
MAX_INTERVALS = 500
MAX_EVENTS_PER_MINUTE = 200


class Reason(StrEnum):
    """Why a play does not count, now or ever; ``rules`` has a sentence for each."""

    BOT = "bot"  #: the user agent is a program's
    PREVIEW = "preview"  #: the owner looked at the player in the dashboard
    OWN_PLAY = "own_play"  #: the app's owner or the track's producer listened
    STAFF_PLAY = "staff_play"  #: somebody of the platform listened
    WITHDRAWN = "withdrawn"  #: the listener had it deleted
    UNKNOWN_TRACK = "unknown_track"  #: there is no such track
    OUTRAN_TIME = "outran_time"  #: the session claims more listening than time has passed
    TOO_FAST = "too_fast"  #: more was heard than the page's own clock allows
    OUTSIDE_MEDIA = "outside_media"  #: something behind the end of the track was heard
    DATA_CENTER = "data_center"  #: it came from a network of rented machines
    FLOODING = "flooding"  #: more events a minute than a player sends
    BYTES_MISSING = "bytes_missing"  #: the preview was not sent to this session (yet)
    FOREIGN_HOST = "foreign_host"  #: a page that may not show the app says it played there
    VISITOR_HOUR = "visitor_hour"  #: more plays of one visitor in an hour than people manage
    VISITOR_DAY = "visitor_day"  #: more plays of one visitor on a day
    NETWORK_SPIKE = "network_spike"  #: too large a share of a track's day from one network
    NETWORK_TRACK = "network_track"  #: too many plays of one track from one network
    NETWORK_PLACEMENT = "network_placement"  #: too many plays in one place from one network
    PLACEMENT_TRACK = "placement_track"  #: too many plays of one track in one place
    QUIET_PLACEMENT = "quiet_placement"  #: very many plays where nobody ever opens a license
    UNIFORM = "uniform"  #: most plays stop as soon as they count
    UNLOADED = "unloaded"  #: most plays are of players that were never handed out
    KEYLESS = "keyless"  #: most plays hide who plays


DOUBTS = (
    Reason.FOREIGN_HOST,
    Reason.VISITOR_HOUR,
    Reason.VISITOR_DAY,
    Reason.NETWORK_SPIKE,
    Reason.NETWORK_TRACK,
    Reason.NETWORK_PLACEMENT,
    Reason.PLACEMENT_TRACK,
    Reason.QUIET_PLACEMENT,
    Reason.UNIFORM,
    Reason.UNLOADED,
    Reason.KEYLESS,
)
"""What rules over many plays find (``crowds``), the most telling first; all only make a play wait."""


@dataclass(frozen=True)
class Evidence:
    """Everything a decision looks at."""

    heard: Sequence[Sequence[int]]  #: union of what was heard, ms
    listen_ms: int  #: with repeats
    page_ms: int  #: between the first and the last event, by the page's clock
    media_ms: int
    delivered_bytes: int  #: of what was heard, each once
    unplaced_bytes: int = 0  #: besides, from the time when nobody noted which they were
    bytes_per_second: float = NOMINAL_BYTES_PER_SECOND
    flags: frozenset[str] = frozenset()
    is_own: bool = False
    is_staff: bool = False
    is_known_track: bool = True
    is_hosted: bool = False  #: reported from a data center (``hosting``)
    outran_time: bool = False
    is_flooding: bool = False
    doubts: frozenset[str] = frozenset()  #: what rules over many plays found
    accepted: frozenset[str] = frozenset()  #: reasons that somebody looked into and let pass
    refused: frozenset[str] = frozenset()  #: reasons that somebody looked into and confirmed


def merged(intervals: Iterable[Sequence[int]]) -> Intervals:
    """The union: sorted, without overlaps, neighbors that touch joined."""
    union: Intervals = []
    for start, end in sorted((pair[0], pair[1]) for pair in intervals):
        if end <= start:
            continue
        if union and start <= union[-1][1]:
            union[-1][1] = max(union[-1][1], end)
        else:
            union.append([start, end])
    return union[:MAX_INTERVALS]


def length(intervals: Iterable[Sequence[int]]) -> int:
    """The sum of all lengths; of a union how much media was heard, else the listening time."""
    return sum(pair[1] - pair[0] for pair in intervals)


def qualifies(listen_ms: int, media_ms: int) -> bool:
    """Whether it is a play: 30 s heard, or half of media shorter than a minute."""
    if 0 < media_ms < SHORT_MEDIA_MS:
        return 2 * listen_ms >= media_ms
    return listen_ms >= PLAY_MS


def completes(heard: Iterable[Sequence[int]], media_ms: int) -> bool:
    """Whether 80 % or more of the media was heard."""
    return media_ms > 0 and length(heard) >= COMPLETED_SHARE * media_ms


def percent(heard: Iterable[Sequence[int]], media_ms: int) -> int:
    """How much of the media was heard at least once, 0 to 100, cut to whole percent; 0 without a length.

    80 and more is what ``completes``.
    """
    return min(100, 100 * length(heard) // media_ms) if media_ms > 0 else 0


def tenths(heard: Iterable[Sequence[int]], media_ms: int) -> int:
    """Which tenths of the media were heard, for the retention curve: bit 0 is the first, bit 9 the last.

    A tenth is heard when half of it or more was; ``heard`` is a union, what lies behind the end is not
    looked at. 0 without a length. The number of bits never exceeds 10.
    """
    if media_ms <= 0:
        return 0
    parts = [(pair[0] * TENTHS, pair[1] * TENTHS) for pair in heard]  # in tenths of a ms, exact
    mask = 0
    for tenth in range(TENTHS):
        start, end = tenth * media_ms, (tenth + 1) * media_ms
        inside = sum(max(0, min(to, end) - max(at, start)) for at, to in parts)
        if 2 * inside >= media_ms:
            mask |= 1 << tenth
    return mask


EARLY = "early"
"""Flag of events that came before their session began: clocks of two machines differ, or one was set back."""


def outruns_time(listen_ms: int, *, minted_at: datetime, received_at: datetime) -> bool:
    """Whether a session claims more listening than has passed since it began, with 15 s to spare."""
    passed = (received_at - minted_at) / timedelta(milliseconds=1)
    return listen_ms > max(0.0, passed) + SLACK_MS


def decide(evidence: Evidence) -> tuple[Decision, Reason | None]:
    """Whether a play instance counts, and the reason when it does not."""
    rejected = (
        ("bot" in evidence.flags, Reason.BOT),
        ("preview" in evidence.flags, Reason.PREVIEW),
        ("withdrawn" in evidence.flags, Reason.WITHDRAWN),
        (evidence.is_own, Reason.OWN_PLAY),
        (evidence.is_staff, Reason.STAFF_PLAY),
        (not evidence.is_known_track, Reason.UNKNOWN_TRACK),
        (evidence.outran_time, Reason.OUTRAN_TIME),
    )
    for holds, reason in rejected:
        if holds:
            return Decision.REJECTED, reason
    reach = max((pair[1] for pair in evidence.heard), default=0)
    proven = evidence.delivered_bytes / BYTES_SHARE + evidence.unplaced_bytes / UNPLACED_SHARE
    claimed = length(evidence.heard) / 1000 * evidence.bytes_per_second
    suspect = (
        (evidence.is_flooding, Reason.FLOODING),
        (evidence.listen_ms > MAX_RATE * evidence.page_ms + SLACK_MS, Reason.TOO_FAST),
        (evidence.media_ms > 0 and reach > evidence.media_ms + MEDIA_TOLERANCE_MS, Reason.OUTSIDE_MEDIA),
        (proven < claimed, Reason.BYTES_MISSING),
        (evidence.is_hosted, Reason.DATA_CENTER),
        *((reason.value in evidence.doubts, reason) for reason in DOUBTS),
    )
    for holds, reason in suspect:
        if holds and reason not in evidence.accepted:
            is_refused = reason in evidence.refused
            return (Decision.REJECTED if is_refused else Decision.SUSPECT), reason
    return Decision.VALID, None


def counted(plays: Iterable[tuple[datetime, str]]) -> set[str]:
    """Which of one visitor's plays of one track count: ``(started, name)`` in, names out.

    The first counts, then the first that starts 60 minutes or more after the last counted one; the
    others are replays.
    """
    names: set[str] = set()
    last: datetime | None = None
    for started_at, name in sorted(plays):
        if last is None or started_at - last >= REPLAY_WINDOW:
            names.add(name)
            last = started_at
    return names
