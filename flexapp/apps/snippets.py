"""The four forms in which a producer pastes a player: link, iframe, script, element.

All are complete without the others: the link unfolds through oEmbed, the iframe needs no
script, the script and the element keep a plain link inside for feeds, search engines and
browsers without script.
"""

from __future__ import annotations

from html import escape
from typing import Literal
from urllib.parse import urlencode

from flexapp.apps.models import FlexApp, Placement
from flexapp.apps.sizes import SIZES

Form = Literal["oembed", "iframe", "script", "element"]
FORMS: tuple[Form, ...] = ("oembed", "iframe", "script", "element")
LOADER_PATH = "/sdk/v1/embed.js"
IFRAME_ALLOW = "autoplay; clipboard-write; encrypted-media"
FULL_WIDTH = 600  # players of this width fill their column; only narrower ones name a width
IFRAME_STYLE = "border:0;max-width:100%;border-radius:14px"


def snippets_for(app: FlexApp, placement: Placement, base_url: str) -> dict[Form, str]:
    """What to paste, by form; ``base_url`` is ours, without a slash at the end."""
    size = SIZES[app.layout]
    link = f"{base_url}/a/{app.slug}?{urlencode({'k': placement.key})}"
    frame = f"{base_url}/embed/v1/{app.id}?{urlencode({'k': placement.key})}"
    loader = f'<script async src="{escape(base_url + LOADER_PATH)}"></script>'
    fallback = f'<a href="{escape(link)}">{escape(app.name)}</a>'
    sides = {"height": size.height}
    if size.width != FULL_WIDTH:
        sides = {"width": size.width} | sides
    room = " ".join(f'{side}="{pixels}"' for side, pixels in sides.items())
    data_room = " ".join(f'data-{side}="{pixels}"' for side, pixels in sides.items())
    return {
        "oembed": link,
        "iframe": (
            f'<iframe src="{escape(frame)}" width="{size.width}" height="{size.height}" '
            f'title="{escape(app.name)}" loading="lazy" allow="{IFRAME_ALLOW}" '
            f'style="{IFRAME_STYLE}"></iframe>'
        ),
        "script": (
            f"{loader}\n"
            f'<div data-beat-player="{app.id}" data-key="{escape(placement.key)}" '
            f"{data_room}>{fallback}</div>"
        ),
        "element": (
            f"{loader}\n"
            f'<beat-player app="{app.id}" key="{escape(placement.key)}" {room}>{fallback}</beat-player>'
        ),
    }
