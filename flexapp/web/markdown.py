"""Markdown of producers as safe HTML: their license terms, on pages."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import mistune
import nh3
from flask import Flask
from markupsafe import Markup

_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "h3", "h4", "h5", "h6", "blockquote", "code", "hr"}
_HIGHEST, _LOWEST = 3, 6


class _Below(mistune.HTMLRenderer):
    """Headings go below those of the page they stand on."""

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        level = min(max(level + 1, _HIGHEST), _LOWEST)
        return f"<h{level}>{text}</h{level}>\n"


_markdown = mistune.create_markdown(renderer=_Below(escape=True))


def install(app: Flask) -> None:
    """Give templates the filter ``markdown``."""
    app.add_template_filter(render, "markdown")


@lru_cache(maxsize=256)
def render(text: str) -> Markup:
    """The text as HTML without links, images or raw tags; headings start at the third level."""
    html = _markdown(text)
    assert isinstance(html, str)
    return Markup(nh3.clean(html, tags=_TAGS, attributes={}))  # noqa: S704  # cleaned by nh3
