"""Allowed origins: which websites may show an app, as ``frame-ancestors`` understands it.

An origin is ``scheme://host[:port]``; the host may begin with ``*.`` to mean every subdomain
(not the domain itself), as in CSP level 3, section 6.7.2.8. Lists are short, unique and in the
order they were given; an empty list allows every website.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from flexapp.errors import Invalid

MAX_ORIGINS = 50
_LABEL = re.compile(r"^(?!-)[a-z0-9-]{1,63}(?<!-)$")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:(?!\d+(?:/|$))", re.IGNORECASE)  #: a host may have a port
_WRONG_MARKS = (
    (re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]"), "it has a line break in it."),
    (re.compile(r";"), "it has a semicolon in it."),
    (re.compile(r","), "it has a comma in it; write one website on each line."),
    (re.compile(r"""[\s'"<>\\]"""), "it has a space, a quote or a bracket in it."),
)
_DEFAULT_PORTS = {"https": 443, "http": 80}


class InvalidOrigin(Invalid):
    """An allowed origin that is no origin of a website."""

    code = "invalid_origin"


def parse_origin(text: str) -> str:
    """The origin in its one spelling: lower case, IDNA, without default port or slash at the end.

    A bare host such as ``blog.example`` means ``https://blog.example``. Raises InvalidOrigin.
    """
    value = text.strip()
    if not value:
        raise _refusal(text, "it is empty.")
    for marks, because in _WRONG_MARKS:
        if marks.search(value):
            raise _refusal(text, because)
    if _SCHEME.match(value) and not value.lower().startswith(("http://", "https://")):
        raise _refusal(text, "it begins with something else than http or https.")
    if "://" not in value:
        value = f"https://{value}"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise _refusal(text, "its port is no number that a port can have.") from error
    if "@" in parts.netloc:
        raise _refusal(text, "it names a person before an @.")
    if parts.path not in ("", "/") or "?" in value or "#" in value:
        raise _refusal(text, "a list names whole websites, so leave out what comes after the host.")
    host = _host(parts.hostname or "", text)
    suffix = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{suffix}"


def parse_origins(texts: Iterable[str]) -> list[str]:
    """Every origin in its one spelling, once, in the order given.

    Raises InvalidOrigin with a sentence for each bad line, one below the other, or for more than 50.
    """
    lines = list(texts)
    origins, problems = [], []
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            origins.append(parse_origin(text))
        except InvalidOrigin as problem:
            problems.append(f"Line {number}: {problem.message}" if len(lines) > 1 else problem.message)
    if problems:
        message = "\n".join(problems)
        raise InvalidOrigin(message, fields={"allowed_origins": message})
    origins = list(dict.fromkeys(origins))
    if len(origins) > MAX_ORIGINS:
        message = f"At most {MAX_ORIGINS} websites can be allowed."
        raise InvalidOrigin(message, fields={"allowed_origins": message})
    return origins


def is_allowed(origin: str, allowed: Sequence[str]) -> bool:
    """Whether a page of ``origin`` may show the app: exact scheme, host and port, or a subdomain."""
    if not allowed:
        return True
    try:
        asked = urlsplit(parse_origin(origin))
    except InvalidOrigin:
        return False
    return any(_covers(urlsplit(rule), asked.scheme, asked.hostname or "", asked.port) for rule in allowed)


def narrow(app_origins: Sequence[str], placement_origins: Sequence[str]) -> list[str] | None:
    """What a placement really allows: its own list, less what the app no longer allows.

    An empty list means everywhere, None nowhere (the app has since withdrawn them all).
    """
    if not placement_origins:
        return list(app_origins)
    if not app_origins:
        return list(placement_origins)
    kept = [origin for origin in placement_origins if _is_within(origin, app_origins)]
    return kept or None


def _is_within(origin: str, allowed: Sequence[str]) -> bool:
    if origin in allowed:
        return True
    asked = urlsplit(origin)
    host = (asked.hostname or "").removeprefix("*.")
    wild = (asked.hostname or "").startswith("*.")
    for rule in allowed:
        parts = urlsplit(rule)
        if not (parts.hostname or "").startswith("*."):
            if not wild and _covers(parts, asked.scheme, host, asked.port):
                return True
            continue
        if _covers(parts, asked.scheme, host, asked.port):
            return True
    return False


def _covers(rule: object, scheme: str, host: str, port: int | None) -> bool:
    rule_scheme = getattr(rule, "scheme", "")
    rule_host: str = getattr(rule, "hostname", "") or ""
    if rule_scheme != scheme or getattr(rule, "port", None) != port:
        return False
    if rule_host.startswith("*."):
        return host.endswith(rule_host[1:]) and len(host) > len(rule_host) - 1
    return host == rule_host


def _host(host: str, text: str) -> str:
    if host.startswith("[") or ":" in host:
        raise _refusal(text, "browsers compare names here, not a number of that kind.")
    wildcard = host.startswith("*.")
    bare = host[2:] if wildcard else host
    if "*" in bare:
        raise _refusal(text, "the * stands only at the beginning, for all that comes before a dot.")
    try:
        ascii_host = bare.encode("idna").decode().lower().rstrip(".")
    except UnicodeError as error:
        raise _refusal(text, "its name is none that a host can have.") from error
    labels = ascii_host.split(".")
    if len(ascii_host) > 253 or not all(_LABEL.match(label) for label in labels):
        raise _refusal(text, "a host's name is made of letters, digits, dots, and hyphens between them.")
    if wildcard and len(labels) < 2:
        raise _refusal(text, "that would cover too much.")
    return f"*.{ascii_host}" if wildcard else ascii_host


def _refusal(text: str, because: str) -> InvalidOrigin:
    shown = " ".join(text.split())[:80]
    message = (
        f"“{shown}” is no website address: {because} Write it like https://blog.example or "
        "https://*.example.com."
    )
    return InvalidOrigin(message, fields={"allowed_origins": message})
