"""Person, PersonSession, ApiToken, MailToken, OldSlug, LoginThrottle."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from flexapp.storage.base import Base
from flexapp.storage.columns import EnumText, Json, Moment, UtcDateTime, public_id, refers_to


class Role(StrEnum):
    """What a person does here; one may be both."""

    PRODUCER = "producer"  #: makes tracks and sells licenses
    AFFILIATE = "affiliate"  #: curates other people's tracks and earns commission


class Scope(StrEnum):
    """What an API token allows."""

    READ = "read"  #: GET
    WRITE = "write"  #: everything else


class MailPurpose(StrEnum):
    """Why a mailed one-time link was made."""

    VERIFY = "verify"  #: prove the address at sign-up
    RESET = "reset"  #: choose a new password
    CHANGE = "change"  #: prove a new address


class Person(Base):
    """Somebody with an account: a producer, an affiliate, or both."""

    __tablename__ = "person"

    id: Mapped[str] = public_id("per")
    email: Mapped[str] = mapped_column(String(254), unique=True)  #: lower case
    email_verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    password_hash: Mapped[str] = mapped_column(String(256))
    name: Mapped[str] = mapped_column(String(80))
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    bio: Mapped[str] = mapped_column(Text, default="")
    time_zone: Mapped[str] = mapped_column(String(40), default="UTC", server_default="UTC")
    is_producer: Mapped[bool] = mapped_column(Boolean, default=True)
    is_affiliate: Mapped[bool] = mapped_column(Boolean, default=True)
    is_admin: Mapped[bool] = mapped_column(Boolean, default=False)
    allows_affiliate_sales: Mapped[bool] = mapped_column(Boolean, default=False)
    shares_listening: Mapped[bool] = mapped_column(
        Boolean, default=False
    )  #: producers whose beats they play may read their name
    voice_tag_key: Mapped[str | None] = mapped_column(String(200))  #: object key of an own voice tag
    created_at: Mapped[Moment]
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    @property
    def roles(self) -> list[Role]:
        """The roles in a fixed order."""
        flags = ((self.is_producer, Role.PRODUCER), (self.is_affiliate, Role.AFFILIATE))
        return [role for held, role in flags if held]


class PersonSession(Base):
    """One signed-in browser; only the token's fingerprint is kept."""

    __tablename__ = "person_session"

    id: Mapped[str] = public_id("ses")
    person_id: Mapped[str] = refers_to("person", ondelete="CASCADE")
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[Moment]
    last_seen_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class ApiToken(Base):
    """A program's key: shown once, stored as a fingerprint, revocable."""

    __tablename__ = "api_token"

    id: Mapped[str] = public_id("tok")
    person_id: Mapped[str] = refers_to("person", ondelete="CASCADE")
    name: Mapped[str] = mapped_column(String(80))
    prefix: Mapped[str] = mapped_column(String(16))  #: the first characters, to recognize it by
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[Moment]
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class MailToken(Base):
    """A one-time link that went out by mail."""

    __tablename__ = "mail_token"

    id: Mapped[str] = public_id("eml")
    person_id: Mapped[str] = refers_to("person", ondelete="CASCADE")
    purpose: Mapped[MailPurpose] = mapped_column(EnumText(MailPurpose))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(254))  #: the address it proves
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class OldSlug(Base):
    """A slug that something had once: it redirects, and nobody else takes it."""

    __tablename__ = "old_slug"
    __table_args__ = (UniqueConstraint("kind", "slug"), Index(None, "target_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))  #: person, track or app
    slug: Mapped[str] = mapped_column(String(120))
    target_id: Mapped[str] = mapped_column(String(30))
    created_at: Mapped[Moment]


class LoginThrottle(Base):
    """How often logging in failed for one address lately; the address is kept as a fingerprint."""

    __tablename__ = "login_throttle"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    since: Mapped[Moment] = mapped_column(index=True)  #: when the running window began
