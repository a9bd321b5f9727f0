"""Track, Album, Upload, Deliverable, LicenseType, TrackLicense."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Float,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from flexapp.storage.base import Base
from flexapp.storage.columns import EnumText, Json, Minor, Moment, UtcDateTime, public_id, refers_to


class Visibility(StrEnum):
    """Who sees a track."""

    DRAFT = "draft"  #: its producer only
    PUBLISHED = "published"  #: everybody, in lineups and lists
    UNLISTED = "unlisted"  #: everybody who has the link, in no list or lineup


class Processing(StrEnum):
    """How far the work on a track's audio is."""

    QUEUED = "queued"  #: waiting for the worker
    RUNNING = "running"  #: a step is at work
    READY = "ready"  #: preview, peaks and deliverables are there
    FAILED = "failed"  #: a step failed; ``processing_error`` says why, and it can be retried


class UploadKind(StrEnum):
    """What a file was sent for."""

    MASTER = "master"  #: the track's audio
    STEMS = "stems"  #: a zip of single tracks
    COVER = "cover"  #: an image
    VOICE_TAG = "voice_tag"  #: the producer's own voice tag


class DeliverableKind(StrEnum):
    """A file that a license hands over."""

    MP3 = "mp3"  #: 320 kbps
    WAV = "wav"  #: from a lossless master only
    STEMS = "stems"  #: one zip


class Track(Base):
    """The sellable beat."""

    __tablename__ = "track"
    __table_args__ = (
        UniqueConstraint("producer_id", "slug"),
        Index(None, "visibility", "published_at"),
    )

    id: Mapped[str] = public_id("trk")
    producer_id: Mapped[str] = refers_to("person")
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    title: Mapped[str] = mapped_column(String(120))
    genre: Mapped[str] = mapped_column(String(60), default="")
    mood: Mapped[str] = mapped_column(String(60), default="")
    tags: Mapped[list[str]] = mapped_column(Json, default=list)
    bpm: Mapped[float | None] = mapped_column(Float)
    key: Mapped[str] = mapped_column(String(30), default="")  #: such as "F minor"
    description: Mapped[str] = mapped_column(Text, default="")
    visibility: Mapped[Visibility] = mapped_column(EnumText(Visibility), default=Visibility.DRAFT)

    processing: Mapped[Processing] = mapped_column(EnumText(Processing), default=Processing.QUEUED)
    processing_step: Mapped[str] = mapped_column(String(40), default="")
    processing_percent: Mapped[int] = mapped_column(Integer, default=0)
    processing_error: Mapped[str | None] = mapped_column(Text)

    duration_ms: Mapped[int | None] = mapped_column(Integer)  #: of the preview
    loudness_lufs: Mapped[float | None] = mapped_column(Float)
    suggested_bpm: Mapped[float | None] = mapped_column(Float)
    suggested_key: Mapped[str | None] = mapped_column(String(30))
    peaks: Mapped[str | None] = mapped_column(String(320))  #: 160 values of 8 bits in hex
    peaks_key: Mapped[str | None] = mapped_column(String(200))  #: object: BBC audiowaveform JSON v2
    preview_key: Mapped[str | None] = mapped_column(String(200))  #: object: MP3 128 kbps with voice tag
    preview_bytes: Mapped[int | None] = mapped_column(Integer)
    cover_key: Mapped[str | None] = mapped_column(String(200))  #: object: JPEG 1200 square
    cover_small_key: Mapped[str | None] = mapped_column(String(200))  #: object: WebP 192 square
    master_lossless: Mapped[bool | None] = mapped_column(Boolean)

    revision: Mapped[int] = mapped_column(Integer, default=1)
    sold_exclusively_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    created_at: Mapped[Moment]
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class Album(Base):
    """Tracks of one producer under one name; their figures are told together."""

    __tablename__ = "album"

    id: Mapped[str] = public_id("alb")
    producer_id: Mapped[str] = refers_to("person")
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    title: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[Moment]
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class AlbumTrack(Base):
    """A track's place in an album; a track can be in several."""

    __tablename__ = "album_track"

    album_id: Mapped[str] = refers_to("album", index=False, ondelete="CASCADE", primary_key=True)
    track_id: Mapped[str] = refers_to("track", ondelete="CASCADE", primary_key=True)
    position: Mapped[int] = mapped_column(Integer, default=0)


class Upload(Base):
    """A file as it arrived: what the track's files are made from."""

    __tablename__ = "upload"

    id: Mapped[str] = public_id("upl")
    person_id: Mapped[str] = refers_to("person")
    track_id: Mapped[str | None] = refers_to("track", nullable=True)
    kind: Mapped[UploadKind] = mapped_column(EnumText(UploadKind))
    filename: Mapped[str] = mapped_column(String(255))
    object_key: Mapped[str] = mapped_column(String(200))
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  #: codec, sample rate, tags …
    created_at: Mapped[Moment]


class Deliverable(Base):
    """A file handed over with a license."""

    __tablename__ = "deliverable"
    __table_args__ = (UniqueConstraint("track_id", "kind"),)

    id: Mapped[str] = public_id("dlv")
    track_id: Mapped[str] = refers_to("track")
    kind: Mapped[DeliverableKind] = mapped_column(EnumText(DeliverableKind))
    object_key: Mapped[str] = mapped_column(String(200))
    filename: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(80))
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[Moment]


class LicenseType(Base):
    """An offer: lease or exclusive, price, terms and deliverables.

    ``caps`` maps copies, streams, videos, performances and term_months to a number, or to None
    for unlimited (perpetual for the term).
    """

    __tablename__ = "license_type"
    __table_args__ = (CheckConstraint("default_price > 0", name="price_positive"),)

    id: Mapped[str] = public_id("lty")
    producer_id: Mapped[str] = refers_to("person")
    name: Mapped[str] = mapped_column(String(60))
    is_exclusive: Mapped[bool] = mapped_column(Boolean, default=False)
    default_price: Mapped[Minor]
    currency: Mapped[str] = mapped_column(String(3), default="usd")
    terms: Mapped[str] = mapped_column(Text)  #: Markdown
    caps: Mapped[dict[str, int | None]] = mapped_column(Json, default=dict)
    deliverables: Mapped[list[str]] = mapped_column(Json)  #: values of DeliverableKind
    position: Mapped[int] = mapped_column(Integer, default=0)
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[Moment]


class TrackLicense(Base):
    """A license type offered on one track, with its price override."""

    __tablename__ = "track_license"
    __table_args__ = (
        UniqueConstraint("track_id", "license_type_id"),
        CheckConstraint("price_override IS NULL OR price_override > 0", name="override_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    track_id: Mapped[str] = refers_to("track", ondelete="CASCADE")
    license_type_id: Mapped[str] = refers_to("license_type", ondelete="CASCADE")
    price_override: Mapped[int | None] = mapped_column(BigInteger)
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)
