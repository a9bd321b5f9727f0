"""Tracks, their files and licenses, as their producer and as a visitor sees them."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from flexapp.api.shapes.base import Listed, Moment, Money, MoneyIn, PageQuery, Shape, Whole, Wish
from flexapp.api.shapes.people import Producer
from flexapp.catalog.models import Deliverable, Processing, Visibility
from flexapp.catalog.models import Track as StoredTrack
from flexapp.catalog.models import TrackLicense as Choice
from flexapp.catalog.offers import Offer as StoredOffer
from flexapp.people.models import Person


class TrackQuery(PageQuery):
    """Which of the caller's tracks."""

    visibility: Visibility | None = None
    processing: Processing | None = None
    query: str | None = Field(None, max_length=120, description="Part of a title")


class PickableQuery(PageQuery):
    """Which tracks of other producers."""

    query: str | None = Field(
        None, max_length=120, description="Words in title, producer, genre, mood or tags"
    )
    genre: str | None = Field(None, max_length=60, description="Exactly this genre, in any case")
    bpm_min: float | None = Field(None, ge=0, le=1000, description="Beats a minute, at least")
    bpm_max: float | None = Field(None, ge=0, le=1000, description="Beats a minute, at most")


class TrackIn(Wish):
    """A new track."""

    title: str = Field(min_length=1, max_length=120, examples=["Night drive"])
    genre: str = Field("", max_length=60, examples=["Trap"])
    mood: str = Field("", max_length=60, examples=["Dark"])
    tags: list[str] = Field([], max_length=30, description="At most 12", examples=[["dark", "808"]])
    bpm: float | None = Field(None, gt=0, le=1000, description="Beats a minute", examples=[140])
    key: str = Field("", max_length=30, description="A note and a mode", examples=["F minor"])
    description: str = Field("", max_length=5000, examples=["Late night, wet streets."])


class TrackPatch(Wish):
    """What to change of a track; what is left out stays."""

    title: str | None = Field(None, min_length=1, max_length=120)
    genre: str | None = Field(None, max_length=60)
    mood: str | None = Field(None, max_length=60)
    tags: list[str] | None = Field(None, max_length=30)
    bpm: float | None = Field(None, gt=0, le=1000)
    key: str | None = Field(None, max_length=30)
    description: str | None = Field(None, max_length=5000)


class PublishIn(Wish):
    """For whom to show a track."""

    visibility: Visibility = Field(Visibility.PUBLISHED, description="published or unlisted")


class File(Shape):
    """A file that licenses hand over."""

    kind: str = Field(description="mp3, wav or stems")
    filename: str
    bytes: int
    sha256: str

    @classmethod
    def of(cls, file: Deliverable) -> File:
        """The shape of a deliverable."""
        return cls(kind=file.kind.value, filename=file.filename, bytes=file.bytes, sha256=file.sha256)


class Track(Shape):
    """A track as its producer sees it."""

    id: str = Field(examples=["trk_01k9zxcv3h8e4t2m6n0p5q7r9s"])
    title: str
    slug: str
    producer: Producer
    genre: str
    mood: str
    tags: list[str]
    bpm: float | None
    key: str
    description: str
    visibility: Visibility
    processing: Processing
    processing_step: str
    processing_percent: int
    processing_error: str | None
    duration_seconds: float | None
    loudness_lufs: float | None
    suggested_bpm: float | None
    suggested_key: str | None
    files: list[File]
    is_sold_exclusively: bool
    url: str
    cover_url: str | None
    created_at: Moment
    published_at: Moment | None

    @classmethod
    def of(cls, track: StoredTrack, producer: Person, files: Iterable[Deliverable], base_url: str) -> Track:
        """The shape of an own track."""
        return cls(
            id=track.id,
            title=track.title,
            slug=track.slug,
            producer=Producer.of(producer),
            genre=track.genre,
            mood=track.mood,
            tags=list(track.tags),
            bpm=track.bpm,
            key=track.key,
            description=track.description,
            visibility=track.visibility,
            processing=track.processing,
            processing_step=track.processing_step,
            processing_percent=track.processing_percent,
            processing_error=track.processing_error,
            duration_seconds=_seconds(track),
            loudness_lufs=track.loudness_lufs,
            suggested_bpm=track.suggested_bpm,
            suggested_key=track.suggested_key,
            files=[File.of(file) for file in files],
            is_sold_exclusively=track.sold_exclusively_at is not None,
            url=f"{base_url}/t/{track.slug}",
            cover_url=_cover(track, base_url),
            created_at=track.created_at,
            published_at=track.published_at,
        )


class TrackPage(Listed[Track]):
    """The caller's tracks."""


class ProcessingState(Shape):
    """How far the work on a track's audio is."""

    track_id: str
    processing: Processing
    processing_step: str
    processing_percent: int
    processing_error: str | None

    @classmethod
    def of(cls, track: StoredTrack) -> ProcessingState:
        """The state of a track."""
        return cls(
            track_id=track.id,
            processing=track.processing,
            processing_step=track.processing_step,
            processing_percent=track.processing_percent,
            processing_error=track.processing_error,
        )


class LicenseChoice(Wish):
    """One license type to offer on a track."""

    license_type_id: str = Field(examples=["lty_01k9zxcv3h8e4t2m6n0p5q7r9s"])
    price_override: MoneyIn | None = Field(None, description="Null: the license type's own price")
    is_default: bool = Field(False, description="Preselected in the picker; one at most")


class LicenseChoices(Wish):
    """All license types that a track shall offer."""

    licenses: list[LicenseChoice] = Field(max_length=50)


class TrackLicense(Shape):
    """A license type as it is offered on a track."""

    license_type_id: str
    name: str
    price: Money
    price_override: Money | None
    is_default: bool
    is_exclusive: bool
    deliverables: list[str]
    unavailable_reason: str | None = Field(description="Why it is not offered, null when it is")

    @classmethod
    def of(cls, offer: StoredOffer, choice: Choice) -> TrackLicense:
        """The shape of a choice."""
        override = choice.price_override
        return cls(
            license_type_id=offer.license_type.id,
            name=offer.license_type.name,
            price=Money(amount=offer.price, currency=offer.currency),
            price_override=None if override is None else Money(amount=override, currency=offer.currency),
            is_default=offer.is_default,
            is_exclusive=offer.is_exclusive,
            deliverables=list(offer.deliverables),
            unavailable_reason=offer.unavailable_reason,
        )


class TrackLicenses(Whole[TrackLicense]):
    """All license types of a track, in the producer's order."""


class Offer(Shape):
    """A license that a visitor can buy."""

    license_type_id: str
    name: str
    price: Money
    is_default: bool
    is_exclusive: bool
    deliverables: list[str]


class LineupTrack(Shape):
    """A track as visitors of a player meet it."""

    id: str
    title: str
    slug: str
    producer: Producer
    genre: str
    bpm: float | None
    key: str
    duration_seconds: float | None
    url: str
    cover_url: str | None
    offers: list[Offer]


class LineupPage(Listed[LineupTrack]):
    """Tracks that the caller may pick."""


class Lineup(Whole[LineupTrack]):
    """What an app shows now."""


def _seconds(track: StoredTrack) -> float | None:
    return None if track.duration_ms is None else track.duration_ms / 1000


def _cover(track: StoredTrack, base_url: str) -> str | None:
    return f"{base_url}/media/{track.id}/cover.jpg" if track.cover_key else None
