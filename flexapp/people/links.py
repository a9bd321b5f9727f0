"""One-time links that go out by mail: stored as fingerprints, good for a while, used once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from flexapp.errors import Invalid
from flexapp.kernel.ids import new_id, new_secret
from flexapp.kernel.signing import fingerprint
from flexapp.people import queries
from flexapp.people.models import MailPurpose, MailToken, Person

LIFE = {
    MailPurpose.VERIFY: timedelta(days=3),
    MailPurpose.RESET: timedelta(hours=1),
    MailPurpose.CHANGE: timedelta(days=1),
}
PER_HOUR = 5  #: links to one person, so that nobody floods a stranger's mailbox


class LinkNotGood(Invalid):
    """A mailed link that is unknown, used, replaced by a newer one, or too old."""

    code = "link_not_good"


def make_link(
    session: Session, person: Person, purpose: MailPurpose, *, email: str, now: datetime
) -> tuple[MailToken, str] | None:
    """A link that proves ``email``, with its secret; older ones of the purpose end.

    None when the person has got ``PER_HOUR`` within the hour.
    """
    if queries.links_made_since(session, person.id, since=now - timedelta(hours=1)) >= PER_HOUR:
        return None
    end_links(session, person, purpose, now=now)
    secret = new_secret()
    row = MailToken(
        id=new_id("eml"),
        person_id=person.id,
        purpose=purpose,
        token_hash=fingerprint(secret),
        email=email,
        created_at=now,
        expires_at=now + LIFE[purpose],
    )
    session.add(row)
    session.flush()
    return row, secret


def peek(session: Session, secret: str, purpose: MailPurpose, *, now: datetime) -> tuple[Person, MailToken]:
    """Whose link this is, without using it up; raises LinkNotGood."""
    row = queries.mail_token(session, secret, purpose, now=now)
    person = queries.person_by_id(session, row.person_id) if row else None
    if row is None or person is None:
        raise LinkNotGood("This link was used already or is too old. Ask for a new one.")
    return person, row


def use(session: Session, secret: str, purpose: MailPurpose, *, now: datetime) -> tuple[Person, MailToken]:
    """Take the link; of two that try at once, one gets it. Raises LinkNotGood."""
    person, row = peek(session, secret, purpose, now=now)
    taken = session.execute(
        update(MailToken)
        .where(MailToken.id == row.id, MailToken.used_at.is_(None))
        .values(used_at=now)
        .returning(MailToken.id)
        .execution_options(synchronize_session=False)
    )
    if taken.first() is None:
        raise LinkNotGood("This link was used already or is too old. Ask for a new one.")
    return person, row


def end_links(session: Session, person: Person, purpose: MailPurpose, *, now: datetime) -> None:
    """Make the person's open links of one purpose useless."""
    mine = (MailToken.person_id == person.id, MailToken.purpose == purpose, MailToken.used_at.is_(None))
    session.execute(update(MailToken).where(*mine).values(used_at=now))


def prune(session: Session, *, now: datetime) -> int:
    """Forget links that ended a week ago; returns how many."""
    old = delete(MailToken).where(MailToken.expires_at < now - timedelta(days=7)).returning(MailToken.id)
    return len(session.execute(old).all())
