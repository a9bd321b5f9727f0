"""Mail leaves through a real SMTP server, in text and HTML, under an id that repeats recognize."""

import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from flexapp.gateways.mail import MailNotTaken, SmtpMailer, compose
from flexapp.gateways.ports import Mail

MAIL = Mail(
    recipient="mira@example.com",
    subject="Grüße",
    text="Hello Mira — welcome.\n",
    html="<p>Hello Mira — welcome.</p>",
    key="verify:eml_1",
)
SENDER = "Flexapp <hello@flexapp.example>"


class Mailbox:
    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.refuses = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.refuses:
            return "451 Try again later"
        self.messages.append(message_from_bytes(envelope.content))
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and data.password == b"pass:word"
        return AuthResult(success=good, handled=False)  # the server answers

    box = Mailbox()
    server = Controller(
        box, hostname="127.0.0.1", port=free_port(), authenticator=authenticate, auth_require_tls=False
    )
    server.start()
    yield box, f"127.0.0.1:{server.port}"
    server.stop()


def test_a_mail_arrives_in_text_and_html(mailbox: tuple[Mailbox, str]) -> None:
    box, host = mailbox
    SmtpMailer(f"smtp://user:pass%3Aword@{host}", sender=SENDER).send(MAIL)
    (message,) = box.messages
    assert message["To"] == "mira@example.com"
    assert message["From"] == SENDER
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]


def test_a_refusal_and_an_unreachable_server_are_said_without_the_password(
    mailbox: tuple[Mailbox, str],
) -> None:
    box, host = mailbox
    box.refuses = True
    for address in (f"smtp://user:pass%3Aword@{host}", "smtp://user:pass%3Aword@127.0.0.1:1"):
        with pytest.raises(MailNotTaken) as caught:
            SmtpMailer(address, sender=SENDER).send(MAIL)
        assert "word" not in caught.value.message
    with pytest.raises(MailNotTaken):
        SmtpMailer(f"smtp://user:wrong@{host}", sender=SENDER).send(MAIL)


def test_the_message_id_follows_from_the_key() -> None:
    first, again = (compose(MAIL, sender=SENDER)["Message-ID"] for _ in range(2))
    assert first == again
    assert first.endswith("@flexapp.example>")
    other = Mail(recipient="mira@example.com", subject="x", text="x", key="verify:eml_2")
    assert compose(other, sender=SENDER)["Message-ID"] != first


def test_a_subject_cannot_add_a_header() -> None:
    mail = Mail(recipient="mira@example.com", subject="x\r\nBcc: all@example.com", text="x", key="k")
    message = compose(mail, sender=SENDER)
    assert message["Bcc"] is None
    assert message["Subject"] == "x Bcc: all@example.com"


@pytest.mark.parametrize("address", ["", "mail.example.com", "http://mail.example.com", "smtp://"])
def test_an_address_that_is_no_mail_server_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="FLEXAPP_SMTP_URL"):
        SmtpMailer(address, sender=SENDER)
