"""Move an account to another address: the password asks for it, a link to the new address does it."""

from __future__ import annotations

from flexapp.people import links, operations, queries
from flexapp.people.addresses import normal_email
from flexapp.people.models import MailPurpose, Person
from flexapp.workflows.account_mails import mail_link, tell
from flexapp.workflows.reset_password import require_password
from flexapp.workflows.services import Services


def ask_to_change_email(services: Services, person: Person, *, email: str, password: str) -> str:
    """Mail a link to the new address, whose normal form is returned.

    Whether somebody else has the address is told to nobody but its mailbox: then no link goes out.
    Raises InvalidEmail, WrongPassword, TooManyAttempts.
    """
    email = normal_email(email)
    require_password(services, person, password)
    now = services.clock.now()
    with services.database.writing() as session:
        row = queries.person_by_id(session, person.id, lock=True)
        if row is not None and queries.person_by_email(session, email) is None:
            mail_link(session, services, row, MailPurpose.CHANGE, email=email, now=now)
    services.wake_worker()
    return email


def confirm_new_email(services: Services, *, secret: str) -> Person:
    """Use the link: the account has the new address, the old one is told.

    Links that went to the old address are useless from now on. Raises LinkNotGood, EmailTaken.
    """
    now = services.clock.now()
    with services.database.writing() as session:
        person, link = links.use(session, secret, MailPurpose.CHANGE, now=now)
        before = person.email
        operations.set_email(session, person, email=link.email, now=now)
        links.end_links(session, person, MailPurpose.RESET, now=now)
        tell(
            session,
            services,
            "email_changed",
            person,
            key=f"email_changed:{link.id}",
            recipient=before,
            email=link.email,
            now=now,
        )
    services.wake_worker()
    return person
