"""Reservation, ExclusiveSale, License, Download."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from flexapp.storage.base import Base
from flexapp.storage.columns import EnumText, Json, Moment, UtcDateTime, public_id, refers_to


class LicenseState(StrEnum):
    """Whether the rights stand."""

    ACTIVE = "active"  #: granted
    REVOKED = "revoked"  #: taken back, with its refund


class Reservation(Base):
    """An exclusive held for one open order; the track is the key, so two can not live."""

    __tablename__ = "reservation"
    __table_args__ = (Index(None, "address_key"),)

    track_id: Mapped[str] = refers_to("track", primary_key=True, index=False)
    order_id: Mapped[str] = refers_to("purchase_order")
    address_key: Mapped[str] = mapped_column(String(32), default="")
    created_at: Mapped[Moment]
    until: Mapped[Moment]


class ExclusiveSale(Base):
    """A track sold exclusively; the track is the key, so it is sold once."""

    __tablename__ = "exclusive_sale"

    track_id: Mapped[str] = refers_to("track", primary_key=True, index=False)
    order_item_id: Mapped[str] = refers_to("order_item")
    sold_at: Mapped[Moment]


class ReservationPause(Base):
    """A network whose reservation ran out unpaid: it waits before the next one."""

    __tablename__ = "reservation_pause"

    address_key: Mapped[str] = mapped_column(String(32), primary_key=True)
    until: Mapped[Moment]


class License(Base):
    """The rights one sale granted, terms frozen."""

    __tablename__ = "license"
    __table_args__ = (Index(None, "producer_id", "issued_at"),)

    id: Mapped[str] = public_id("lic")
    order_item_id: Mapped[str] = refers_to("order_item", unique=True, index=False)
    order_id: Mapped[str] = refers_to("purchase_order")
    track_id: Mapped[str] = refers_to("track")
    producer_id: Mapped[str] = refers_to("person", index=False)
    name: Mapped[str] = mapped_column(String(60))
    is_exclusive: Mapped[bool] = mapped_column(Boolean)
    buyer_email: Mapped[str] = mapped_column(String(254))
    buyer_name: Mapped[str] = mapped_column(String(120), default="")
    terms: Mapped[str] = mapped_column(Text)
    terms_hash: Mapped[str] = mapped_column(String(64))
    caps: Mapped[dict[str, int | None]] = mapped_column(Json)
    deliverables: Mapped[list[str]] = mapped_column(Json)
    state: Mapped[LicenseState] = mapped_column(EnumText(LicenseState), default=LicenseState.ACTIVE)
    issued_at: Mapped[Moment]
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class Download(Base):
    """How often one file of one license was taken, and what is frozen about the file."""

    __tablename__ = "download"
    __table_args__ = (UniqueConstraint("license_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    license_id: Mapped[str] = refers_to("license")
    kind: Mapped[str] = mapped_column(String(10))
    object_key: Mapped[str] = mapped_column(String(200))
    filename: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(80))
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    count: Mapped[int] = mapped_column(Integer, default=0)
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
