"""Mail out: SMTP when an address is set; else the mail log is all there is (demo, development)."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from urllib.parse import unquote, urlsplit

from flexapp.config import Settings
from flexapp.errors import Upstream
from flexapp.gateways.ports import Mail, Mailer
from flexapp.storage.session import Database

TIMEOUT = 20.0  #: seconds for the connection and each answer of the mail server


class MailNotTaken(Upstream):
    """The mail server could not be reached or refused the mail."""

    code = "mail_not_taken"


def mailer_from(settings: Settings, database: Database) -> Mailer:
    """SMTP for ``FLEXAPP_SMTP_URL``, else a mailer that leaves mails in the log of ``database``."""
    if settings.smtp_url:
        return SmtpMailer(settings.smtp_url, sender=settings.mail_from)
    return LoggedMailer()


class LoggedMailer:
    """Sends nothing: what was to be sent stays readable in the mail log."""

    def send(self, mail: Mail) -> None:
        """The log has it already."""


class SmtpMailer:
    """One connection per mail: ``smtp://user:password@host:port``, or ``smtps://`` for TLS from the start.

    With ``smtp`` the connection is upgraded by STARTTLS when the server offers it; a password is
    never sent over a connection that is not encrypted, unless the server is on this machine.
    """

    def __init__(self, url: str, *, sender: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("FLEXAPP_SMTP_URL looks like smtp://user:password@host:587")
        self._host = parts.hostname
        self._port = parts.port or (465 if parts.scheme == "smtps" else 587)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._tls_first = parts.scheme == "smtps"
        self._sender = sender

    def send(self, mail: Mail) -> None:
        """Hand the mail over; raises MailNotTaken."""
        try:
            with self._connect() as server:
                server.send_message(compose(mail, sender=self._sender))
        except (OSError, smtplib.SMTPException) as problem:
            raise MailNotTaken(f"The mail server did not take a mail: {type(problem).__name__}.") from problem

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._tls_first:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT, context=context)
            encrypted = True
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT)
            server.ehlo()
            encrypted = server.has_extn("starttls")
            if encrypted:
                server.starttls(context=context)
                server.ehlo()
        if self._user:
            if not encrypted and self._host not in ("localhost", "127.0.0.1", "::1"):
                server.close()
                raise MailNotTaken("The mail server offers no encryption; the password was not sent.")
            try:
                server.login(self._user, self._password)
            except (OSError, smtplib.SMTPException):
                server.close()
                raise
        return server


def compose(mail: Mail, *, sender: str) -> EmailMessage:
    """The mail in text and HTML; its Message-ID follows from its key, so that a repeat is recognized."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = mail.recipient
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = formatdate()
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    name = hashlib.sha256(f"{mail.key}\n{mail.recipient}".encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{name}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    return message
