"""What is known of who looks, beside the key: country, device class, system, browser; and the layout.

Each is a short text from a small set, so that totals by it stay small; what is not known is empty. The
user agent itself is never stored (embed-spec 8.4).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dimensions:
    """The five columns of an event; ``layout`` is that of the player, empty for pages."""

    country: str = ""
    device: str = ""
    os: str = ""
    browser: str = ""
    layout: str = ""


UNKNOWN = Dimensions()
