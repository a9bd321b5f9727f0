"""Log in: patience, password, session; no transaction is open while the password is computed."""

from __future__ import annotations

from flexapp.errors import Invalid
from flexapp.kernel.signing import fingerprint
from flexapp.people import operations, passwords, queries, throttle
from flexapp.people.addresses import normal_email
from flexapp.people.models import PersonSession
from flexapp.workflows.services import Services


def log_in(
    services: Services, *, email: str, password: str, user_agent: str, old_secret: str = ""
) -> tuple[PersonSession, str]:
    """Begin a session with a secret never used before; the browser's old one ends.

    An unknown address, a wrong password and an address not verified yet cost the same work and
    raise the same WrongCredentials. Raises TooManyAttempts once an address failed too often.
    """
    now = services.clock.now()
    try:
        address = normal_email(email)
    except Invalid:
        address = ""
    with services.database.reading() as session:
        throttle.require_patience(session, address or fingerprint(email), now=now)
        person = queries.person_by_email(session, address) if address else None
    good = passwords.verify(person.password_hash if person else None, password)
    if person is None or not good or person.email_verified_at is None:
        with services.database.writing() as session:
            throttle.count_failure(session, address or fingerprint(email), now=now)
        raise operations.wrong_credentials()
    renewed = passwords.hash_password(password) if passwords.needs_rehash(person.password_hash) else None
    with services.database.writing() as session:
        row = queries.person_by_id(session, person.id, lock=True)
        if row is None or row.password_hash != person.password_hash:
            raise operations.wrong_credentials()
        if renewed is not None:
            operations.set_password(session, row, password_hash=renewed)
        throttle.forget_failures(session, address)
        operations.end_session(session, secret=old_secret, now=now)
        return operations.begin_session(session, row, user_agent=user_agent, now=now)


def log_out(services: Services, *, secret: str) -> None:
    """End the browser's session; an unknown one is no error."""
    with services.database.writing() as session:
        operations.end_session(session, secret=secret, now=services.clock.now())
