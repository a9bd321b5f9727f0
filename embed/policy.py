"""What a stranger's page may do with our document, as headers.

The policy allows exactly the inline blocks that the document carries, by their SHA-256, and
frames by the app's allowed origins. ``frame-ancestors`` has no fallback and cannot be set by a
``<meta>`` (CSP level 3), so it is always sent; ``X-Frame-Options`` never is.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

PERMISSIONS = (
    "autoplay=(self), camera=(), microphone=(), geolocation=(), payment=(), usb=(), "
    "display-capture=(), browsing-topics=()"
)


@dataclass(frozen=True)
class Files:
    """Addresses of our own that a document may load later, each exactly."""

    scripts: Sequence[str] = ()
    styles: Sequence[str] = ()


NO_FILES = Files()


def inline_hash(block: str) -> str:
    """The CSP source of an inline script or style: its bytes between the tags."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()}'"


def content_security_policy(
    *,
    own_origin: str,
    scripts: Sequence[str],
    styles: Sequence[str],
    ancestors: Sequence[str] | None,
    files: Files = NO_FILES,
) -> str:
    """The header's value.

    ``scripts`` and ``styles`` are the inline blocks, ``files`` what may come besides.
    ``ancestors`` are allowed origins: empty means every website, None none but our own
    pages, which may always show their own player. Our origin stands beside ``'self'``,
    which means nothing inside an opaque-origin sandbox.
    """
    if ancestors is not None and not ancestors:
        framing = "*"
    else:
        framing = " ".join(["'self'", own_origin, *(ancestors or ())])
    directives = {
        "default-src": "'none'",
        "script-src": _sources(scripts, files.scripts),
        "style-src": _sources(styles, files.styles),
        "img-src": f"'self' {own_origin} data:",
        "media-src": f"'self' {own_origin}",
        "connect-src": f"'self' {own_origin}",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": framing,
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def _sources(blocks: Sequence[str], addresses: Sequence[str]) -> str:
    return " ".join([*map(inline_hash, blocks), *addresses]) or "'none'"


def document_headers(policy: str) -> dict[str, str]:
    """Every header of an iframe document besides type and length."""
    return {
        "Content-Security-Policy": policy,
        "Permissions-Policy": PERMISSIONS,
        "Referrer-Policy": "strict-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
        "Cross-Origin-Resource-Policy": "cross-origin",
        # A page that isolates itself (COEP) shows only frames that promise the same; all we load is our own.
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Encoding",
    }
