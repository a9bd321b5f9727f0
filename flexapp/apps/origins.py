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
_FORBIDDEN = re.compile(r"[\s;,'\"<>\\\x00-\x1f\x7f]")
_DEFAULT_PORTS = {"https": 443, "http": 80}


class InvalidOrigin(Invalid):
    """An allowed origin that is no origin of a website."""

    code = "invalid_origin"


def parse_origin(text: str) -> str:
    """The origin in its one spelling: lower case, IDNA, without default port or slash at the end.

    A bare host such as ``blog.example`` means ``https://blog.example``. Raises InvalidOrigin.
    """
    value = text.strip()
    if not value or _FORBIDDEN.search(value):
        raise _refusal(text)
    if "://" not in value:
        value = f"https://{value}"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise _refusal(text) from error
    if parts.scheme not in _DEFAULT_PORTS or parts.path not in ("", "/"):
        raise _refusal(text)
    if parts.query or parts.fragment or "@" in parts.netloc or "?" in value or "#" in value:
        raise _refusal(text)
    host = _host(parts.hostname or "", text)
    suffix = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{suffix}"


def parse_origins(texts: Iterable[str]) -> list[str]:
    """Every origin in its one spelling, once; raises InvalidOrigin for the first bad one or over 50."""
    origins = list(dict.fromkeys(parse_origin(text) for text in texts if text.strip()))
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
        raise _refusal(text)
    wildcard = host.startswith("*.")
    bare = host[2:] if wildcard else host
    try:
        ascii_host = bare.encode("idna").decode().lower().rstrip(".")
    except UnicodeError as error:
        raise _refusal(text) from error
    labels = ascii_host.split(".")
    if len(ascii_host) > 253 or not all(_LABEL.match(label) for label in labels):
        raise _refusal(text)
    if wildcard and len(labels) < 2:
        raise _refusal(text)
    return f"*.{ascii_host}" if wildcard else ascii_host


def _refusal(text: str) -> InvalidOrigin:
    shown = text.strip()[:80]
    message = f"“{shown}” is no website address: write it like https://blog.example or https://*.example.com."
    return InvalidOrigin(message, fields={"allowed_origins": message})
