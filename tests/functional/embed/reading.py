"""Reading a player's document as a browser would."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0 Safari/537.36"}


class Blocks(HTMLParser):
    """Inline blocks, links and attributes of a document."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self._open: tuple[str, dict[str, str | None]] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))
        self._open = (tag, dict(attrs))

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self.found[-1] = (*self._open, self.found[-1][2] + data)

    def handle_endtag(self, tag: str) -> None:
        self._open = None

    def texts(self, tag: str, **attributes: str) -> list[str]:
        return [
            text
            for name, given, text in self.found
            if name == tag and all(given.get(key) == value for key, value in attributes.items())
        ]


def get(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    return client.get(path, headers={**BROWSER, **{k.replace("_", "-"): v for k, v in headers.items()}})


def config(response: TestResponse) -> dict[str, Any]:
    [text] = Blocks(response.text).texts("script", id="config")
    return dict(json.loads(text))


def token(response: TestResponse) -> str:
    [text] = Blocks(response.text).texts("script", id="session")
    return str(json.loads(text))


def ancestors(response: TestResponse) -> str:
    found = re.search(r"frame-ancestors ([^;]+)", response.headers["Content-Security-Policy"])
    assert found is not None
    return found.group(1)
