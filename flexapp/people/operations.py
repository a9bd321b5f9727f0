"""What a person does with an account: sign up, log in, change it, leave; sessions and API tokens.

Hashing a password takes a good part of a second. Every operation that does so does it before its
first statement, so a caller who opens a session for it alone holds no lock meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from flexapp.errors import Conflict, Invalid, NotFound, Unauthenticated
from flexapp.kernel import zones
from flexapp.kernel.ids import new_id, new_secret
from flexapp.kernel.signing import fingerprint
from flexapp.people import passwords, queries
from flexapp.people.addresses import normal_email, slug_of
from flexapp.people.models import ApiToken, MailToken, OldSlug, Person, PersonSession, Role, Scope

SESSION_LIFE = timedelta(days=30)  #: since it was last seen
SEEN_EVERY = timedelta(minutes=10)  #: how exact ``last_seen_at`` and ``last_used_at`` are
TOKENS_AT_MOST = 50
TOKEN_PREFIX = "flx_"  # noqa: S105
LONGEST_NAME = 80
LONGEST_BIO = 2000


class EmailTaken(Conflict):
    """Somebody has an account with this address."""

    code = "email_taken"


class WrongCredentials(Unauthenticated):
    """Unknown address, wrong password, or an address not verified yet: which of them is not said."""

    code = "wrong_credentials"


class WrongPassword(Invalid):
    """Somebody who is logged in did not repeat the password."""

    code = "wrong_password"


class InvalidProfile(Invalid):
    """A name or text that a profile cannot have."""

    code = "invalid_profile"


class InvalidToken(Invalid):
    """An API token without a name or with unknown scopes."""

    code = "invalid_token"


class TooManyTokens(Conflict):
    """More API tokens than a person may hold."""

    code = "too_many_tokens"


def sign_up(
    session: Session,
    *,
    email: str,
    password: str,
    name: str,
    roles: Collection[Role],
    now: datetime,
    email_verified: bool = False,
    password_hash: str | None = None,
) -> Person:
    """Make an account; it opens once its address is verified.

    ``password_hash`` spares the work when the caller hashed the password before. Raises
    InvalidEmail, WeakPassword, InvalidProfile, EmailTaken.
    """
    email = normal_email(email)
    passwords.require_good(password, email=email)
    name = require_profile(name=name, roles=roles)
    person = Person(
        id=new_id("per"),
        email=email,
        password_hash=password_hash or passwords.hash_password(password),
        name=name,
        slug="",
        bio="",
        is_producer=Role.PRODUCER in roles,
        is_affiliate=Role.AFFILIATE in roles,
        is_admin=False,
        allows_affiliate_sales=False,
        shares_listening=False,
        email_verified_at=now if email_verified else None,
        created_at=now,
    )
    if queries.person_by_email(session, email):
        raise EmailTaken("This address has an account already.")
    person.slug = _free_slug(session, person.name)
    try:
        with session.begin_nested():
            session.add(person)
            session.flush()
    except IntegrityError as problem:  # somebody signed up with the same address or name meanwhile
        if queries.person_by_email(session, email):
            raise EmailTaken("This address has an account already.") from problem
        person.slug = f"{slug_of(person.name)}-{person.id[-6:]}"
        session.add(person)
        session.flush()
    return person


def log_in(
    session: Session, *, email: str, password: str, user_agent: str, now: datetime
) -> tuple[PersonSession, str]:
    """Check the password and begin a session; returns it with the secret for the cookie.

    Unknown addresses cost the same work. Raises WrongCredentials. The edge uses
    ``workflows/log_in.py``, which counts failures and hashes outside of any transaction.
    """
    try:
        person = queries.person_by_email(session, normal_email(email))
    except Invalid:
        person = None
    good = passwords.verify(person.password_hash if person else None, password)
    if person is None or not good or person.email_verified_at is None:
        raise wrong_credentials()
    return begin_session(session, person, user_agent=user_agent, now=now)


def wrong_credentials() -> WrongCredentials:
    """One sentence for every reason, so that nobody learns who has an account."""
    return WrongCredentials(
        "That e-mail and password do not fit together, or the address is not verified yet."
    )


def wrong_password() -> WrongPassword:
    """What is said when the password must be repeated and was not."""
    message = "That is not your password."
    return WrongPassword(message, fields={"current_password": message})


def begin_session(
    session: Session, person: Person, *, user_agent: str, now: datetime
) -> tuple[PersonSession, str]:
    """A new signed-in browser for somebody who has just proved who they are."""
    secret = new_secret()
    row = PersonSession(
        id=new_id("ses"),
        person_id=person.id,
        token_hash=fingerprint(secret),
        user_agent=user_agent[:300],
        created_at=now,
        last_seen_at=now,
        expires_at=now + SESSION_LIFE,
    )
    session.add(row)
    session.flush()
    return row, secret


def touch_session(session: Session, session_id: str, *, now: datetime) -> None:
    """Note that a browser was here and prolong its session."""
    live = (PersonSession.id == session_id, PersonSession.revoked_at.is_(None))
    values = {"last_seen_at": now, "expires_at": now + SESSION_LIFE}
    session.execute(update(PersonSession).where(*live).values(**values))


def end_session(session: Session, *, secret: str, now: datetime) -> None:
    """Log out the browser that holds the secret; an unknown one is no error."""
    live = (PersonSession.token_hash == fingerprint(secret), PersonSession.revoked_at.is_(None))
    session.execute(update(PersonSession).where(*live).values(revoked_at=now))


def revoke_session(session: Session, person: Person, session_id: str, *, now: datetime) -> None:
    """Sign one browser out; raises NotFound unless it is the person's."""
    row = queries.session_by_id(session, session_id)
    if row is None or row.person_id != person.id:
        raise NotFound("There is no such session.")
    row.revoked_at = row.revoked_at or now
    session.flush()


def revoke_sessions(session: Session, person: Person, *, but: str | None = None, now: datetime) -> int:
    """Sign out every browser of the person, except session ``but``; returns how many."""
    live = (PersonSession.person_id == person.id, PersonSession.revoked_at.is_(None))
    others = (*live, PersonSession.id != but) if but else live
    statement = update(PersonSession).where(*others).values(revoked_at=now).returning(PersonSession.id)
    return len(session.execute(statement.execution_options(synchronize_session="fetch")).all())


def prune_sessions(session: Session, *, before: datetime) -> int:
    """Forget sessions that ended before a moment; returns how many."""
    over = or_(PersonSession.expires_at < before, PersonSession.revoked_at < before)
    return len(session.execute(delete(PersonSession).where(over).returning(PersonSession.id)).all())


def create_api_token(
    session: Session, person: Person, *, name: str, scopes: Collection[Scope | str], now: datetime
) -> tuple[ApiToken, str]:
    """A key for a program; its secret ``flx_…`` is returned this once and stored as a fingerprint.

    Raises InvalidToken, TooManyTokens.
    """
    known = {scope.value for scope in Scope}
    wanted = {str(scope) for scope in scopes}
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        message = "Give the token a name of at most 80 characters, such as the program's."
        raise InvalidToken(message, fields={"name": message})
    if not wanted or wanted - known:
        message = "Choose read, write, or both."
        raise InvalidToken(message, fields={"scopes": message})
    if len(queries.tokens_of(session, person.id)) >= TOKENS_AT_MOST:
        raise TooManyTokens(f"You hold {TOKENS_AT_MOST} tokens. Revoke one that you no longer use.")
    secret = TOKEN_PREFIX + new_secret()
    row = ApiToken(
        id=new_id("tok"),
        person_id=person.id,
        name=name,
        prefix=secret[:12],
        token_hash=fingerprint(secret),
        scopes=[scope.value for scope in Scope if scope.value in wanted],
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row, secret


def touch_token(session: Session, token_id: str, *, now: datetime) -> None:
    """Note that a program used its key."""
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now))


def revoke_api_token(session: Session, person: Person, token_id: str, *, now: datetime) -> ApiToken:
    """Make a key useless at once; raises NotFound unless it is the person's."""
    row = queries.token_by_id(session, token_id)
    if row is None or row.person_id != person.id:
        raise NotFound("There is no such token.")
    row.revoked_at = row.revoked_at or now
    session.flush()
    return row


def update_profile(
    session: Session,
    person: Person,
    *,
    now: datetime,
    name: str | None = None,
    bio: str | None = None,
    roles: Collection[Role | str] | None = None,
    allows_affiliate_sales: bool | None = None,
    shares_listening: bool | None = None,
    time_zone: str | None = None,
) -> Person:
    """Change what is given; a new name moves the page and the old address redirects.

    ``person`` may come from another session; the row as stored is returned. Raises InvalidProfile.
    """
    row = _stored(session, person)
    if name is not None and _good_name(name) != row.name:
        row.name = _good_name(name)
        if slug_of(row.name) != slug_of(row.slug):
            _keep_old_slug(session, row, now=now)
            row.slug = _free_slug(session, row.name, of=row)
    if bio is not None:
        if len(bio) > LONGEST_BIO:
            raise _profile_problem("bio", f"Use at most {LONGEST_BIO} characters.")
        row.bio = bio.strip()
    if roles is not None:
        held = _good_roles(roles)
        row.is_producer, row.is_affiliate = Role.PRODUCER in held, Role.AFFILIATE in held
    if allows_affiliate_sales is not None:
        row.allows_affiliate_sales = allows_affiliate_sales
    if shares_listening is not None:
        row.shares_listening = shares_listening
    if time_zone is not None:
        if not zones.is_known(time_zone):
            raise _profile_problem("time_zone", "Choose a time zone of the list.")
        row.time_zone = time_zone
    session.flush()
    return row


def require_profile(*, name: str, roles: Collection[Role | str]) -> str:
    """The name without odd spaces; raises InvalidProfile about it or the roles."""
    _good_roles(roles)
    return _good_name(name)


def set_password(session: Session, person: Person, *, password_hash: str) -> None:
    """Store a new password's hash; whoever calls revokes the sessions that it should end."""
    _stored(session, person).password_hash = password_hash
    session.flush()


def verify_email(session: Session, person: Person, *, now: datetime) -> None:
    """Note that the person reads mail at the address."""
    row = _stored(session, person)
    row.email_verified_at = row.email_verified_at or now
    session.flush()


def set_email(session: Session, person: Person, *, email: str, now: datetime) -> None:
    """Move the account to an address that was just proved; raises EmailTaken."""
    row = _stored(session, person)
    other = queries.person_by_email(session, email)
    if other is not None and other.id != row.id:
        raise EmailTaken("This address has an account already.")
    try:
        with session.begin_nested():
            row.email, row.email_verified_at = email, now
            session.flush()
    except IntegrityError as problem:
        raise EmailTaken("This address has an account already.") from problem


def anonymize(session: Session, person: Person, *, now: datetime) -> None:
    """Empty the account: nothing of it names the person, nothing opens it, its slug stays unused."""
    row = _stored(session, person)
    _keep_old_slug(session, row, now=now)
    for table in (PersonSession, ApiToken, MailToken):
        session.execute(delete(table).where(table.person_id == row.id))
    row.email = f"{row.id}@deleted.invalid"
    row.email_verified_at = None
    row.password_hash = passwords.unusable()
    row.name = "Deleted account"
    row.slug = f"deleted-{row.id}"
    row.bio = ""
    row.voice_tag_key = None
    row.is_admin = row.allows_affiliate_sales = row.shares_listening = False
    row.deleted_at = now
    session.flush()


def _stored(session: Session, person: Person) -> Person:
    row = queries.person_by_id(session, person.id, lock=True)
    if row is None:
        raise NotFound("This account was deleted.")
    return row


def _good_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise _profile_problem("name", "Write a name of at most 80 characters.")
    return name


def _good_roles(roles: Collection[Role | str]) -> set[Role]:
    held = {Role(role) for role in roles if role in set(Role)}
    if not held or len(held) < len(set(roles)):
        raise _profile_problem("roles", "Choose at least one: producer, affiliate, or both.")
    return held


def _free_slug(session: Session, name: str, *, of: Person | None = None) -> str:
    base = slug_of(name)
    for number in range(1, 50):
        slug = base if number == 1 else f"{base}-{number}"
        if not queries.slug_is_taken(session, slug, but=of.id if of else None):
            return slug
    return f"{base}-{new_id('per')[-8:]}"


def _keep_old_slug(session: Session, person: Person, *, now: datetime) -> None:
    if not queries.slug_was_had(session, person.slug):
        session.add(OldSlug(kind="person", slug=person.slug, target_id=person.id, created_at=now))


def _profile_problem(field: str, message: str) -> InvalidProfile:
    return InvalidProfile(message, fields={field: message})
