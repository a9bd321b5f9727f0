"""The forms in which a producer pastes a player: link, iframe, script, element, and as React writes it.

All are complete without the others and carry the same options: the link unfolds through oEmbed, the iframe
needs no script, the script and the element keep a plain link inside for feeds, search engines and browsers
without script.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import Literal
from urllib.parse import urlencode

from flexapp.apps.models import FlexApp, Placement
from flexapp.apps.options import FULL, Options

Form = Literal["oembed", "iframe", "script", "element"]
FORMS: tuple[Form, ...] = ("oembed", "iframe", "script", "element")
LOADER_PATH = "/sdk/v1/embed.js"
IFRAME_ALLOW = "autoplay; clipboard-write; encrypted-media"
FULL_WIDTH = 600  # players of this width fill their column; only narrower ones name a width
IFRAME_STYLE = "border:0;max-width:100%;border-radius:14px"
DEFAULTS = Options()


@dataclass(frozen=True)
class Release:
    """A version of the loader that never changes, and its hash."""

    version: str
    integrity: str


def snippets_for(
    app: FlexApp,
    placement: Placement,
    base_url: str,
    options: Options = DEFAULTS,
    *,
    release: Release | None = None,
) -> dict[Form, str]:
    """What to paste, by form; ``base_url`` is ours, without a slash at the end.

    With a ``release`` the loader is that version, pinned by its hash, instead of the evergreen one.
    """
    return {
        "oembed": link_for(app, placement, base_url, options),
        "iframe": iframe_for(app, placement, base_url, options),
        "script": _script(app, placement, base_url, options, release),
        "element": _element(app, placement, base_url, options, release),
    }


def address_for(app: FlexApp, placement: Placement, base_url: str, options: Options = DEFAULTS) -> str:
    """The player's own address, for hosts that ask for one."""
    return f"{base_url}/embed/v1/{app.id}?{urlencode({'k': placement.key} | options.query())}"


def link_for(app: FlexApp, placement: Placement, base_url: str, options: Options = DEFAULTS) -> str:
    """The app's page; tools that unfold links ask us for its player."""
    query = {"k": placement.key} | options.query() | options.sides()
    return f"{base_url}/a/{app.slug}?{urlencode(query)}"


def iframe_for(
    app: FlexApp, placement: Placement, base_url: str, options: Options = DEFAULTS, *, fills: bool = False
) -> str:
    """An iframe without script; with ``fills`` always as wide as its column."""
    if fills:
        options = replace(options, fills=True)
    width, height = _sides(app, options)
    return (
        f'<iframe src="{escape(address_for(app, placement, base_url, options))}" width="{width}" '
        f'height="{height}" title="{escape(app.name)}" loading="lazy" allow="{IFRAME_ALLOW}" '
        f'style="{IFRAME_STYLE}"></iframe>'
    )


def jsx_for(app: FlexApp, placement: Placement, base_url: str, options: Options = DEFAULTS) -> str:
    """The iframe as a React component; JSX reads entities in attributes as HTML does."""
    width, height = _sides(app, options)
    return "\n".join(
        (
            "export function BeatPlayer() {",
            "  return (",
            "    <iframe",
            f'      src="{escape(address_for(app, placement, base_url, options))}"',
            f'      title="{escape(app.name)}"',
            f'      width="{width}"',
            f'      height="{height}"',
            '      loading="lazy"',
            f'      allow="{IFRAME_ALLOW}"',
            '      style={{ border: 0, maxWidth: "100%", borderRadius: 14 }}',
            "    />",
            "  );",
            "}",
        )
    )


def _script(
    app: FlexApp, placement: Placement, base_url: str, options: Options, release: Release | None
) -> str:
    attributes = {"beat-player": app.id, "key": placement.key, **_room(app, options)}
    attributes |= _attributes(options)
    text = " ".join(f'data-{name}="{escape(value)}"' for name, value in attributes.items())
    room = f'style="{_reserved(app, options)}"'
    return f"{_loader(base_url, release)}\n<div {text} {room}>{_fallback(app, placement, base_url)}</div>"


def _element(
    app: FlexApp, placement: Placement, base_url: str, options: Options, release: Release | None
) -> str:
    attributes = {"app": app.id, "key": placement.key, **_room(app, options), **_attributes(options)}
    attributes["style"] = f"display:block;{_reserved(app, options)}"  # it is no block before the script comes
    text = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
    player = f"<beat-player {text}>{_fallback(app, placement, base_url)}</beat-player>"
    return f"{_loader(base_url, release)}\n{player}"


def _loader(base_url: str, release: Release | None) -> str:
    if release is None:
        return f'<script async src="{escape(base_url + LOADER_PATH)}"></script>'
    source = escape(f"{base_url}/sdk/{release.version}/embed.js")
    return (
        f'<script async src="{source}" integrity="{escape(release.integrity)}" '
        'crossorigin="anonymous"></script>'
    )


def _fallback(app: FlexApp, placement: Placement, base_url: str) -> str:
    return f'<a href="{escape(link_for(app, placement, base_url))}">{escape(app.name)}</a>'


def _attributes(options: Options) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in options.query().items()}


def _sides(app: FlexApp, options: Options) -> tuple[str, str]:
    size = options.size(app.layout)
    return FULL if options.fills else str(size.width), str(size.height)


def _reserved(app: FlexApp, options: Options) -> str:
    """The player's height in the page's own layout, so that nothing below moves when the script comes."""
    return f"min-height:{options.size(app.layout).height}px"


def _room(app: FlexApp, options: Options) -> dict[str, str]:
    """The loader's players fill their column unless a width is named."""
    size = options.size(app.layout)
    height = {"height": str(size.height)}
    if options.fills or (options.width is None and size.width == FULL_WIDTH):
        return height
    return {"width": str(size.width)} | height
