"""What comes back: frozen values. Unknown fields are ignored, so an older package meets a newer server."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.dataclasses import dataclass

_ZERO_DECIMAL = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
)


@dataclass(frozen=True)
class Money:
    """An amount in minor units (2999 is 29.99) of one currency (lower-case ISO 4217)."""

    amount: int
    currency: str

    @property
    def decimal(self) -> Decimal:
        """In major units: ``Decimal("29.99")``."""
        return Decimal(self.amount).scaleb(0 if self.currency in _ZERO_DECIMAL else -2)

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __str__(self) -> str:
        return f"{self.decimal:,} {self.currency.upper()}"

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")


class Model(BaseModel):
    """Parent of every model here."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Role(StrEnum):
    """What a person does here, or earned as."""

    PRODUCER = "producer"
    AFFILIATE = "affiliate"


class Visibility(StrEnum):
    """Who sees a track."""

    DRAFT = "draft"
    PUBLISHED = "published"
    UNLISTED = "unlisted"


class Processing(StrEnum):
    """How far the work on a track's audio is."""

    QUEUED = "queued"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


class Interval(StrEnum):
    """How figures are cut in time."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    TOTAL = "total"


class Me(Model):
    """The person whose token this is."""

    id: str
    name: str
    slug: str
    email: str
    is_email_verified: bool
    roles: tuple[str, ...]
    allows_affiliate_sales: bool
    scopes: tuple[str, ...]
    url: str
    created_at: datetime


class Producer(Model):
    """Who made a track."""

    id: str
    name: str
    slug: str


class File(Model):
    """A file that licenses of a track hand over."""

    kind: str
    filename: str
    bytes: int
    sha256: str


class Track(Model):
    """The sellable beat."""

    id: str
    title: str
    slug: str
    producer: Producer
    genre: str
    mood: str
    tags: tuple[str, ...]
    bpm: float | None
    key: str
    description: str
    visibility: str
    processing: str
    processing_step: str
    processing_percent: int
    processing_error: str | None
    duration_seconds: float | None
    loudness_lufs: float | None
    suggested_bpm: float | None
    suggested_key: str | None
    files: tuple[File, ...]
    is_sold_exclusively: bool
    url: str
    cover_url: str | None
    created_at: datetime
    published_at: datetime | None

    @property
    def is_ready(self) -> bool:
        """Its preview and files are there."""
        return self.processing == Processing.READY


class LicenseType(Model):
    """An offer: lease or exclusive, price, terms, deliverables. A cap of None is unlimited."""

    id: str
    name: str
    is_exclusive: bool
    default_price: Money
    terms: str
    caps: dict[str, int | None]
    deliverables: tuple[str, ...]
    position: int
    is_active: bool
    created_at: datetime


class TrackLicense(Model):
    """A license type as it is offered on one track."""

    license_type_id: str
    name: str
    price: Money
    price_override: Money | None
    is_default: bool
    is_exclusive: bool
    deliverables: tuple[str, ...]
    unavailable_reason: str | None


class Domain(Model):
    """The host name that an app's page shall answer at; it does once its TXT record was seen."""

    host: str
    is_live: bool
    url: str
    record_name: str
    record_value: str


class App(Model):
    """A configured storefront: own catalog by rule, picks from others, one theme."""

    id: str
    name: str
    slug: str
    layout: str
    theme: str
    accent: str | None
    allowed_origins: tuple[str, ...]
    revision: int
    url: str
    domain: Domain | None = None
    consent_required: bool = False
    created_at: datetime


class Source(Model):
    """Where tracks of a lineup come from: a rule over the own catalog, or one picked track."""

    id: str
    kind: str
    position: int
    track_id: str | None
    genre: str | None
    tag: str | None
    bpm_min: float | None
    bpm_max: float | None
    newest: int | None
    created_at: datetime


class Offer(Model):
    """A license that a visitor can buy."""

    license_type_id: str
    name: str
    price: Money
    is_default: bool
    is_exclusive: bool
    deliverables: tuple[str, ...]


class LineupTrack(Model):
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
    offers: tuple[Offer, ...]


class RefusedOrigin(Model):
    """A website that wanted to show an app and may not; ``times`` since it was first seen."""

    origin: str
    times: int
    last_at: datetime
    placement_id: str | None


class Placement(Model):
    """One deployed spot of an app; ``snippets`` has the keys oembed, iframe, script, element."""

    id: str
    app_id: str
    name: str
    key: str
    channel: str
    allowed_origins: tuple[str, ...]
    snippets: dict[str, str]
    created_at: datetime
    revoked_at: datetime | None


class Buyer(Model):
    """Who pays and holds the license; an affiliate does not see it."""

    name: str
    email: str


class OrderItem(Model):
    """One track under one license type; an affiliate sees ``earned`` and their own part only."""

    id: str
    track_id: str
    track_title: str
    license_name: str
    is_exclusive: bool
    roles: tuple[str, ...]
    earned: Money
    price: Money | None
    producer_amount: Money | None
    affiliate_amount: Money | None
    platform_amount: Money | None
    refunded: Money | None
    app_id: str | None
    placement_id: str | None
    channel: str


class Order(Model):
    """One purchase, as far as it is yours."""

    id: str
    state: str
    currency: str
    items: tuple[OrderItem, ...]
    earned: Money
    buyer: Buyer | None
    created_at: datetime
    paid_at: datetime | None


class Balance(Model):
    """What is yours in one currency."""

    currency: str
    pending: Money
    available: Money
    paid: Money


class Summary(Balance):
    """The balance in one currency, and those in all of them."""

    by_currency: tuple[Balance, ...]


class Entry(Model):
    """One line of your account: what, for what, and when it becomes available."""

    id: str
    amount: Money
    role: str
    status: str
    memo: str
    reference: str
    order_id: str | None
    order_item_id: str | None
    track_id: str | None
    track_title: str | None
    booked_at: datetime
    available_at: datetime | None


class Token(Model):
    """An API token; ``secret`` is there once, when it was made."""

    id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    secret: str | None = None

    def __repr_args__(self) -> Any:
        return [
            (name, "…" if name == "secret" and value else value) for name, value in super().__repr_args__()
        ]
