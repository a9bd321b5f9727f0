"""Every rule in words: what it looks at, what becomes of a play, and from which threshold on.

The public rules page, the review of suspects and the insights read their sentences here, with the numbers
that are really used, so that no page can say something else than the code does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flexapp.config import PlayLimits
from flexapp.listening import counting, crowds, hosting
from flexapp.listening.counting import DOUBTS, Reason

SHORT = {
    Reason.BOT: "programs, not people",
    Reason.PREVIEW: "looks at the player from the dashboard",
    Reason.OWN_PLAY: "your own listens, or the producer's",
    Reason.STAFF_PLAY: "listens of people who look after the platform",
    Reason.WITHDRAWN: "taken back by the listener",
    Reason.UNKNOWN_TRACK: "beats that do not exist",
    Reason.OUTRAN_TIME: "more listening than time has passed",
    Reason.TOO_FAST: "more heard than the player's clock allows",
    Reason.OUTSIDE_MEDIA: "something behind the end of the beat",
    Reason.DATA_CENTER: "from data centers, where programs run",
    Reason.FLOODING: "more reports than a player sends",
    Reason.BYTES_MISSING: "the preview was not, or not yet, sent that far",
    Reason.FOREIGN_HOST: "websites that may not show the app",
    Reason.VISITOR_HOUR: "one visitor, too many plays in an hour",
    Reason.VISITOR_DAY: "one visitor, too many plays on a day",
    Reason.NETWORK_SPIKE: "one network, a large share of a beat's day",
    Reason.NETWORK_TRACK: "one network, too many plays of one beat",
    Reason.NETWORK_PLACEMENT: "one network, too many plays in one place",
    Reason.PLACEMENT_TRACK: "too many plays of one beat in one place",
    Reason.QUIET_PLACEMENT: "very many plays where nobody opens a license",
    Reason.UNIFORM: "most plays stop as soon as they count",
    Reason.UNLOADED: "players that were never handed out",
    Reason.KEYLESS: "most plays hide who plays",
}
"""For a line of a table."""


_SENTENCES = {
    Reason.BOT: """The browser names itself as a crawler, a link preview or a program, names nothing at all,
        or fetched the player in advance.""",
    Reason.PREVIEW: "The owner looked at the player from the dashboard.",
    Reason.OWN_PLAY: """The owner of the app or the producer of the beat listened, in a browser in which they
        were signed in that day or the day after. Licenses they show or put in a cart do not count either.""",
    Reason.STAFF_PLAY: "Somebody who looks after the platform listened.",
    Reason.WITHDRAWN: "The listener had what is kept of the visit deleted.",
    Reason.UNKNOWN_TRACK: "The report names a beat that does not exist.",
    Reason.OUTRAN_TIME: """The player reports more listening than time has passed on our clock since it was
        handed out, with {slack} seconds to spare.""",
    Reason.FLOODING: "The player sends more than {events} events in a minute.",
    Reason.TOO_FAST: """More was heard than {rate} of the time that passed on the page's own clock, with
        {slack} seconds to spare.""",
    Reason.OUTSIDE_MEDIA: "Something was heard more than {behind} seconds behind the end of the beat.",
    Reason.BYTES_MISSING: """We have not sent this player {bytes} of those parts of the preview that it
        reports as heard; a part that was sent twice counts once.""",
    Reason.FOREIGN_HOST: """The app names the websites that may show it, this one is not among them, and the
        player was never handed out there.""",
    Reason.DATA_CENTER: """It was reported from one of {hosts} networks of rented machines. People with a VPN
        come from there too, so it only waits; Private Relay and the like are not among them.""",
    Reason.VISITOR_HOUR: """One visitor has more than {visitor_hour} plays within 60 minutes; those beyond
        wait.""",
    Reason.VISITOR_DAY: "One visitor has more than {visitor_day} plays on a day; those beyond wait.",
    Reason.NETWORK_SPIKE: """More than {network_track_share} of a beat's plays of a day, and at least
        {network_track_least}, come from one network (256 addresses, or one household).""",
    Reason.NETWORK_TRACK: """More than {network_track_day} plays of one beat come from one network on a day;
        those beyond wait.""",
    Reason.NETWORK_PLACEMENT: """More than {network_placement_day} plays in one place come from one network on
        a day; those beyond wait.""",
    Reason.PLACEMENT_TRACK: """One beat has more than {placement_track_day} plays in one place on a day; those
        beyond wait.""",
    Reason.QUIET_PLACEMENT: """A place has more than {quiet_placement_day} plays on a day, and nobody shows
        a license, puts one in a cart, goes to pay or buys.""",
    Reason.UNIFORM: """More than {uniform_share} of a beat's plays of a day in one place, and at least
        {uniform_least}, stop within {near} second after {play} seconds.""",
    Reason.UNLOADED: """More than {unloaded_share} of a website's plays of a day, and at least
        {unloaded_least}, come from players that we never handed out.""",
    Reason.KEYLESS: """More than {keyless_share} of a beat's plays of a day in one place, and at least
        {keyless_least}, come from browsers that ask not to be recognized.""",
}


@dataclass(frozen=True)
class Rule:
    """One rule as people read it."""

    reason: Reason
    short: str
    sentence: str
    waits: bool  #: else it never counts


def rules(limits: PlayLimits) -> list[Rule]:
    """Every rule, those that reject first."""
    numbers = _numbers(limits)
    return [
        Rule(reason, SHORT[reason], _SPACES.sub(" ", sentence).format(**numbers), reason in _WAITING)
        for reason, sentence in _SENTENCES.items()
    ]


def rule_of(reason: str, limits: PlayLimits) -> Rule | None:
    """One rule by its id; None for an id of an older version."""
    return next((rule for rule in rules(limits) if rule.reason.value == reason), None)


_SPACES = re.compile(r"\s+")
_WAITING = frozenset(
    {
        Reason.TOO_FAST,
        Reason.OUTSIDE_MEDIA,
        Reason.FLOODING,
        Reason.BYTES_MISSING,
        Reason.DATA_CENTER,
        *DOUBTS,
    }
)


def _numbers(limits: PlayLimits) -> dict[str, str]:
    """Every threshold as it is written in a sentence."""
    chosen = {
        name: f"{value:,}" if isinstance(value, int) else _percent(value)
        for name, value in limits.model_dump().items()
    }
    return {
        **chosen,
        "slack": str(counting.SLACK_MS // 1000),
        "rate": _percent(counting.MAX_RATE),
        "events": str(counting.MAX_EVENTS_PER_MINUTE),
        "behind": f"{counting.MEDIA_TOLERANCE_MS / 1000:g}",
        "bytes": _percent(counting.BYTES_SHARE),
        "hosts": str(len(hosting.HOSTS)),
        "play": str(counting.PLAY_MS // 1000),
        "near": str(crowds.UNIFORM_MS // 1000),
    }


def _percent(share: float) -> str:
    return f"{round(share * 100)}\u202f%"
