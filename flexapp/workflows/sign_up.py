"""Open an account: ask, prove the address by mail, enter the password, be in.

Nobody learns from this whether an address has an account: the page says the same, the work is the
same, and what differs goes to the mailbox. The link alone opens nothing. Who opens it enters the
password chosen when signing up, so an account that somebody prepared in another's name stays shut.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy.orm import Session

from flexapp.people import links, operations, passwords, queries, throttle
from flexapp.people.addresses import normal_email
from flexapp.people.models import MailPurpose, Person, PersonSession, Role
from flexapp.workflows.account_mails import mail_link, tell
from flexapp.workflows.services import Services

_ONE_REMINDER_IN = timedelta(hours=1)


def ask_to_sign_up(
    services: Services, *, email: str, password: str, name: str, roles: Collection[Role]
) -> None:
    """Make the account, or tell its owner by mail that it exists; the caller cannot tell which.

    Signing up again before the address is verified replaces name, password and roles. Raises
    InvalidEmail, WeakPassword, InvalidProfile for what anybody can see is wrong.
    """
    email = normal_email(email)
    passwords.require_good(password, email=email)
    password_hash = passwords.hash_password(password)
    now = services.clock.now()
    with services.database.writing() as session:
        person = queries.person_by_email(session, email, lock=True)
        if person is None:
            person = operations.sign_up(
                session,
                email=email,
                password=password,
                password_hash=password_hash,
                name=name,
                roles=roles,
                now=now,
            )
        elif person.email_verified_at is None:
            operations.update_profile(session, person, name=name, roles=roles, now=now)
            operations.set_password(session, person, password_hash=password_hash)
        else:
            operations.require_profile(name=name, roles=roles)
            _tell_that_it_exists(session, services, person)
            return
        mail_link(session, services, person, MailPurpose.VERIFY, email=email, now=now)
    services.wake_worker()


def ask_for_link_again(services: Services, *, email: str) -> None:
    """Mail the verification link anew, if there is something to verify. Raises InvalidEmail."""
    email = normal_email(email)
    now = services.clock.now()
    with services.database.writing() as session:
        person = queries.person_by_email(session, email, lock=True)
        if person is not None and person.email_verified_at is None:
            mail_link(session, services, person, MailPurpose.VERIFY, email=email, now=now)
    services.wake_worker()


def confirm_sign_up(
    services: Services, *, secret: str, password: str, user_agent: str
) -> tuple[PersonSession, str]:
    """Verify the address with the mailed link and the password, and log in.

    Raises LinkNotGood, WrongCredentials, TooManyAttempts.
    """
    now = services.clock.now()
    with services.database.reading() as session:
        person, _ = links.peek(session, secret, MailPurpose.VERIFY, now=now)
        throttle.require_patience(session, person.email, now=now)
    if not passwords.verify(person.password_hash, password):
        with services.database.writing() as session:
            throttle.count_failure(session, person.email, now=now)
        raise operations.WrongCredentials("That is not the password you chose. Try again, or reset it.")
    with services.database.writing() as session:
        again, _ = links.use(session, secret, MailPurpose.VERIFY, now=now)
        if again.password_hash != person.password_hash:
            raise links.LinkNotGood("This address was signed up again meanwhile. Use the newer mail.")
        operations.verify_email(session, again, now=now)
        throttle.forget_failures(session, again.email)
        return operations.begin_session(session, again, user_agent=user_agent, now=now)


def _tell_that_it_exists(session: Session, services: Services, person: Person) -> None:
    now = services.clock.now()
    hour = int(now.timestamp() // _ONE_REMINDER_IN.total_seconds())
    base = services.settings.base_url
    tell(
        session,
        services,
        "account_exists",
        person,
        key=f"account_exists:{person.id}:{hour}",
        link=f"{base}/login",
        reset_link=f"{base}/reset",
        now=now,
    )
