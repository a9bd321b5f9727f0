"""The app's own page: the placement that it sells through, and the host name that its owner gives it.

A host name answers only after its control was proven (decision 0004): the owner puts a TXT record beside
it, and whoever runs the server looks at the record and confirms, together with the certificate that
the name needs anyway. Until then the claim is kept and says so; it keeps nobody else from claiming.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from flexapp.apps import queries
from flexapp.apps.models import Channel, CustomDomain, FlexApp, Placement
from flexapp.apps.tokens import placement_token
from flexapp.errors import Conflict, Invalid, NotFound
from flexapp.kernel.ids import new_id, new_secret
from flexapp.kernel.signing import Signer

PAGE_NAME = "Hosted page"
_LABEL = re.compile(r"^(?!-)[a-z0-9-]{1,63}(?<!-)$")
_NOBODYS = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "onion", "arpa")


class InvalidDomain(Invalid):
    """A text that is no host name which an app could answer at."""

    code = "invalid_domain"


class DomainTaken(Conflict):
    """Another app has proven this host name."""

    code = "domain_taken"


class DomainNotNamed(NotFound):
    """The app's owner did not name this host name."""

    code = "domain_not_named"


def parse_host(text: str, *, own_hosts: Iterable[str]) -> str:
    """The host name in its one spelling: lower case, IDNA, without scheme, port or path.

    Raises InvalidDomain for addresses, single words, names that only exist inside a network, and ours.
    """
    value = text.strip()
    try:
        parts = urlsplit(value if "//" in value else f"//{value}")
        host = (parts.hostname or "").rstrip(".").encode("idna").decode().lower()
        has_more = parts.port is not None or parts.path not in ("", "/") or "@" in parts.netloc
    except (UnicodeError, ValueError) as error:
        raise _refusal(text) from error
    if has_more or parts.query or parts.fragment or parts.scheme not in ("", "http", "https"):
        raise _refusal(text)
    labels = host.split(".")
    if len(host) > 244 or len(labels) < 2 or not all(map(_LABEL.match, labels)) or labels[-1].isdigit():
        raise _refusal(text)
    if labels[-1] in _NOBODYS or _is_address(host):
        raise _refusal(text)
    for own in own_hosts:
        if own and (host == own or host.endswith(f".{own}")):
            message = f"{host} is ours. Name a host of your own, such as beats.your-name.com."
            raise InvalidDomain(message, fields={"domain": message})
    return host


def set_domain(
    session: Session, app: FlexApp, host: str | None, *, own_hosts: Iterable[str], now: datetime
) -> CustomDomain | None:
    """Name the host at which the app shall answer; None or an empty text takes it back.

    A new name waits for its proof and brings a new TXT record; the name it has already changes nothing.
    Raises InvalidDomain, and DomainTaken when another app has proven it.
    """
    known = queries.domain_of(session, app.id)
    wanted = parse_host(host, own_hosts=own_hosts) if host and host.strip() else None
    if (known.host if known else None) == wanted:
        return known
    if wanted is not None:
        _refuse_taken(session, app, wanted)
    if known is not None:
        session.delete(known)
        session.flush()
    named = None
    if wanted is not None:
        named = CustomDomain(app_id=app.id, host=wanted, proof=new_secret(16), created_at=now)
        session.add(named)
    app.revision += 1
    session.flush()
    return named


def confirm_domain(session: Session, app: FlexApp, host: str, *, now: datetime) -> CustomDomain:
    """The TXT record was seen: the app answers at the host from now on.

    Raises DomainNotNamed when the app names another host or none, DomainTaken when another was first.
    """
    named = queries.domain_of(session, app.id)
    if named is None or named.host != host:
        raise DomainNotNamed(f"The app {app.name} does not name {host}.")
    if not named.is_live:
        _refuse_taken(session, app, host)
        named.proven_at = now
        app.revision += 1
        session.flush()
    return named


def origin_at(host: str, base_url: str) -> str:
    """Scheme, host and port of an app's own host name: scheme and port are those of our address."""
    parts = urlsplit(base_url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}"


def make_page_placement(session: Session, app: FlexApp, *, signer: Signer, now: datetime) -> Placement | None:
    """The placement that the app's own page sells through, made when there is none yet.

    None once its owner revoked it: then the page credits nobody by itself.
    """
    session.refresh(app, with_for_update=True)  # two first visitors make one placement
    found = queries.page_placement_of(session, app.id)
    if found is None:
        placement_id = new_id("plc")
        found = Placement(
            id=placement_id,
            app_id=app.id,
            name=PAGE_NAME,
            channel=Channel.PLATFORM_PAGE,
            allowed_origins=[],
            key=placement_token(
                signer, placement_id=placement_id, app_id=app.id, owner_id=app.owner_id, issued_at=now
            ),
            created_at=now,
        )
        session.add(found)
        session.flush()
    return found if found.revoked_at is None else None


def _refuse_taken(session: Session, app: FlexApp, host: str) -> None:
    if any(other.is_live and other.app_id != app.id for other in queries.domains_named(session, host)):
        message = f"{host} shows another app already."
        raise DomainTaken(message)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _refusal(text: str) -> InvalidDomain:
    shown = text.strip()[:80]
    message = f"“{shown}” is no host name on the internet: write it like beats.your-name.com."
    return InvalidDomain(message, fields={"domain": message})
