"""Placement tokens: the signed ``k`` that says which placement a player, a link or an order line is of.

A token has no end date, since snippets live for years; it ends when its placement is revoked.
A stranger can copy one, which only credits its owner, but cannot change one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flexapp.kernel.ids import is_id
from flexapp.kernel.signing import Signer

_PURPOSE = "placement"


@dataclass(frozen=True)
class PlacementClaims:
    """What a token says: the placement, its app and the app's owner at that time."""

    placement_id: str
    app_id: str
    owner_id: str
    issued_at: datetime


def placement_token(
    signer: Signer, *, placement_id: str, app_id: str, owner_id: str, issued_at: datetime
) -> str:
    """The signed token of a placement, at most 300 characters."""
    claims = {"p": placement_id, "a": app_id, "o": owner_id, "i": int(issued_at.timestamp())}
    return signer.seal(_PURPOSE, claims)


def read_placement_token(signer: Signer, token: str) -> PlacementClaims | None:
    """The claims, or None when the token is not ours or was edited. Revocation is not its business."""
    if not token or len(token) > 300:
        return None
    payload = signer.unseal(_PURPOSE, token)
    if payload is None:
        return None
    placement_id, app_id, owner_id = (str(payload.get(name, "")) for name in "pao")
    issued = payload.get("i")
    if not (is_id(placement_id, "plc") and is_id(app_id, "app") and is_id(owner_id, "per")):
        return None
    if not isinstance(issued, int):
        return None
    return PlacementClaims(placement_id, app_id, owner_id, datetime.fromtimestamp(issued, UTC))
