"""Who is credited for an order line: the placement it was added from, else the last touch.

The rule of embed-spec 11.2: direct before deferred before none; a deferred touch counts for the
window of the settings (30 days), the latest eligible one wins. The decision, its evidence and
its rule are kept on the order item and never computed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from flexapp.kernel.clock import to_rfc3339


class Rule(StrEnum):
    """Why somebody, or nobody, is credited."""

    PLACEMENT = "placement"  #: the line was added from this placement
    LAST_TOUCH = "last_touch"  #: the visitor came through it within the window, and nothing came later
    NONE = "none"  #: no placement, and no eligible touch


@dataclass(frozen=True)
class Evidence:
    """A placement that a line or a touch names, as the database knows it now.

    ``refused`` says why it can not be credited (a stable word), or is empty.
    """

    placement_id: str
    app_id: str
    owner_id: str
    owner_email: str
    channel: str
    at: datetime
    refused: str = ""


@dataclass(frozen=True)
class Decision:
    """The outcome for one line; ``explanation`` is kept on the order item."""

    rule: Rule
    affiliate_id: str | None = None
    placement_id: str | None = None
    app_id: str | None = None
    channel: str = "direct"
    producer_is_affiliate: bool = False
    explanation: dict[str, Any] = field(default_factory=dict)


def credit(
    *,
    producer_id: str,
    allows_affiliate_sales: bool,
    direct: Evidence | None,
    touches: Sequence[Evidence],
    buyer_email: str,
    now: datetime,
    window: timedelta,
) -> Decision:
    """Decide one line.

    ``direct`` is the placement whose token came with the line; it is credited also when the app's
    lineup no longer shows the track. Either credits somebody else than the track's producer only
    while the producer allows affiliate sales. When the credited affiliate is the track's producer, the sale
    is a self-referral: commission and bonus go on top of the producer's share.
    """
    seen: list[dict[str, Any]] = []
    chosen: Evidence | None = None
    rule = Rule.NONE

    def sells_alone(evidence: Evidence) -> str:
        return "" if allows_affiliate_sales or evidence.owner_id == producer_id else "producer_sells_alone"

    if direct is not None:
        refused = direct.refused or sells_alone(direct)
        seen.append(_seen("placement", direct, refused))
        if not refused:
            chosen, rule = direct, Rule.PLACEMENT
    for touch in sorted(touches, key=lambda one: one.at, reverse=True):
        refused = touch.refused
        if not refused and (touch.at > now or now - touch.at > window):
            refused = "outside_window"
        refused = refused or sells_alone(touch)
        seen.append(_seen("touch", touch, refused))
        if not refused and chosen is None:
            chosen, rule = touch, Rule.LAST_TOUCH
    explanation: dict[str, Any] = {
        "rule": rule.value,
        "window_days": window.days,
        "decided_at": to_rfc3339(now),
        "evidence": seen,
    }
    if chosen is None:
        return Decision(Rule.NONE, explanation=explanation)
    own = chosen.owner_id == producer_id
    if not own and _plain(chosen.owner_email) == _plain(buyer_email):
        explanation["flags"] = ["buyer_is_affiliate"]
    return Decision(
        rule,
        affiliate_id=chosen.owner_id,
        placement_id=chosen.placement_id,
        app_id=chosen.app_id,
        channel=chosen.channel,
        producer_is_affiliate=own,
        explanation=explanation,
    )


def _seen(kind: str, evidence: Evidence, refused: str) -> dict[str, Any]:
    row = {
        "kind": kind,
        "placement_id": evidence.placement_id,
        "app_id": evidence.app_id,
        "owner_id": evidence.owner_id,
        "at": to_rfc3339(evidence.at),
    }
    return row | {"refused": refused} if refused else row


def _plain(email: str) -> str:
    """The address without its ``+alias``, for comparison only."""
    local, _, domain = email.lower().partition("@")
    return f"{local.partition('+')[0]}@{domain}"
