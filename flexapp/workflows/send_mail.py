"""Send one mail of the log: the outbox's side of ``notices.operations.send_mail``."""

from __future__ import annotations

from flexapp.gateways.ports import Mail
from flexapp.notices import operations, queries
from flexapp.workflows.services import Services


def send_mail(services: Services, mail_id: int) -> None:
    """Hand the mail to the mailer unless it went out before; raises ``errors.Upstream``.

    No transaction is open while the mail server is spoken to. A process that dies between the
    sending and the mark sends again, under the same Message-ID.
    """
    with services.database.reading() as session:
        row = queries.mail_by_id(session, mail_id)
        if row is None or row.sent_at is not None:
            return
        mail = Mail(recipient=row.recipient, subject=row.subject, text=row.text, html=row.html, key=row.key)
    services.mailer.send(mail)
    left_our_hands = bool(services.settings.smtp_url)
    with services.database.writing() as session:
        operations.mark_sent(session, mail_id, keep_content=not left_our_hands, now=services.clock.now())
