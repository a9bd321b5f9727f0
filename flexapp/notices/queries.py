"""Every select over the mail log."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from flexapp.notices.models import MailLog


def mail_by_key(session: Session, key: str) -> MailLog:
    """The mail that tells this fact."""
    return session.scalars(select(MailLog).where(MailLog.key == key)).one()


def mail_by_id(session: Session, mail_id: int) -> MailLog | None:
    """One mail."""
    return session.get(MailLog, mail_id)


def latest_mails(session: Session, *, limit: int = 100, recipient: str = "") -> Sequence[MailLog]:
    """The newest first, to one address or to all."""
    query = select(MailLog).order_by(MailLog.id.desc()).limit(limit)
    return session.scalars(query.where(MailLog.recipient == recipient) if recipient else query).all()
