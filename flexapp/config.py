"""Settings: one typed, frozen object, read once from the environment (``FLEXAPP_*``)."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from flexapp.errors import FlexAppError

STRIPE_API = "https://api.stripe.com"


class Env(StrEnum):
    """Where the product runs."""

    DEMO = "demo"  #: people and beats invented by us, the stand-in for Stripe, mails shown on a page
    DEVELOPMENT = "development"  #: a developer's machine
    PRODUCTION = "production"  #: real people and money: weak settings are refused


class StripeMode(StrEnum):
    """Which Stripe takes the payments."""

    LOCAL = "local"  #: our stand-in on loopback
    TEST = "test"  #: Stripe with a test key
    LIVE = "live"  #: Stripe with real money


class Durability(StrEnum):
    """What a stored report has survived when it is acknowledged."""

    POWER = "power"  #: written to the disk itself: the machine may lose its power
    PROCESS = "process"  #: handed to the operating system: every process of ours may be killed


class ConfigurationRefused(FlexAppError):
    """Settings that must not run; the message says which and why."""

    code = "configuration_refused"


class CommissionRow(BaseModel):
    """One row of the commission schedule, in basis points of the sale price.

    It holds for prices up to ``up_to`` minor units, inclusive; None is the last row.
    Source of the default table: seed-systems 1.1 (Beat Brokerz' published fees).
    """

    model_config = ConfigDict(frozen=True)

    up_to: int | None
    producer: int
    affiliate: int = 1000
    self_referral_bonus: int = 500

    @model_validator(mode="after")
    def _leaves_the_platform_something(self) -> Self:
        if min(self.producer, self.affiliate, self.self_referral_bonus) < 0:
            raise ValueError("rates are not negative")
        if self.producer + self.affiliate + self.self_referral_bonus > 10_000:
            raise ValueError("rates of one row sum to at most 10000 basis points")
        return self


DEFAULT_SCHEDULE = (
    CommissionRow(up_to=5000, producer=7100),
    CommissionRow(up_to=30000, producer=7500),
    CommissionRow(up_to=None, producer=8000),
)


class PlayLimits(BaseModel):
    """From where on plays wait for a look (embed-spec 10.4); days are UTC days, plays are qualified ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    visitor_hour: int = Field(10, ge=1)  #: counted plays of one visitor within 60 minutes
    visitor_day: int = Field(200, ge=1)  #: counted plays of one visitor on a day
    network_track_share: float = Field(0.30, gt=0, le=1)  #: of a beat's day from one network
    network_track_least: int = Field(30, ge=1)  #: from that network, before the share is looked at
    network_track_day: int = Field(100, ge=1)  #: of one beat from one network on a day
    network_placement_day: int = Field(500, ge=1)  #: in one place from one network on a day
    placement_track_day: int = Field(5000, ge=1)  #: of one beat in one place on a day
    quiet_placement_day: int = Field(2000, ge=1)  #: in one place where nobody opens a license
    uniform_least: int = Field(20, ge=1)  #: plays of one beat in one place that stop at 30 s
    uniform_share: float = Field(0.50, gt=0, le=1)  #: of the beat's day there
    unloaded_least: int = Field(10, ge=1)  #: plays on one website whose player was never handed out
    unloaded_share: float = Field(0.50, gt=0, le=1)  #: of that website's day
    keyless_least: int = Field(50, ge=1)  #: plays of one beat in one place without a visitor key
    keyless_share: float = Field(0.60, gt=0, le=1)  #: of the beat's day there


class Settings(BaseSettings):
    """Everything the environment decides."""

    model_config = SettingsConfigDict(env_prefix="FLEXAPP_", frozen=True, extra="ignore")

    env: Env = Env.DEVELOPMENT
    home: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    localstripe_port: int = Field(8001, ge=0, le=65535)
    stranger_port: int = Field(8002, ge=0, le=65535)
    base_url: str = ""
    database_url: str = ""
    redis_url: str = ""
    objects_url: str = ""
    secret_key: str = ""
    secret_key_fallbacks: tuple[str, ...] = ()
    trusted_proxies: int = Field(0, ge=0)
    durability: Durability = Durability.POWER
    geo_database: str = ""
    network_database: str = ""

    stripe_mode: StripeMode = StripeMode.LOCAL
    stripe_secret_key: str = ""
    stripe_webhook_secret: str = ""
    stripe_webhook_secret_old: str = ""
    stripe_api_base: str = ""

    smtp_url: str = ""
    mail_from: str = "Flexapp <hello@flexapp.example>"

    currency: str = "usd"
    minimum_price: int = 1000
    commission_schedule: tuple[CommissionRow, ...] = DEFAULT_SCHEDULE
    hold_days: int = Field(7, ge=0, le=60)
    attribution_days: int = Field(30, ge=1, le=90)
    order_page_days: int = 30
    download_hours: int = 24
    downloads_per_file: int = 10
    checkout_minutes: int = Field(31, ge=31, le=1440)
    checkout_grace_minutes: int = 5

    max_upload_bytes: int = 500 * 1024 * 1024
    max_audio_seconds: int = 20 * 60
    max_stems_unpacked_bytes: int = 2 * 1024**3
    max_stems_files: int = 64
    voice_tag_every_seconds: float = 15.0

    count_all_plays: bool = False  #: those of owners and of automated browsers too; never in production

    play_limits: PlayLimits = PlayLimits()
    raw_days: int = Field(30, ge=7, le=30)  #: how long single listens live; totals stay

    worker_threads: int = Field(2, ge=1, le=64)
    embedded_worker: bool = True
    serve_threads: int = Field(32, ge=1, le=256)
    serve_processes: int = Field(2, ge=1, le=64)
    argon2_fast: bool = False
    rate_limits: bool = True

    @model_validator(mode="after")
    def _complete(self) -> Self:
        home = self.home.expanduser().resolve()
        defaults = {
            "home": home,
            "base_url": (self.base_url or f"http://{self.host}:{self.port}").rstrip("/"),
            "database_url": self.database_url or f"sqlite:///{home / 'flexapp.sqlite3'}",
            "objects_url": self.objects_url or (home / "objects").as_uri(),
        }
        if not self.secret_key and self.env is not Env.PRODUCTION:
            defaults["secret_key"] = "development-only-secret-development-only"  # noqa: S105
        if self.stripe_mode is StripeMode.LOCAL:
            local = f"http://{self.host}:{self.localstripe_port}"
            defaults["stripe_api_base"] = self.stripe_api_base or local
            defaults["stripe_secret_key"] = self.stripe_secret_key or "sk_test_local_flexapp"
        else:
            defaults["stripe_api_base"] = self.stripe_api_base or STRIPE_API
        for name, value in defaults.items():
            object.__setattr__(self, name, value)
        self._refuse_what_must_not_run()
        return self

    def _refuse_what_must_not_run(self) -> None:
        live_key = self.stripe_secret_key.startswith(("sk_live_", "rk_live_"))
        if live_key and self.stripe_api_base != STRIPE_API:
            raise ConfigurationRefused(
                "A live Stripe key goes to Stripe only: unset FLEXAPP_STRIPE_API_BASE."
            )
        if self.stripe_mode is StripeMode.LOCAL and not self.stripe_secret_key.startswith("sk_test_local"):
            raise ConfigurationRefused(
                "The stand-in for Stripe takes keys that begin with sk_test_local: "
                "set FLEXAPP_STRIPE_MODE=test or live, or unset FLEXAPP_STRIPE_SECRET_KEY."
            )
        if self.stripe_mode is StripeMode.LIVE and not live_key:
            raise ConfigurationRefused("FLEXAPP_STRIPE_MODE=live needs a live FLEXAPP_STRIPE_SECRET_KEY.")
        if self.stripe_mode is StripeMode.TEST and live_key:
            raise ConfigurationRefused("FLEXAPP_STRIPE_MODE=test refuses a live key.")
        if self.smtp_url and not self.smtp_url.startswith(("smtp://", "smtps://")):
            raise ConfigurationRefused("FLEXAPP_SMTP_URL looks like smtp://user:password@host:587.")
        rows = [row.up_to for row in self.commission_schedule]
        bounds = [bound for bound in rows if bound is not None]
        if not rows or rows[-1] is not None or len(bounds) != len(rows) - 1 or bounds != sorted(set(bounds)):
            raise ConfigurationRefused(
                "FLEXAPP_COMMISSION_SCHEDULE has rows by rising up_to, the last one null."
            )
        if self.env is not Env.PRODUCTION:
            return
        if len(self.secret_key) < 32:
            raise ConfigurationRefused("Production needs FLEXAPP_SECRET_KEY of at least 32 characters.")
        if self.stripe_mode is StripeMode.LOCAL:
            raise ConfigurationRefused(
                "Production refuses the stand-in: set FLEXAPP_STRIPE_MODE=live or test."
            )
        for name in ("stripe_secret_key", "stripe_webhook_secret"):
            if not getattr(self, name):
                raise ConfigurationRefused(f"Production needs FLEXAPP_{name.upper()}.")
        if self.argon2_fast or self.count_all_plays or not self.rate_limits:
            raise ConfigurationRefused(
                "Production refuses FLEXAPP_ARGON2_FAST, FLEXAPP_COUNT_ALL_PLAYS and FLEXAPP_RATE_LIMITS=0."
            )
        if not self.base_url.startswith("https://"):
            raise ConfigurationRefused("Production needs FLEXAPP_BASE_URL with https.")
        if not self.smtp_url:
            raise ConfigurationRefused("Production needs FLEXAPP_SMTP_URL: smtp://user:password@host:587.")

    @property
    def is_sqlite(self) -> bool:
        """Embedded: one process on SQLite."""
        return self.database_url.startswith("sqlite")

    @property
    def is_secure(self) -> bool:
        """Served over https: cookies are Secure and carry the __Host- prefix."""
        return self.base_url.startswith("https://")

    @property
    def hold(self) -> timedelta:
        """How long proceeds stay pending."""
        return timedelta(days=self.hold_days)
