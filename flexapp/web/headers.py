"""Security headers by who a route is for; what a view set itself is kept.

Pages of ours run no inline script or style and are shown in no frame. What a stranger's page loads
carries its own policy (``embed/policy.py``), is readable everywhere, and never sets a cookie.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request

from flexapp.config import Settings, StripeMode
from flexapp.web.access import Access, current_access
from flexapp.web.context import services

STRIPE_CHECKOUT = "https://checkout.stripe.com"
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_FEATURES = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"
_YEAR = 31_536_000
STRICT_TRANSPORT = ("Strict-Transport-Security", f"max-age={_YEAR}")


def install(app: Flask) -> None:
    """Put the headers on every answer."""
    app.after_request(_add)


def policy(settings: Settings) -> str:
    """The Content-Security-Policy of our own pages.

    The base address is named beside ``'self'``, because a demo is also opened by another name of
    this machine. Browsers apply ``form-action`` to the redirect after a form too, so it names the
    checkout that buying ends in.
    """
    own = f"'self' {origin_of(settings.base_url)}"
    local = settings.stripe_mode is StripeMode.LOCAL
    checkout = origin_of(settings.stripe_api_base) if local else STRIPE_CHECKOUT
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {own}",
            f"style-src {own}",
            f"img-src {own} data: blob:",
            f"font-src {own}",
            f"connect-src {own}",
            f"media-src {own} blob:",
            f"frame-src {own}",
            "manifest-src 'self'",
            "worker-src 'self'",
            f"form-action {own} {checkout}",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


def stranger_headers(settings: Settings) -> list[tuple[str, str]]:
    """What every answer to a stranger's page carries: the lane answers without the hook below."""
    fixed = [
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "strict-origin"),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
    ]
    return [*fixed, STRICT_TRANSPORT] if settings.is_secure else fixed


def origin_of(address: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _add(response: Response) -> Response:
    settings = services().settings
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    if settings.is_secure:
        headers.setdefault(*STRICT_TRANSPORT)
    access = current_access()
    if access is Access.STRANGER or (access is None and request.path.startswith("/embed/")):
        headers.setdefault("Referrer-Policy", "strict-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin")
        return response
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    headers.setdefault("Permissions-Policy", _FEATURES)
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    is_page = response.mimetype == "text/html"
    headers.setdefault("Content-Security-Policy", policy(settings) if is_page else NOTHING)
    if access is not Access.PUBLIC:
        headers.setdefault("Cache-Control", "private, no-store")
    elif is_page:
        headers.setdefault("Cache-Control", "private, no-cache")
    return response
