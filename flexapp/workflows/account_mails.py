"""What an account says by mail: links that prove an address, and news of what was changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from flexapp.notices.letters import letter
from flexapp.notices.operations import send_mail
from flexapp.people import links
from flexapp.people.models import MailPurpose, Person
from flexapp.workflows.services import Services

_PATHS = {
    MailPurpose.VERIFY: "/verify/",
    MailPurpose.RESET: "/reset/",
    MailPurpose.CHANGE: "/change-email/",
}
_LETTERS = {
    MailPurpose.VERIFY: "verify",
    MailPurpose.RESET: "reset",
    MailPurpose.CHANGE: "change_email",
}


def mail_link(
    session: Session,
    services: Services,
    person: Person,
    purpose: MailPurpose,
    *,
    email: str,
    now: datetime,
) -> bool:
    """Mail a new one-time link to ``email``; False when the person got too many within the hour."""
    made = links.make_link(session, person, purpose, email=email, now=now)
    if made is None:
        return False
    row, secret = made
    address = services.settings.base_url + _PATHS[purpose] + secret
    tell(
        session,
        services,
        _LETTERS[purpose],
        person,
        key=f"{purpose.value}:{row.id}",
        recipient=email,
        link=address,
        email=email,
        now=now,
    )
    return True


def tell(
    session: Session,
    services: Services,
    name: str,
    person: Person,
    *,
    key: str,
    now: datetime,
    recipient: str | None = None,
    **facts: Any,
) -> None:
    """Mail the letter ``templates/emails/<name>`` to the person, once per key."""
    site = services.settings.base_url.partition("://")[2]
    mail = letter(name, key=key, recipient=recipient or person.email, name=person.name, site=site, **facts)
    send_mail(session, mail, now=now)
