"""Send a mail: written to the log once per key, handed to the outbox in the same transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from flexapp.gateways.ports import Mail
from flexapp.notices import queries
from flexapp.notices.models import MailLog
from flexapp.outbox.operations import enqueue
from flexapp.storage.once import insert_once


def send_mail(session: Session, mail: Mail, *, now: datetime) -> bool:
    """Promise the mail; False when one with its key was promised before.

    The key is a business fact, such as ``receipt:ord_…``: however often the fact is told, one mail
    goes out. Raises ValueError without a key.
    """
    if not mail.key:
        raise ValueError("a mail needs a key: the fact that it tells")
    is_new = insert_once(
        session,
        MailLog,
        key=mail.key,
        recipient=mail.recipient,
        subject=mail.subject[:200],
        text=mail.text,
        html=mail.html,
        created_at=now,
    )
    if is_new:
        row = queries.mail_by_key(session, mail.key)
        enqueue(session, "mail.send", key=f"mail:{mail.key}", payload={"mail_id": row.id}, now=now)
    return is_new


def mark_sent(session: Session, mail_id: int, *, keep_content: bool, now: datetime) -> None:
    """Note that the mail went out; its text, which may carry one-time links, stays only in a demo."""
    row = queries.mail_by_id(session, mail_id)
    if row is None:
        return
    row.sent_at = now
    if not keep_content:
        row.text = row.html = ""
    session.flush()


def forget_old(session: Session, *, before: datetime) -> int:
    """Keep of mails sent before a moment only that they were sent; returns how many changed."""
    old = (MailLog.sent_at < before, MailLog.recipient != "")
    values = {"recipient": "", "subject": "", "text": "", "html": ""}
    changed = session.execute(update(MailLog).where(*old).values(**values).returning(MailLog.id))
    return len(changed.all())
