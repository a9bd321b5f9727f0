"""Every select over people, their sessions, tokens and mailed links."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flexapp.kernel.signing import fingerprint
from flexapp.people.models import (
    ApiToken,
    LoginThrottle,
    MailPurpose,
    MailToken,
    OldSlug,
    Person,
    PersonSession,
)


def person_by_id(session: Session, person_id: str, *, lock: bool = False) -> Person | None:
    """The person, unless the account was deleted; ``lock`` waits for and holds the row."""
    query = select(Person).where(Person.id == person_id, Person.deleted_at.is_(None))
    return session.scalar(
        query.with_for_update(key_share=True).execution_options(populate_existing=True) if lock else query
    )


def people_by_ids(session: Session, person_ids: Iterable[str]) -> dict[str, Person]:
    """People by id, deleted ones too (they are anonymous then)."""
    query = select(Person).where(Person.id.in_(set(person_ids)))
    return {person.id: person for person in session.scalars(query)}


def person_by_slug(session: Session, slug: str) -> Person | None:
    """Who has this slug now."""
    return session.scalar(select(Person).where(Person.slug == slug, Person.deleted_at.is_(None)))


def person_by_old_slug(session: Session, slug: str) -> Person | None:
    """Who had this slug once; their page redirects."""
    query = (
        select(Person)
        .join(OldSlug, OldSlug.target_id == Person.id)
        .where(OldSlug.kind == "person", OldSlug.slug == slug, Person.deleted_at.is_(None))
    )
    return session.scalar(query)


def person_by_email(session: Session, email: str, *, lock: bool = False) -> Person | None:
    """Whose address this is; given as ``addresses.normal_email`` returns it."""
    query = select(Person).where(Person.email == email, Person.deleted_at.is_(None))
    return session.scalar(
        query.with_for_update(key_share=True).execution_options(populate_existing=True) if lock else query
    )


def slug_is_taken(session: Session, slug: str, *, but: str | None = None) -> bool:
    """Whether a person has or had it; person ``but`` may take an own old one back."""
    now = select(Person.id).where(Person.slug == slug)
    once = select(OldSlug.target_id).where(OldSlug.kind == "person", OldSlug.slug == slug)
    holders = {session.scalar(now), session.scalar(once)} - {None, but}
    return bool(holders)


def slug_was_had(session: Session, slug: str) -> bool:
    """Whether it is kept as somebody's old slug."""
    query = select(OldSlug.id).where(OldSlug.kind == "person", OldSlug.slug == slug)
    return session.scalar(query) is not None


def person_by_session_secret(
    session: Session, secret: str, *, now: datetime
) -> tuple[Person, PersonSession] | None:
    """Who is signed in with this cookie, and in which session."""
    query = (
        select(Person, PersonSession)
        .join(PersonSession, PersonSession.person_id == Person.id)
        .where(
            PersonSession.token_hash == fingerprint(secret),
            PersonSession.revoked_at.is_(None),
            PersonSession.expires_at > now,
            Person.deleted_at.is_(None),
        )
    )
    row = session.execute(query).first()
    return (row[0], row[1]) if row else None


def person_by_token_secret(session: Session, secret: str) -> tuple[Person, ApiToken] | None:
    """Whose API token this is."""
    query = (
        select(Person, ApiToken)
        .join(ApiToken, ApiToken.person_id == Person.id)
        .where(
            ApiToken.token_hash == fingerprint(secret),
            ApiToken.revoked_at.is_(None),
            Person.deleted_at.is_(None),
        )
    )
    row = session.execute(query).first()
    return (row[0], row[1]) if row else None


def sessions_of(session: Session, person_id: str, *, now: datetime) -> Sequence[PersonSession]:
    """The person's live sessions, the last seen first."""
    query = select(PersonSession).where(
        PersonSession.person_id == person_id,
        PersonSession.revoked_at.is_(None),
        PersonSession.expires_at > now,
    )
    return session.scalars(query.order_by(PersonSession.last_seen_at.desc(), PersonSession.id.desc())).all()


def session_by_id(session: Session, session_id: str) -> PersonSession | None:
    """One browser's session."""
    return session.get(PersonSession, session_id)


def tokens_of(session: Session, person_id: str) -> Sequence[ApiToken]:
    """The person's API tokens that still work, newest first."""
    query = select(ApiToken).where(ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None))
    return session.scalars(query.order_by(ApiToken.created_at.desc(), ApiToken.id.desc())).all()


def token_by_id(session: Session, token_id: str) -> ApiToken | None:
    """One API token, revoked or not."""
    return session.get(ApiToken, token_id)


def mail_token(session: Session, secret: str, purpose: MailPurpose, *, now: datetime) -> MailToken | None:
    """The mailed link behind a secret, while it is good."""
    query = select(MailToken).where(
        MailToken.token_hash == fingerprint(secret),
        MailToken.purpose == purpose,
        MailToken.used_at.is_(None),
        MailToken.expires_at > now,
    )
    return session.scalar(query)


def links_made_since(session: Session, person_id: str, *, since: datetime) -> int:
    """How many links went to this person lately."""
    query = select(func.count()).where(MailToken.person_id == person_id, MailToken.created_at > since)
    return session.scalar(query) or 0


def throttle_of(session: Session, key: str) -> LoginThrottle | None:
    """The failures counted for an address."""
    return session.scalar(
        select(LoginThrottle).where(LoginThrottle.key == key).execution_options(populate_existing=True)
    )
