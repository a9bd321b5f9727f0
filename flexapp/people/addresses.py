"""E-mail addresses as we keep them, and the slugs of people's pages."""

from __future__ import annotations

import re
import unicodedata

from flexapp.errors import Invalid

LONGEST = 254  #: RFC 5321 4.5.3.1.3, less the angle brackets
_SHAPE = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)


class InvalidEmail(Invalid):
    """Not an address that mail reaches."""

    code = "invalid_email"


def normal_email(text: str) -> str:
    """The address in lower case with its domain in ASCII; raises InvalidEmail."""
    local, at, domain = text.strip().lower().rpartition("@")
    try:
        email = f"{local}{at}{domain.encode('idna').decode()}"
    except UnicodeError:
        email = ""
    if len(email) > LONGEST or not _SHAPE.fullmatch(email) or ".." in local or local.strip(".") != local:
        message = "Write an e-mail address such as you@example.com."
        raise InvalidEmail(message, fields={"email": message})
    return email


def slug_of(name: str) -> str:
    """``DJ Ørsted & Söhne`` as ``dj-rsted-sohne``: ASCII, at most 60 characters, never empty."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or "producer"
