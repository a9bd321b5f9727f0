"""What a buyer can choose on a track: license types whose files exist, with their prices."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from flexapp.catalog.models import DeliverableKind, LicenseType, Track, TrackLicense
from flexapp.catalog.queries import deliverables_of, license_choices
from flexapp.catalog.standing import is_sellable
from flexapp.kernel.money import Money

__all__ = ["Offer", "choices_for", "is_sellable", "offers_for"]

_LACKS = {
    DeliverableKind.MP3: "no MP3 yet",
    DeliverableKind.WAV: "no WAV (it is made from a lossless upload)",
    DeliverableKind.STEMS: "no stems",
}


@dataclass(frozen=True)
class Offer:
    """One license type on one track; ``price`` in minor units of ``currency``.

    ``deliverables`` are values of DeliverableKind in the order mp3, wav, stems.
    ``unavailable_reason`` says why it cannot be bought, None when it can.
    """

    license_type: LicenseType
    price: int
    currency: str
    is_default: bool
    is_exclusive: bool
    deliverables: tuple[str, ...]
    unavailable_reason: str | None = None

    @property
    def money(self) -> Money:
        """The price with its currency."""
        return Money(self.price, self.currency)


def offers_for(session: Session, tracks: Sequence[Track]) -> dict[str, list[Offer]]:
    """What can be bought now, by track id, in the producer's order.

    A track that is not sellable has an empty list. One offer of each other is the default:
    the chosen one, else the first.
    """
    return {
        track.id: _with_default([offer for offer in offers if offer.unavailable_reason is None])
        if is_sellable(track)
        else []
        for track, offers in zip(tracks, _all(session, tracks), strict=True)
    }


def choices_for(session: Session, track: Track) -> list[Offer]:
    """Everything the producer chose for a track, also what cannot be offered, with the reason."""
    return _all(session, [track])[0]


def _all(session: Session, tracks: Sequence[Track]) -> list[list[Offer]]:
    ids = [track.id for track in tracks]
    files = deliverables_of(session, ids)
    by_track: dict[str, list[Offer]] = {track_id: [] for track_id in ids}
    for choice, license_type in license_choices(session, ids):
        by_track[choice.track_id].append(_offer(choice, license_type, files[choice.track_id]))
    return [by_track[track_id] for track_id in ids]


def _offer(choice: TrackLicense, license_type: LicenseType, files: Collection[DeliverableKind]) -> Offer:
    kinds = tuple(kind for kind in DeliverableKind if kind.value in license_type.deliverables)
    missing = [_LACKS[kind] for kind in kinds if kind not in files]
    return Offer(
        license_type=license_type,
        price=license_type.default_price if choice.price_override is None else choice.price_override,
        currency=license_type.currency,
        is_default=choice.is_default,
        is_exclusive=license_type.is_exclusive,
        deliverables=tuple(kind.value for kind in kinds),
        unavailable_reason=f"This track has {' and '.join(missing)}." if missing else None,
    )


def _with_default(offers: list[Offer]) -> list[Offer]:
    if not offers or any(offer.is_default for offer in offers):
        return offers
    first = offers[0]
    chosen = Offer(
        first.license_type, first.price, first.currency, True, first.is_exclusive, first.deliverables
    )
    return [chosen, *offers[1:]]
