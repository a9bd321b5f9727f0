"""Where a request comes from: the visitor's address behind trusted proxies, and its key."""

from __future__ import annotations

import ipaddress

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from flexapp.config import Settings


def install(app: Flask, settings: Settings) -> None:
    """Believe as many proxies about address and scheme as ``FLEXAPP_TRUSTED_PROXIES`` says, no more."""
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=0)  # type: ignore[method-assign]


def address() -> str:
    """The caller's address, empty when the server does not know it."""
    return request.remote_addr or ""


def address_key(text: str | None = None) -> str:
    """What limits count by: a full IPv4 address, or the /64 that one IPv6 subscriber has."""
    text = address() if text is None else text
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return text
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.IPv6Network((ip, 64), strict=False).network_address) + "/64"
    return str(ip)
