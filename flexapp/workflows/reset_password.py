"""Choose a new password by mail, or with the old one."""

from __future__ import annotations

from sqlalchemy.orm import Session

from flexapp.people import links, operations, passwords, queries, throttle
from flexapp.people.addresses import normal_email
from flexapp.people.models import MailPurpose, Person
from flexapp.workflows.account_mails import mail_link, tell
from flexapp.workflows.services import Services


def ask_for_reset(services: Services, *, email: str) -> None:
    """Mail a link if the address has an account; the caller cannot tell. Raises InvalidEmail."""
    email = normal_email(email)
    now = services.clock.now()
    with services.database.writing() as session:
        person = queries.person_by_email(session, email, lock=True)
        if person is not None:
            mail_link(session, services, person, MailPurpose.RESET, email=email, now=now)
    services.wake_worker()


def reset_password(services: Services, *, secret: str, password: str) -> Person:
    """Set a new password by a mailed link: the address is proved, every browser is logged out.

    Raises LinkNotGood, WeakPassword.
    """
    now = services.clock.now()
    with services.database.reading() as session:
        person, _ = links.peek(session, secret, MailPurpose.RESET, now=now)
    passwords.require_good(password, email=person.email)
    password_hash = passwords.hash_password(password)
    with services.database.writing() as session:
        person, link = links.use(session, secret, MailPurpose.RESET, now=now)
        if link.email != person.email:
            raise links.LinkNotGood("The account has another address now. Ask for a new link.")
        operations.verify_email(session, person, now=now)
        operations.set_password(session, person, password_hash=password_hash)
        operations.revoke_sessions(session, person, now=now)
        links.end_links(session, person, MailPurpose.VERIFY, now=now)
        links.end_links(session, person, MailPurpose.CHANGE, now=now)
        throttle.forget_failures(session, person.email)
        _tell(session, services, person, key=f"password_changed:{link.id}")
    services.wake_worker()
    return person


def change_password(services: Services, person: Person, *, old: str, new: str, user_agent: str) -> str:
    """Set a new password with the old one: every session ends, a fresh one begins; its secret is returned.

    Raises WrongPassword, WeakPassword, TooManyAttempts.
    """
    require_password(services, person, old)
    passwords.require_good(new, email=person.email)
    password_hash = passwords.hash_password(new)
    now = services.clock.now()
    with services.database.writing() as session:
        row = queries.person_by_id(session, person.id, lock=True)
        if row is None or row.password_hash != person.password_hash:
            raise operations.wrong_password()
        operations.set_password(session, row, password_hash=password_hash)
        operations.revoke_sessions(session, row, now=now)
        links.end_links(session, row, MailPurpose.RESET, now=now)
        fresh, secret = operations.begin_session(session, row, user_agent=user_agent, now=now)
        _tell(session, services, row, key=f"password_changed:{fresh.id}")
    services.wake_worker()
    return secret


def require_password(services: Services, person: Person, password: str) -> None:
    """Make sure that the person at the keyboard is the person: raises WrongPassword, TooManyAttempts."""
    now = services.clock.now()
    with services.database.reading() as session:
        throttle.require_patience(session, person.email, now=now)
    if passwords.verify(person.password_hash, password):
        return
    with services.database.writing() as session:
        throttle.count_failure(session, person.email, now=now)
    raise operations.wrong_password()


def _tell(session: Session, services: Services, person: Person, *, key: str) -> None:
    link = f"{services.settings.base_url}/reset"
    tell(session, services, "password_changed", person, key=key, link=link, now=services.clock.now())
