"""What a buyer accepted: a hash over the offer as it was shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flexapp.errors import Conflict


class TermsChanged(Conflict):
    """The price or the terms are not the ones that were shown and accepted."""

    code = "terms_changed"


@dataclass(frozen=True)
class Shown:
    """One offer as a page shows it: ``terms`` is the full text with its limits, price in minor units."""

    track_id: str
    license_type_id: str
    license_name: str
    price: int
    currency: str
    terms: str
    caps: Mapping[str, int | None]
    deliverables: tuple[str, ...]


def terms_hash(offers: Iterable[Shown]) -> str:
    """SHA-256 in hex over the offers in any order: a change of a letter or a cent changes it."""
    rows = sorted(
        [
            one.track_id,
            one.license_type_id,
            one.license_name,
            one.price,
            one.currency,
            one.terms,
            dict(one.caps),
            list(one.deliverables),
        ]
        for one in offers
    )
    return hashlib.sha256(json.dumps(rows, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
