"""Everything a producer does with tracks and license types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from flexapp.catalog.caps import checked_caps
from flexapp.catalog.license_templates import TEMPLATES, LicenseTemplate
from flexapp.catalog.models import DeliverableKind, LicenseType, Track, TrackLicense, Visibility
from flexapp.catalog.prices import checked_price
from flexapp.catalog.queries import (
    LicenseTypeNotFound,
    license_types_of,
    old_slug_row,
    own_license_type,
    track_licenses_of,
)
from flexapp.catalog.slugs import free_track_slug
from flexapp.catalog.vocabulary import (
    checked_bpm,
    checked_key,
    checked_tags,
    checked_text,
)
from flexapp.config import Settings
from flexapp.errors import Conflict, Invalid
from flexapp.people.models import OldSlug, Person

__all__ = ["TEMPLATES", "LicenseChoice", "LicenseTemplate", "create_track", "update_track"]

MAX_LICENSE_TYPES = 20
_DEFAULTS = Settings.model_construct()
"""The house's own minimum price and currency, where a caller brings no settings."""


class TrackSold(Conflict):
    """The track was sold exclusively: it is offered to nobody any more."""

    code = "track_sold_exclusively"


class TooManyLicenseTypes(Conflict):
    """A producer keeps at most 20 license types."""

    code = "too_many_license_types"


class InvalidLicenseType(Invalid):
    """A field of a license type does not fit; ``fields`` names it."""

    code = "invalid_license_type"


class InvalidChoice(Invalid):
    """The license types chosen for a track do not fit together."""

    code = "invalid_license_choice"


@dataclass(frozen=True)
class LicenseChoice:
    """A license type offered on a track; ``price_override`` in minor units, None for its own price."""

    license_type_id: str
    price_override: int | None = None
    is_default: bool = False


def create_track(
    session: Session,
    producer: Person,
    *,
    title: str,
    genre: str = "",
    mood: str = "",
    tags: Sequence[str] = (),
    bpm: float | None = None,
    key: str = "",
    description: str = "",
    visibility: Visibility = Visibility.DRAFT,
    now: datetime,
    settings: Settings,
) -> Track:
    """A new track, waiting for its audio; it offers each of the producer's active license types.

    Raises InvalidDescription for a field that does not fit.
    """
    track = Track(
        producer_id=producer.id,
        slug=free_track_slug(session, title),
        title=checked_text(title, "title", most=120, required=True),
        genre=checked_text(genre, "genre", most=60),
        mood=checked_text(mood, "mood", most=60),
        tags=checked_tags(tags),
        bpm=checked_bpm(bpm),
        key=checked_key(key),
        description=checked_text(description, "description", most=5000),
        created_at=now,
    )
    session.add(track)
    session.flush()
    _show(track, visibility, now=now)
    types = license_types_of(session, producer, active_only=True)
    set_track_licenses(
        session,
        track,
        [LicenseChoice(each.id, is_default=place == 0) for place, each in enumerate(types)],
        settings=settings,
    )
    return track


def update_track(
    session: Session,
    track: Track,
    *,
    now: datetime,
    title: str | None = None,
    genre: str | None = None,
    mood: str | None = None,
    tags: Sequence[str] | None = None,
    bpm: float | None = None,
    clear_bpm: bool = False,
    key: str | None = None,
    description: str | None = None,
    visibility: Visibility | None = None,
) -> Track:
    """Change what is given; None leaves a field as it is, ``clear_bpm`` forgets the tempo.

    A new title brings a new slug; the old one keeps leading here once anybody could have it.
    Raises InvalidDescription for a field that does not fit, TrackSold when it would be shown again.
    """
    if title is not None:
        _rename(session, track, checked_text(title, "title", most=120, required=True), now=now)
    if genre is not None:
        track.genre = checked_text(genre, "genre", most=60)
    if mood is not None:
        track.mood = checked_text(mood, "mood", most=60)
    if tags is not None:
        track.tags = checked_tags(tags)
    if bpm is not None or clear_bpm:
        track.bpm = checked_bpm(bpm)
    if key is not None:
        track.key = checked_key(key)
    if description is not None:
        track.description = checked_text(description, "description", most=5000)
    if visibility is not None:
        _show(track, visibility, now=now)
    track.revision += 1
    session.flush()
    return track


def set_visibility(session: Session, track: Track, visibility: Visibility, *, now: datetime) -> Track:
    """Draft, published or unlisted. A published track shows as soon as its preview is ready.

    Raises TrackSold for a track sold exclusively.
    """
    _show(track, visibility, now=now)
    track.revision += 1
    session.flush()
    return track


def publish(session: Session, track: Track, *, now: datetime) -> Track:
    """Show it to everybody, in lists and lineups."""
    return set_visibility(session, track, Visibility.PUBLISHED, now=now)


def delete_track(session: Session, track: Track, *, now: datetime) -> None:
    """Take a track away from everybody; licenses that were sold keep their files."""
    track.deleted_at = now
    track.revision += 1
    session.flush()


def mark_sold_exclusively(session: Session, track: Track, *, now: datetime) -> None:
    """The last license of this track: it leaves every lineup, list and page."""
    if track.sold_exclusively_at is None:
        track.sold_exclusively_at = now
    track.revision += 1
    session.flush()


def set_track_licenses(
    session: Session, track: Track, choices: Sequence[LicenseChoice], *, settings: Settings | None = None
) -> list[TrackLicense]:
    """Replace what a track offers. At most one choice is the default.

    Raises LicenseTypeNotFound for another producer's type, InvalidChoice for a repeat or two defaults,
    PriceOutOfBounds for an override below the minimum price.
    """
    ids = [choice.license_type_id for choice in choices]
    if len(set(ids)) != len(ids):
        raise InvalidChoice("A track offers each license type once.")
    if sum(choice.is_default for choice in choices) > 1:
        raise InvalidChoice("One license type is the default, not several.")
    rows = {row.license_type_id: row for row in track_licenses_of(session, track)}
    for license_type_id, row in rows.items():
        if license_type_id not in ids:
            session.delete(row)
    result = []
    for choice in choices:
        license_type = session.get(LicenseType, choice.license_type_id)
        if license_type is None or license_type.producer_id != track.producer_id:
            raise LicenseTypeNotFound("There is no such license type.")
        if choice.price_override is not None:
            checked_price(
                choice.price_override,
                currency=license_type.currency,
                minimum=(settings or _DEFAULTS).minimum_price,
                field=f"price_{license_type.id}",
            )
        row = rows.get(choice.license_type_id) or TrackLicense(
            track_id=track.id, license_type_id=license_type.id
        )
        row.price_override = choice.price_override
        row.is_default = choice.is_default
        session.add(row)
        result.append(row)
    track.revision += 1
    session.flush()
    return result


def create_license_type(
    session: Session,
    producer: Person,
    *,
    name: str,
    price: int,
    terms: str,
    deliverables: Sequence[str],
    caps: Mapping[str, int | None] | None = None,
    is_exclusive: bool = False,
    now: datetime,
    settings: Settings,
) -> LicenseType:
    """A new license type at the end of the producer's list; ``price`` in minor units of the house's currency.

    Raises InvalidLicenseType, InvalidCap, PriceOutOfBounds, TooManyLicenseTypes.
    """
    existing = license_types_of(session, producer)
    if len(existing) >= MAX_LICENSE_TYPES:
        raise TooManyLicenseTypes(f"You keep at most {MAX_LICENSE_TYPES} license types: change one of them.")
    license_type = LicenseType(
        producer_id=producer.id,
        name=_name(name),
        is_exclusive=is_exclusive,
        default_price=checked_price(price, currency=settings.currency, minimum=settings.minimum_price),
        currency=settings.currency,
        terms=_terms(terms),
        caps=checked_caps(caps or {}),
        deliverables=_kinds(deliverables),
        position=max((each.position for each in existing), default=-1) + 1,
        created_at=now,
    )
    session.add(license_type)
    session.flush()
    return license_type


def update_license_type(
    session: Session,
    license_type: LicenseType,
    *,
    settings: Settings,
    name: str | None = None,
    price: int | None = None,
    terms: str | None = None,
    deliverables: Sequence[str] | None = None,
    caps: Mapping[str, int | None] | None = None,
    is_exclusive: bool | None = None,
    is_active: bool | None = None,
) -> LicenseType:
    """Change what is given. Licenses already sold keep the terms they were sold with.

    Raises InvalidLicenseType, InvalidCap, PriceOutOfBounds.
    """
    if name is not None:
        license_type.name = _name(name)
    if price is not None:
        license_type.default_price = checked_price(
            price, currency=license_type.currency, minimum=settings.minimum_price
        )
    if terms is not None:
        license_type.terms = _terms(terms)
    if deliverables is not None:
        license_type.deliverables = _kinds(deliverables)
    if caps is not None:
        license_type.caps = checked_caps(caps)
    if is_exclusive is not None:
        license_type.is_exclusive = is_exclusive
    if is_active is not None:
        license_type.is_active = is_active
    session.flush()
    return license_type


def order_license_types(session: Session, producer: Person, ids: Sequence[str]) -> list[LicenseType]:
    """Put the producer's license types in the order of ``ids``; those not named follow as they were."""
    named = [own_license_type(session, producer, license_type_id) for license_type_id in dict.fromkeys(ids)]
    rest = [each for each in license_types_of(session, producer) if each not in named]
    ordered = [*named, *rest]
    for place, license_type in enumerate(ordered):
        license_type.position = place
    session.flush()
    return ordered


def add_license_templates(
    session: Session, producer: Person, *, now: datetime, settings: Settings | None = None
) -> list[LicenseType]:
    """The four ready license types for a producer; one whose name is there already is left alone."""
    names = {each.name for each in license_types_of(session, producer)}
    house = settings or _DEFAULTS
    return [
        create_license_type(
            session,
            producer,
            name=template.name,
            price=max(template.price, house.minimum_price),
            terms=template.terms,
            deliverables=[kind.value for kind in template.deliverables],
            caps=template.caps,
            is_exclusive=template.is_exclusive,
            now=now,
            settings=house,
        )
        for template in TEMPLATES
        if template.name not in names
    ]


def _show(track: Track, visibility: Visibility, *, now: datetime) -> None:
    if track.sold_exclusively_at is not None and visibility is not Visibility.DRAFT:
        raise TrackSold("This track was sold exclusively: it cannot be shown again.")
    if visibility is Visibility.PUBLISHED and track.published_at is None:
        track.published_at = now
    track.visibility = visibility


def _rename(session: Session, track: Track, title: str, *, now: datetime) -> None:
    if title == track.title:
        return
    slug = free_track_slug(session, title, track_id=track.id)
    if slug != track.slug:
        known = old_slug_row(session, track.slug)
        if known is None:
            session.add(OldSlug(kind="track", slug=track.slug, target_id=track.id, created_at=now))
        returning = old_slug_row(session, slug)
        if returning is not None:
            session.delete(returning)
        track.slug = slug
    track.title = title


def _name(value: str) -> str:
    name = " ".join(value.split())
    if not 1 <= len(name) <= 60:
        sentence = "A license type has a name of at most 60 characters."
        raise InvalidLicenseType(sentence, fields={"name": sentence})
    return name


def _terms(value: str) -> str:
    terms = value.strip().replace("\r\n", "\n")
    if not 20 <= len(terms) <= 50_000:
        sentence = "The terms say in 20 to 50,000 characters what the buyer may do."
        raise InvalidLicenseType(sentence, fields={"terms": sentence})
    return terms


def _kinds(values: Sequence[str]) -> list[str]:
    known = {kind.value for kind in DeliverableKind}
    if not values or not set(values) <= known:
        sentence = f"A license hands over at least one file of: {', '.join(sorted(known))}."
        raise InvalidLicenseType(sentence, fields={"deliverables": sentence})
    return [kind.value for kind in DeliverableKind if kind.value in values]
